"""What PayU's numbers and words mean: states, response codes and means of payment, in our words and in Spanish.

Whatever is not in a table is UNKNOWN, or a general sentence; nothing unknown ever becomes a decline. Never raises.
"""

from __future__ import annotations

from payments.gateway import FindingKind, GatewayState

# The callback carries final states only. 104 has been seen as an error; anything else decides nothing.
CALLBACK_STATES = {
    "4": GatewayState.APPROVED,
    "5": GatewayState.EXPIRED,
    "6": GatewayState.DECLINED,
    "104": GatewayState.ERROR,
}
RETURN_STATES = {**CALLBACK_STATES, "7": GatewayState.PENDING}

_TRANSACTION_STATES = {
    "DECLINED": GatewayState.DECLINED,
    "EXPIRED": GatewayState.EXPIRED,
    "ERROR": GatewayState.ERROR,
    "PENDING": GatewayState.PENDING,
    "SUBMITTED": GatewayState.PENDING,
}
# An approved charge is money only while its order is CAPTURED; these say what else an approved charge may have become.
_APPROVED_UNDER = {
    "CAPTURED": GatewayState.APPROVED,
    "REFUNDED": GatewayState.REFUNDED,
    "CHARGEBACK": GatewayState.CHARGEBACK,
    "AUTHORIZED": GatewayState.PENDING,
    "IN_PROGRESS": GatewayState.PENDING,
}
_CHARGES = {"AUTHORIZATION_AND_CAPTURE", "CAPTURE"}
_REVERSALS = {"REFUND", "PARTIAL_REFUND", "VOID"}

_LABELS = {
    GatewayState.PENDING: "Pendiente",
    GatewayState.APPROVED: "Aprobado",
    GatewayState.DECLINED: "Rechazado",
    GatewayState.EXPIRED: "Vencido",
    GatewayState.REFUNDED: "Reembolsado",
    GatewayState.CHARGEBACK: "Contracargo",
    GatewayState.ERROR: "Con error",
    GatewayState.UNKNOWN: "Sin confirmar",
}

_ENTITY = "No hubo comunicación con su entidad financiera. Intente de nuevo en unos minutos."
_INTERNAL = "La pasarela tuvo un error interno. Intente de nuevo o use otro medio de pago."
_NO_DEBIT = "Su banco no permite el débito desde esta cuenta. Use otra cuenta u otro medio de pago."
_FRAUD = "El pago fue rechazado por los controles de seguridad. Use otro medio de pago o hable con su banco."
_AWAITING = "Recibo de pago generado. Falta que lo pague; se confirmará cuando la entidad avise."
_GENERAL = "El pago no fue aprobado. Intente de nuevo o use otro medio de pago."

