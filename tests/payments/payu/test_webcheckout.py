"""The form that takes a payer to PayU: every field, every limit, and what is refused before he leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.gateway import CheckoutForm, CheckoutRefused, CheckoutRequest, Credentials, Payer
from payments.payu.signature import ALGORITHMS, sign_checkout
from payments.payu.webcheckout import amount_text, build_form, cash_limits, cash_warning
from tests.payments.payu.samples import PUBLIC, checkout

URL = "https://sandbox.checkout.payulatam.com/ppp-web-gateway-payu/"
NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


def form(request: CheckoutRequest | None = None, credentials: Credentials = PUBLIC) -> CheckoutForm:
    return build_form(credentials, request or checkout(), checkout_url=URL)


def payer(**changes: str) -> Payer:
    return replace(checkout().payer, **changes)


def test_an_ordinary_rent_gives_this_very_form() -> None:
    built = form(checkout(extras=("FA-5001",)))
    assert built.action == URL
    assert built.fields == {
        "merchantId": "508029",
        "accountId": "512321",
        "referenceCode": "alfa-7Qm2ZpX4kR9tW1cY",
        "description": "Arrendamiento noviembre de 2026",
        "amount": "1850000",
        "tax": "0",
        "taxReturnBase": "0",
        "currency": "COP",
        "signature": sign_checkout(PUBLIC, reference="alfa-7Qm2ZpX4kR9tW1cY", amount="1850000", currency="COP"),
        "algorithmSignature": "MD5",
        "test": "1",
        "lng": "es",
        "buyerFullName": "Ana María Peña",
        "buyerEmail": "ana@example.com",
        "telephone": "+573001234567",
        "buyerDocumentType": "CC",
        "buyerDocument": "52345678",
        "payerFullName": "Ana María Peña",
        "payerEmail": "ana@example.com",
        "payerPhone": "+573001234567",
        "payerDocumentType": "CC",
        "payerDocument": "52345678",
        "responseUrl": "https://alfa.example.com/area-de-clientes/pagos/respuesta/",
        "confirmationUrl": "https://example.com/payu/abc/confirmacion/",
        "extra1": "FA-5001",
    }


def test_no_secret_leaves_with_the_form() -> None:
    built = form(credentials=replace(PUBLIC, hmac_secret="aparte-y-secreto"))
    everything = repr(built)
    for secret in (PUBLIC.api_key, PUBLIC.api_login, "aparte-y-secreto"):
        assert secret not in everything


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_form_says_which_algorithm_signed_it(algorithm: str) -> None:
    account = replace(PUBLIC, algorithm=algorithm)
    built = form(credentials=account)
    assert built.fields["algorithmSignature"] == algorithm
    assert built.fields["signature"] == sign_checkout(account, reference="alfa-7Qm2ZpX4kR9tW1cY", amount="1850000", currency="COP")


def test_restrictions_are_posted_and_signed() -> None:
    built = form(checkout(payment_methods=("PSE", "NEQUI"), iins=("409744",), pse_banks=("1007", "1022")))
    assert (built.fields["paymentMethods"], built.fields["iin"], built.fields["pseBanks"]) == (
        "PSE,NEQUI",
        "409744",
        "1007,1022",
    )
    assert built.fields["signature"] == sign_checkout(
        PUBLIC,
        reference="alfa-7Qm2ZpX4kR9tW1cY",
        amount="1850000",
        currency="COP",
        payment_methods="PSE,NEQUI",
        iin="409744",
        pse_banks="1007,1022",
    )


@pytest.mark.parametrize("restriction", [{"payment_methods": ("4",)}, {"iins": ("4",)}, {"pse_banks": ("4",)}])
def test_a_restriction_that_would_sign_like_a_callback_is_refused(restriction: dict[str, Any]) -> None:
    with pytest.raises(CheckoutRefused) as refused:
        form(checkout(**restriction))
    assert refused.value.field == next(iter(restriction))


def test_iva_is_sent_with_its_base() -> None:
    built = form(checkout(amount=Decimal("1190000"), tax=Decimal("190000"), tax_base=Decimal("1000000")))
    assert (built.fields["tax"], built.fields["taxReturnBase"]) == ("190000", "1000000")


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Decimal("1850000"), "1850000"), (Decimal("1850000.00"), "1850000"), (Decimal("1E+6"), "1000000"),
        (Decimal("10.5"), "10.50"), (Decimal("10.05"), "10.05"), (Decimal("0"), "0"),
        (Decimal("9999999999"), "9999999999"),
    ],
)  # fmt: skip
def test_amounts_are_whole_pesos_or_two_decimals(amount: Decimal, text: str) -> None:
    assert amount_text(amount) == text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reference": ""}, "reference"),
        ({"reference": "a" * 256}, "reference"),
        ({"reference": "con espacio"}, "reference"),
        ({"reference": "ñ"}, "reference"),
        ({"reference": "a~b"}, "reference"),
        ({"reference": "a\n"}, "reference"),
        ({"amount": Decimal(0)}, "amount"),
        ({"amount": Decimal(-1)}, "amount"),
        ({"amount": Decimal("NaN")}, "amount"),
        ({"amount": Decimal("Infinity")}, "amount"),
        ({"amount": Decimal("1.005")}, "amount"),
        ({"amount": Decimal(10**10)}, "amount"),
        ({"amount": 1850000.0}, "amount"),
        ({"currency": "USD"}, "currency"),
        ({"tax": Decimal(10)}, "tax_base"),
        ({"tax_base": Decimal(10)}, "tax_base"),
        ({"tax": Decimal(-1)}, "tax"),
        ({"amount": Decimal(100), "tax": Decimal(19), "tax_base": Decimal(82)}, "tax"),
        ({"description": " \n\t"}, "description"),
        ({"response_url": "https://a.co/" + "x" * 243}, "response_url"),
        ({"confirmation_url": "https://a.co/" + "x" * 243}, "confirmation_url"),
        ({"confirmation_url": "javascript:alert(1)"}, "confirmation_url"),
        ({"response_url": "https://a.co/con espacio"}, "response_url"),
        ({"extras": ("1", "2", "3", "4")}, "extras"),
        ({"test": False}, "test"),
        ({"payer": payer(full_name="  ")}, "payer.full_name"),
        ({"payer": payer(email="sin-arroba")}, "payer.email"),
        ({"payer": payer(email="a@b.co" + "x" * 255)}, "payer.email"),
        ({"payer": payer(document_type="XX")}, "payer.document_type"),
        ({"payer": payer(document="1" * 26)}, "payer.document"),
        ({"payer": payer(document="<1>")}, "payer.document"),
        ({"expires_at": NOW + timedelta(days=1)}, "expires_at"),
    ],
)
def test_what_payu_would_not_take_is_refused_by_name(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(CheckoutRefused) as refused:
        form(checkout(**changes))
    assert refused.value.field == field
    assert str(refused.value).endswith(".") or field in ("payment_methods", "iins", "pse_banks")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"merchant_id": ""}, "merchant_id"),
        ({"merchant_id": "1" * 13}, "merchant_id"),
        ({"merchant_id": "50 8029"}, "merchant_id"),
        ({"account_id": "1234567"}, "account_id"),
        ({"account_id": "abc"}, "account_id"),
        ({"api_key": ""}, "api_key"),
        ({"algorithm": "CRC32"}, "algorithm"),
    ],
)
def test_an_account_that_cannot_work_is_refused_by_name(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(CheckoutRefused) as refused:
        form(credentials=replace(PUBLIC, **changes))
    assert refused.value.field == field
    assert PUBLIC.api_key not in str(refused.value)


def test_urls_and_references_at_the_limit_pass_whole() -> None:
    address = "https://a.co/" + "x" * 242
    built = form(checkout(reference="R" * 255, response_url=address, confirmation_url=address))
    assert built.fields["referenceCode"] == "R" * 255
    assert built.fields["responseUrl"] == built.fields["confirmationUrl"] == address
    assert len(address) == 255


def test_free_text_is_cut_at_payus_limits_and_kept_on_one_line() -> None:
    built = form(
        checkout(
            description="Línea\r\n\x00dos " + "d" * 300,
            payer=payer(full_name="N" * 200, phone="300 123 4567 ext. 8912345678901"),
            extras=("e" * 300, "segundo"),
        )
    )
    assert built.fields["description"] == "Línea dos " + "d" * 245
    assert built.fields["buyerFullName"] == "N" * 150
    assert built.fields["payerFullName"] == "N" * 50
    assert built.fields["telephone"] == built.fields["payerPhone"] == "30012345678912345678"
    assert (built.fields["extra1"], built.fields["extra2"]) == ("e" * 255, "segundo")
    assert "extra3" not in built.fields


@pytest.mark.parametrize(
    ("ours", "payus"),
    [("CC", "CC"), ("CE", "CE"), ("NIT", "NIT"), ("TI", "TI"), ("PA", "PP"), ("PP", "PP"), ("PPT", "DE")],
)
def test_document_types_are_payus(ours: str, payus: str) -> None:
    built = form(checkout(payer=payer(document_type=ours)))
    assert built.fields["buyerDocumentType"] == built.fields["payerDocumentType"] == payus


def test_a_payer_without_document_or_phone_sends_no_empty_fields() -> None:
    built = form(checkout(payer=Payer(full_name="Ana", email="ana@example.com")))
    missing = {"telephone", "payerPhone", "buyerDocumentType", "buyerDocument", "payerDocumentType", "payerDocument"}
    assert not missing & set(built.fields)


def test_a_real_payment_on_a_real_account_says_so() -> None:
    built = form(checkout(test=False), replace(PUBLIC, test=False))
    assert built.fields["test"] == "0"


def test_expiration_is_written_in_bogota() -> None:
    built = build_form(PUBLIC, checkout(expires_at=NOW + timedelta(days=7)), checkout_url=URL, now=NOW)
    assert built.fields["expirationDate"] == "2026-11-30 09:00:00"


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=-1), timedelta(days=7, seconds=1)])
def test_cash_expires_within_seven_days(late: timedelta) -> None:
    with pytest.raises(CheckoutRefused, match="7 días"):
        build_form(PUBLIC, checkout(expires_at=NOW + late), checkout_url=URL, now=NOW)


def test_a_naive_expiration_is_refused() -> None:
    naive = datetime(2026, 11, 24, 14, 0)  # noqa: DTZ001  the mistake itself
    with pytest.raises(CheckoutRefused, match="zona horaria"):
        build_form(PUBLIC, checkout(expires_at=naive), checkout_url=URL, now=NOW)


@pytest.mark.parametrize(
    ("amount", "efecty", "su_red"),
    [
        ("999", False, False), ("1000", False, True), ("19999", False, True), ("20000", True, True),
        ("4000000", True, True), ("4000001", True, False), ("6000000", True, False), ("6000001", False, False),
    ],
)  # fmt: skip
def test_cash_limits_include_both_ends(amount: str, efecty: bool, su_red: bool) -> None:
    assert {limit.method: limit.accepts for limit in cash_limits(Decimal(amount))} == {
        "EFECTY": efecty,
        "OTHERS_CASH": su_red,
    }


def test_cash_warning_tells_the_payer_before_he_leaves() -> None:
    assert cash_warning(Decimal(1850000)) == ""
    said = [cash_warning(Decimal(amount)).replace("$\u00a0", "$ ") for amount in (5000000, 7500000)]  # an amount stays in one line
    assert said[0] == (
        "Por su valor, este pago no se puede hacer en todo punto de efectivo: Su Red recibe de $ 1.000 a $ 4.000.000. "
        "En efectivo use Efecty."
    )
    assert said[1] == (
        "Por su valor, este pago no se puede hacer en efectivo: Efecty recibe de $ 20.000 a $ 6.000.000 y Su Red "
        "recibe de $ 1.000 a $ 4.000.000. Use tarjeta, PSE u otro medio en línea."
    )


# -- properties ------------------------------------------------------------------------------------------------------


@given(st.decimals(min_value=0, max_value=Decimal("9999999999.99"), places=2))
def test_amount_text_keeps_the_amount(amount: Decimal) -> None:
    text = amount_text(amount)
    assert Decimal(text) == amount
    assert len(text.partition(".")[2]) in (0, 2)


@given(
    st.text(max_size=400),
    st.text(max_size=300),
    st.text(max_size=60),
    st.text(max_size=60),
    st.lists(st.text(max_size=300), max_size=4),
)
def test_any_text_is_either_refused_or_within_the_limits(
    description: str, name: str, phone: str, document: str, extras: list[str]
) -> None:
    request = checkout(description=description, payer=payer(full_name=name, phone=phone, document=document), extras=tuple(extras))
    try:
        fields = form(request).fields
    except CheckoutRefused:
        return
    limits = {"description": 255, "buyerFullName": 150, "payerFullName": 50, "telephone": 20, "buyerDocument": 25}
    limits |= {"extra1": 255, "extra2": 255, "extra3": 255}
    for field, value in fields.items():
        assert 0 < len(value) <= limits.get(field, 255)
        assert value.isprintable()
        value.encode()  # no lone surrogate ever reaches a page
