"""The WebCheckout form: the fields that the payer's browser POSTs to PayU, signed.

Promises that every field keeps to PayU's limits: free text is cut, what identifies or addresses something is refused
with an error that says what to change. Colombian pesos only. Never reads the clock, never sends anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from payments.gateway import CheckoutForm, CheckoutRefused, CheckoutRequest, Credentials
from payments.payu.signature import ALGORITHMS, sign_checkout

# Ours → PayU's. PayU has no PPT; "DE" is its foreign identity document, which PSE takes too.
DOCUMENT_TYPES = {"CC": "CC", "CE": "CE", "NIT": "NIT", "TI": "TI", "PA": "PP", "PP": "PP", "PPT": "DE"}

CASH_TERM = timedelta(days=7)
_BOGOTA = timezone(timedelta(hours=-5))  # Colombia keeps no summer time

_REFERENCE = re.compile(r"[A-Za-z0-9_-]{1,255}")
_URL = re.compile(r"https?://[!-~]+")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
# Narrow shapes, so that a form's signature can never be that of a callback (whose last part is a state: 1 to 3 digits).
_METHOD = re.compile(r"[A-Z][A-Z0-9_]{1,49}")
_IIN = re.compile(r"[0-9]{6,8}(-[0-9]{6,8})?")
_BANK = re.compile(r"[0-9]{4,6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CashLimit:
    """What a means of cash takes, COP, both ends included, and whether the amount asked about fits."""

    method: str
    label: str
    minimum: Decimal
    maximum: Decimal
    accepts: bool


_CASH = (("EFECTY", "Efecty", 20_000, 6_000_000), ("OTHERS_CASH", "Su Red", 1_000, 4_000_000))


def build_form(
    credentials: Credentials, request: CheckoutRequest, *, checkout_url: str, now: datetime | None = None
) -> CheckoutForm:
    """The form to POST to `checkout_url`. `now` (aware) is needed only with `request.expires_at`.

    Raises CheckoutRefused, whose `field` names what to change.
    """
    _check_account(credentials, request)
    amount, tax, tax_base = _amounts(request)
    if not _REFERENCE.fullmatch(request.reference):
        raise CheckoutRefused(
            "La referencia debe tener de 1 a 255 letras sin tilde, números, guiones o rayas al piso.", field="reference"
        )
    methods = _joined(request.payment_methods, _METHOD, "payment_methods")
    iins = _joined(request.iins, _IIN, "iins")
    banks = _joined(request.pse_banks, _BANK, "pse_banks")
    signature = sign_checkout(
        credentials,
        reference=request.reference,
        amount=amount,
        currency=request.currency,
        payment_methods=methods,
        iin=iins,
        pse_banks=banks,
    )
    fields = {
        "merchantId": credentials.merchant_id,
        "accountId": credentials.account_id,
        "referenceCode": request.reference,
        "description": _required(_text(request.description, 255), "description", "la descripción del pago"),
        "amount": amount,
        "tax": tax,
        "taxReturnBase": tax_base,
        "currency": request.currency,
        "signature": signature,
        "algorithmSignature": credentials.algorithm,
        "test": "1" if request.test else "0",
        "lng": request.language,
        **_payer_fields(request),
        "responseUrl": _url(request.response_url, "response_url"),
        "confirmationUrl": _url(request.confirmation_url, "confirmation_url"),
        "expirationDate": _expiration(request, now),
        "paymentMethods": methods,
        "iin": iins,
        "pseBanks": banks,
        **_extras(request),
    }
    return CheckoutForm(action=checkout_url, fields={name: value for name, value in fields.items() if value})


def amount_text(amount: Decimal, *, field: str = "amount") -> str:
    """An amount as PayU takes it: whole pesos without decimals, else exactly two. Raises CheckoutRefused.

    PayU's editions give 10 digits or 14 and 2 decimals: the narrower holds here.
    """
    if not isinstance(amount, Decimal) or not amount.is_finite() or amount < 0:
        raise CheckoutRefused("El valor debe ser un número decimal de cero en adelante.", field=field)
    if amount >= Decimal(10**10):
        raise CheckoutRefused("El valor supera los 10 dígitos que PayU recibe. Divida el pago.", field=field)
    whole = int(amount)
    cents = (amount - whole) * 100
    if cents != int(cents):
        raise CheckoutRefused("El valor tiene más de dos decimales. Redondéelo antes de pagar.", field=field)
    return f"{whole}.{int(cents):02d}" if cents else str(whole)


def cash_limits(amount: Decimal) -> tuple[CashLimit, ...]:
    """Each means of cash with its limits and whether it takes `amount` (COP)."""
    return tuple(
        CashLimit(
            method=method,
            label=label,
            minimum=Decimal(low),
            maximum=Decimal(high),
            accepts=low <= amount <= high,
        )
        for method, label, low, high in _CASH
    )


def cash_warning(amount: Decimal) -> str:
    """What to tell the payer about cash before he leaves, empty if every means of cash takes `amount` (COP)."""
    limits = cash_limits(amount)
    refusing = [limit for limit in limits if not limit.accepts]
    if not refusing:
        return ""
    ranges = " y ".join(f"{limit.label} recibe de {_pesos(limit.minimum)} a {_pesos(limit.maximum)}" for limit in refusing)
    if len(refusing) == len(limits):
        return f"Por su valor, este pago no se puede hacer en efectivo: {ranges}. Use tarjeta, PSE u otro medio en línea."
    others = " o ".join(limit.label for limit in limits if limit.accepts)
    return f"Por su valor, este pago no se puede hacer en todo punto de efectivo: {ranges}. En efectivo use {others}."


def _pesos(amount: Decimal) -> str:
    return "$\u00a0" + f"{int(amount):,}".replace(",", ".")


def _check_account(credentials: Credentials, request: CheckoutRequest) -> None:
    if not re.fullmatch(r"[0-9]{1,12}", credentials.merchant_id):
        raise CheckoutRefused("El identificador del comercio en PayU debe tener de 1 a 12 dígitos.", field="merchant_id")
    if not re.fullmatch(r"[0-9]{1,6}", credentials.account_id):
        raise CheckoutRefused("El identificador de la cuenta en PayU debe tener de 1 a 6 dígitos.", field="account_id")
    if not credentials.api_key:
        raise CheckoutRefused("Falta la llave (API key) de PayU. Complétela en la cuenta de pasarela.", field="api_key")
    if credentials.algorithm not in ALGORITHMS:
        raise CheckoutRefused(f"El algoritmo de firma debe ser uno de: {', '.join(ALGORITHMS)}.", field="algorithm")
    if credentials.test and not request.test:
        raise CheckoutRefused(
            "La cuenta de PayU está en modo de pruebas: no puede cobrar un pago real. Active la cuenta real.",
            field="test",
        )


def _amounts(request: CheckoutRequest) -> tuple[str, str, str]:
    """Amount, tax and base as PayU takes them. Without IVA both are sent as 0: an omitted tax means 19 % to PayU."""
    if request.currency != "COP":
        raise CheckoutRefused("Solo se reciben pesos colombianos (COP).", field="currency")
    amount = amount_text(request.amount)
    tax = amount_text(request.tax, field="tax")
    tax_base = amount_text(request.tax_base, field="tax_base")
    if request.amount == 0:
        raise CheckoutRefused("El valor a pagar debe ser mayor que cero.", field="amount")
    if (request.tax == 0) != (request.tax_base == 0):
        raise CheckoutRefused("El IVA y su base van juntos: los dos en cero, o los dos mayores que cero.", field="tax_base")
    if request.tax + request.tax_base > request.amount:
        raise CheckoutRefused("El IVA más su base no pueden superar el valor a pagar.", field="tax")
    return amount, tax, tax_base


def _payer_fields(request: CheckoutRequest) -> dict[str, str]:
    """Buyer and payer, the same person: the newest edition wants both."""
    payer = request.payer
    name = _required(_text(payer.full_name, 150), "payer.full_name", "el nombre de quien paga")
    email = payer.email.strip()
    if len(email) > 255 or not _EMAIL.fullmatch(email):
        raise CheckoutRefused("El correo de quien paga no es válido. Revíselo.", field="payer.email")
    phone = re.sub(r"[^0-9+]", "", payer.phone)[:20]
    document_type = DOCUMENT_TYPES.get(payer.document_type, "")
    if payer.document_type and not document_type:
        known = ", ".join(DOCUMENT_TYPES)
        raise CheckoutRefused(f"El tipo de documento debe ser uno de: {known}.", field="payer.document_type")
    document = re.sub(r"[\s.,]", "", payer.document)
    if len(document) > 25 or (document and not re.fullmatch(r"[A-Za-z0-9-]+", document)):
        raise CheckoutRefused("El documento de quien paga debe tener hasta 25 letras, números o guiones.", field="payer.document")
    return {
        "buyerFullName": name,
        "buyerEmail": email,
        "telephone": phone,
        "buyerDocumentType": document_type,
        "buyerDocument": document,
        "payerFullName": name[:50].rstrip(),
        "payerEmail": email,
        "payerPhone": phone,
        "payerDocumentType": document_type,
        "payerDocument": document,
    }


def _expiration(request: CheckoutRequest, now: datetime | None) -> str:
    """`YYYY-MM-DD HH:mm:ss` in Bogotá, or nothing. PayU heeds it for cash only."""
    expires_at = request.expires_at
    if expires_at is None:
        return ""
    if now is None or now.tzinfo is None or expires_at.tzinfo is None:
        raise CheckoutRefused("El plazo necesita fecha y hora con zona horaria, y la hora actual.", field="expires_at")
    if not now < expires_at <= now + CASH_TERM:
        raise CheckoutRefused("El plazo para pagar debe estar entre ahora y 7 días.", field="expires_at")
    return expires_at.astimezone(_BOGOTA).strftime("%Y-%m-%d %H:%M:%S")


def _extras(request: CheckoutRequest) -> dict[str, str]:
    if len(request.extras) > 3:
        raise CheckoutRefused("PayU devuelve hasta tres datos adicionales.", field="extras")
    return {f"extra{place}": _text(extra, 255) for place, extra in enumerate(request.extras, start=1)}


def _joined(values: tuple[str, ...], shape: re.Pattern[str], field: str) -> str:
    for value in values:
        if not shape.fullmatch(value):
            raise CheckoutRefused(f"Valor no válido para restringir los medios de pago: {value!r}.", field=field)
    return ",".join(values)


def _url(url: str, field: str) -> str:
    if len(url) > 255:
        raise CheckoutRefused("La dirección supera los 255 caracteres que PayU recibe.", field=field)
    if not _URL.fullmatch(url):
        raise CheckoutRefused("La dirección debe empezar por http:// o https:// y no tener espacios ni tildes.", field=field)
    return url


def _text(text: str, limit: int) -> str:
    """Free text on one line, without control characters, cut at `limit` characters."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:limit].rstrip()


def _required(text: str, field: str, what: str) -> str:
    if not text:
        raise CheckoutRefused(f"Falta {what}.", field=field)
    return text