# By `response_message_pol`, `lapResponseCode` or the query's `responseCode`.
REASONS = {
    "APPROVED": "Pago aprobado",
    "PAYMENT_NETWORK_REJECTED": "La red financiera rechazó el pago. Intente de nuevo o use otro medio de pago.",
    "ENTITY_DECLINED": "Su banco rechazó el pago. Hable con él o use otro medio de pago.",
    "INSUFFICIENT_FUNDS": "Fondos insuficientes",
    "INVALID_CARD": "La tarjeta no es válida. Revise el número.",
    "CONTACT_THE_ENTITY": "Su entidad financiera pide que se comunique con ella.",
    "BANK_ACCOUNT_ACTIVATION_ERROR": _NO_DEBIT,
    "BANK_ACCOUNT_NOT_AUTHORIZED_FOR_AUTOMATIC_DEBIT": _NO_DEBIT,
    "INVALID_AGENCY_BANK_ACCOUNT": _NO_DEBIT,
    "INVALID_BANK_ACCOUNT": _NO_DEBIT,
    "INVALID_BANK": _NO_DEBIT,
    "EXPIRED_CARD": "La tarjeta está vencida",
    "RESTRICTED_CARD": "La tarjeta tiene una restricción. Hable con su banco o use otro medio de pago.",
    "INVALID_EXPIRATION_DATE_OR_SECURITY_CODE": "La fecha de vencimiento o el código de seguridad no son correctos",
    "REPEAT_TRANSACTION": "Su banco pide que repita el pago.",
    "INVALID_TRANSACTION": "La red financiera dio el pago por inválido. Intente de nuevo o use otro medio de pago.",
    "EXCEEDED_AMOUNT": "El valor supera el máximo que permite su entidad",
    "ABANDONED_TRANSACTION": "El pago se dejó sin terminar. Puede intentarlo de nuevo.",
    "CREDIT_CARD_NOT_AUTHORIZED_FOR_INTERNET_TRANSACTIONS": "La tarjeta no está autorizada para pagos por internet",
    "ANTIFRAUD_REJECTED": _FRAUD,
    "BANK_FRAUD_REJECTED": _FRAUD,
    "DIGITAL_CERTIFICATE_NOT_FOUND": _ENTITY,
    "BANK_UNREACHABLE": _ENTITY,
    "PAYMENT_NETWORK_NO_CONNECTION": _ENTITY,
    "PAYMENT_NETWORK_NO_RESPONSE": _ENTITY,
    "PAYMENT_NETWORK_BAD_RESPONSE": _INTERNAL,
    "ENTITY_MESSAGING_ERROR": _ENTITY,
    "NOT_ACCEPTED_TRANSACTION": "Su entidad no permite este pago. Hable con ella o use otro medio de pago.",
    "INVALID_RESPONSE_PARTIAL_APPROVAL": "Su banco aprobó solo una parte y el pago se canceló. Use otro medio de pago.",
    "INTERNAL_PAYMENT_PROVIDER_ERROR": _INTERNAL,
    "INACTIVE_PAYMENT_PROVIDER": _INTERNAL,
    "ERROR": _INTERNAL,
    "ERROR_CONVERTING_TRANSACTION_AMOUNTS": _INTERNAL,
    "EXPIRED_TRANSACTION": "El plazo para pagar se venció. Puede intentarlo de nuevo.",
    "PENDING_TRANSACTION_REVIEW": "El pago está en revisión. Le avisaremos cuando se confirme.",
    "PENDING_TRANSACTION_CONFIRMATION": _AWAITING,
    "PENDING_TRANSACTION_TRANSMISSION": _AWAITING,
    "PENDING_PAYMENT_IN_ENTITY": _AWAITING,
    "PENDING_PAYMENT_IN_BANK": _AWAITING,
    "PENDING_NOTIFYING_ENTITY": _AWAITING,
    "PENDING_SENT_TO_FINANCIAL_ENTITY": "El pago se envió a su entidad financiera y está por confirmarse.",
    "PENDING_AWAITING_PSE_CONFIRMATION": "El pago espera la confirmación de PSE. Puede tardar unos minutos.",
}

# By `response_code_pol` or `polResponseCode`, for notices without a word. Several words may share a number.
_WORD_OF_NUMBER = {
    "1": "APPROVED",
    "4": "PAYMENT_NETWORK_REJECTED",
    "5": "ENTITY_DECLINED",
    "6": "INSUFFICIENT_FUNDS",
    "7": "INVALID_CARD",
    "8": "CONTACT_THE_ENTITY",
    "9": "EXPIRED_CARD",
    "10": "RESTRICTED_CARD",
    "12": "INVALID_EXPIRATION_DATE_OR_SECURITY_CODE",
    "13": "REPEAT_TRANSACTION",
    "14": "INVALID_TRANSACTION",
    "15": "PENDING_TRANSACTION_REVIEW",
    "17": "EXCEEDED_AMOUNT",
    "19": "ABANDONED_TRANSACTION",
    "20": "EXPIRED_TRANSACTION",
    "22": "CREDIT_CARD_NOT_AUTHORIZED_FOR_INTERNET_TRANSACTIONS",
    "23": "ANTIFRAUD_REJECTED",
    "25": "PENDING_TRANSACTION_CONFIRMATION",
    "26": "PENDING_PAYMENT_IN_BANK",
    "29": "PENDING_SENT_TO_FINANCIAL_ENTITY",
    "9994": "PENDING_AWAITING_PSE_CONFIRMATION",
    "9995": "DIGITAL_CERTIFICATE_NOT_FOUND",
    "9996": "BANK_UNREACHABLE",
    "9997": "ENTITY_MESSAGING_ERROR",
    "9998": "NOT_ACCEPTED_TRANSACTION",
    "9999": "ERROR",
}

