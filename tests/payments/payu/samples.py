"""PayU's public sandbox account and messages as PayU publishes or sends them. Nothing here is anybody's secret."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from payments.gateway import CheckoutRequest, Credentials, Payer

API_KEY = "4Vj8eK4rloUd272L48hsrarnUA"
API_LOGIN = "pRRXKOl8ikMmt9u"
FORM_TYPE = "application/x-www-form-urlencoded"

PUBLIC = Credentials(merchant_id="508029", account_id="512321", api_login=API_LOGIN, api_key=API_KEY, algorithm="MD5", test=True)

# The sample POST of PayU's documentation, field by field. Its signature belongs to another merchant's key.
PRINTED_CALLBACK = {
    "response_code_pol": "5",
    "phone": "",
    "additional_value": "0.00",
    "test": "1",
    "transaction_date": "2015-05-27 13:07:35",
    "cc_number": "************0004",
    "cc_holder": "test_buyer",
    "error_code_bank": "",
    "billing_country": "CO",
    "bank_referenced_name": "",
    "description": "test_payu_01",
    "administrative_fee_tax": "0.00",
    "value": "100.00",
    "administrative_fee": "0.00",
    "payment_method_type": "2",
    "office_phone": "",
    "email_buyer": "test@payulatam.com",
    "response_message_pol": "ENTITY_DECLINED",
    "error_message_bank": "",
    "shipping_city": "",
    "transaction_id": "f5e668f1-7ecc-4b83-a4d1-0aaa68260862",
    "sign": "e1b0939bbdc99ea84387bee9b90e4f5c",
    "tax": "0.00",
    "payment_method": "10",
    "billing_address": "cll 93",
    "payment_method_name": "VISA",
    "pse_bank": "",
    "state_pol": "6",
    "date": "2015.05.27 01:07:35",
    "nickname_buyer": "",
    "reference_pol": "7069375",
    "currency": "USD",
    "risk": "1.0",
    "shipping_address": "",
    "bank_id": "10",
    "payment_request_state": "R",
    "customer_number": "",
    "administrative_fee_base": "0.00",
    "attempts": "1",
    "merchant_id": "508029",
    "exchange_rate": "2541.15",
    "shipping_country": "",
    "installments_number": "1",
    "franchise": "VISA",
    "payment_method_id": "2",
    "extra1": "",
    "extra2": "",
    "antifraudMerchantId": "",
    "extra3": "",
    "nickname_seller": "",
    "ip": "190.242.116.98",
    "airline_code": "",
    "billing_city": "Bogota",
    "pse_reference1": "",
    "reference_sale": "2015-05-27 13:04:37",
    "pse_reference3": "",
    "pse_reference2": "",
}

# What PayU would send for INV-2026-0001-1, one million two hundred and fifty thousand pesos by PSE, approved.
APPROVED_CALLBACK = {
    "merchant_id": "508029",
    "state_pol": "4",
    "response_code_pol": "1",
    "response_message_pol": "APPROVED",
    "reference_sale": "INV-2026-0001-1",
    "reference_pol": "1400462690",
    "sign": "0b0d31203014ae96e0037282f8149bb0",
    "value": "1250000.00",
    "tax": "0.00",
    "currency": "COP",
    "transaction_id": "60e2080d-08b1-4db2-a54f-8bcbe8271662",
    "transaction_date": "2026-11-23 09:10:11",
    "payment_method": "25",
    "payment_method_type": "4",
    "payment_method_id": "4",
    "payment_method_name": "PSE",
    "cus": "1410482",
    "pse_bank": "BANCO DE BOGOTÁ",
    "email_buyer": "ana@example.com",
    "test": "0",
    "attempts": "1",
}

APPROVED_RETURN = {
    "merchantId": "508029",
    "merchant_name": "Prueba",
    "transactionState": "4",
    "referenceCode": "INV-2026-0001-1",
    "reference_pol": "1400462690",
    "TX_VALUE": "1250000.00",
    "TX_TAX": "0.00",
    "currency": "COP",
    "signature": "0b0d31203014ae96e0037282f8149bb0",
    "transactionId": "60e2080d-08b1-4db2-a54f-8bcbe8271662",
    "polResponseCode": "1",
    "lapResponseCode": "APPROVED",
    "lapPaymentMethod": "PSE",
    "polPaymentMethodType": "4",
    "lapPaymentMethodType": "PSE",
    "cus": "1410482",
    "pseBank": "BANCO DE BOGOTÁ",
    "processingDate": "2026-11-23",
    "lng": "es",
}


def body(fields: Mapping[str, str]) -> bytes:
    """A callback's body."""
    return urlencode(fields).encode()


def checkout(**changes: Any) -> CheckoutRequest:
    """An ordinary rent on its way to PayU."""
    given: dict[str, Any] = {
        "reference": "alfa-7Qm2ZpX4kR9tW1cY",
        "amount": Decimal(1850000),
        "description": "Arrendamiento noviembre de 2026",
        "payer": Payer(
            full_name="Ana María Peña",
            email="ana@example.com",
            phone="+57 300 123 4567",
            document_type="CC",
            document="52.345.678",
        ),
        "response_url": "https://alfa.example.com/area-de-clientes/pagos/respuesta/",
        "confirmation_url": "https://example.com/payu/abc/confirmacion/",
        "test": True,
    }
    return CheckoutRequest(**{**given, **changes})


def transaction(**changes: Any) -> dict[str, Any]:
    """A transaction as the Queries API shows it: a card, approved."""
    given: dict[str, Any] = {
        "id": "60e2080d-08b1-4db2-a54f-8bcbe8271662",
        "order": None,
        "creditCard": {"maskedNumber": "409744******0004", "name": "APPROVED", "issuerBank": None},
        "type": "AUTHORIZATION_AND_CAPTURE",
        "parentTransactionId": None,
        "paymentMethod": "VISA",
        "transactionResponse": {
            "state": "APPROVED",
            "paymentNetworkResponseCode": "00",
            "trazabilityCode": "666039677",
            "authorizationCode": "123238",
            "pendingReason": None,
            "responseCode": "APPROVED",
            "operationDate": 1624461913704,
        },
        "extraParameters": None,
        "additionalValues": {
            "TX_VALUE": {"value": 1250000.00, "currency": "COP"},
            "TX_TAX": {"value": 0, "currency": "COP"},
        },
    }
    return {**given, **changes}


def order(*transactions: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An order as the Queries API shows it."""
    given: dict[str, Any] = {
        "id": 1400462690,
        "accountId": 512321,
        "status": "CAPTURED",
        "referenceCode": "INV-2026-0001-1",
        "description": "Arrendamiento",
        "language": "es",
        "buyer": {"fullName": "Ana", "emailAddress": "ana@example.com"},
        "transactions": list(transactions),
    }
    return {**given, **changes}


def reply(payload: Any) -> dict[str, Any]:
    """A successful reply of the Queries API."""
    return {"code": "SUCCESS", "error": None, "result": {"payload": payload}}