METHODS = {
    "VISA": "Tarjeta de crédito Visa",
    "VISA_DEBIT": "Tarjeta débito Visa",
    "MASTERCARD": "Tarjeta de crédito Mastercard",
    "MASTERCARD_DEBIT": "Tarjeta débito Mastercard",
    "AMEX": "Tarjeta American Express",
    "DINERS": "Tarjeta Diners Club",
    "CODENSA": "Crédito Fácil Codensa",
    "PSE": "PSE",
    "NEQUI": "Nequi",
    "BANCOLOMBIA_BUTTON": "Botón Bancolombia",
    "GOOGLE_PAY": "Google Pay",
    "BREB": "Bre-B",
    "BRE_B": "Bre-B",
    "BRE_B_QR": "Bre-B",
    "EFECTY": "Efectivo en Efecty",
    "OTHERS_CASH": "Efectivo en Su Red",
    "BANK_REFERENCED": "Pago en banco con referencia",
}
# By `payment_method_type` and `polPaymentMethodType`, and by their word in `lapPaymentMethodType`.
METHOD_TYPES = {
    "2": "Tarjeta de crédito",
    "4": "PSE",
    "5": "Débito ACH",
    "6": "Tarjeta débito",
    "7": "Efectivo",
    "8": "Pago con referencia",
    "10": "Pago en banco con referencia",
    "CREDIT_CARD": "Tarjeta de crédito",
    "ACH": "Débito ACH",
    "DEBIT_CARD": "Tarjeta débito",
    "CASH": "Efectivo",
    "REFERENCED": "Pago con referencia",
}


def callback_state(state_pol: str) -> GatewayState:
    """What a callback's `state_pol` says."""
    return CALLBACK_STATES.get(state_pol, GatewayState.UNKNOWN)


def return_state(transaction_state: str) -> GatewayState:
    """What a return page's `transactionState` says."""
    return RETURN_STATES.get(transaction_state, GatewayState.UNKNOWN)


def finding_kind(transaction_type: str) -> FindingKind:
    """Whether a transaction brings money in or takes it back. An authorisation alone moves nothing: UNKNOWN."""
    if transaction_type in _CHARGES:
        return FindingKind.PAYMENT
    if transaction_type in _REVERSALS:
        return FindingKind.REFUND
    return FindingKind.UNKNOWN


def found_state(*, order_status: str, transaction_type: str, transaction_state: str) -> GatewayState:
    """The state of one transaction found by a query. Paid is an order CAPTURED with an APPROVED charge, nothing less.

    A refund's approval is REFUNDED, so that it is never taken for a payment; an approval under an order status we do
    not expect is UNKNOWN: for a person to look at.
    """
    if transaction_state != "APPROVED":
        return _TRANSACTION_STATES.get(transaction_state, GatewayState.UNKNOWN)
    kind = finding_kind(transaction_type)
    if kind is FindingKind.REFUND:
        return GatewayState.REFUNDED
    if kind is FindingKind.PAYMENT:
        return _APPROVED_UNDER.get(order_status, GatewayState.UNKNOWN)
    return GatewayState.UNKNOWN


def state_label(state: GatewayState) -> str:
    """A state in Spanish."""
    return _LABELS[state]


def reason(code: str, *, state: GatewayState = GatewayState.UNKNOWN) -> str:
    """Why, in a sentence a payer understands, from PayU's word (`INSUFFICIENT_FUNDS`) or number (`6`).

    An unknown code gives the general sentence for a failed `state`, else nothing.
    """
    word = _WORD_OF_NUMBER.get(code, code).replace(" ", "").upper()
    if word in REASONS:
        return REASONS[word]
    failed = {GatewayState.DECLINED, GatewayState.EXPIRED, GatewayState.ERROR}
    return _GENERAL if state in failed else ""


def method_label(method: str, method_type: str = "") -> str:
    """How a means of payment is called in Spanish; PayU's own name if we do not know it, empty if it gave none."""
    return METHODS.get(method.upper(), "") or METHOD_TYPES.get(method_type.upper(), "") or method
