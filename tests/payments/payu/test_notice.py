"""Callbacks and returns: read strictly, believed only when signed, and never an exception but our own."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from payments.gateway import GatewayState, Notice, NoticeRefused
from payments.payu.notice import (
    CALLBACK_REQUIRED,
    RETURN_REQUIRED,
    notice_from_callback,
    notice_from_return,
    parse_callback,
    parse_return,
    verify_callback,
    verify_return,
)
from payments.payu.signature import sign_callback, sign_return
from tests.payments.payu.samples import (
    APPROVED_CALLBACK,
    APPROVED_RETURN,
    FORM_TYPE,
    PRINTED_CALLBACK,
    PUBLIC,
    body,
)

SIGNED_ON_CALLBACK = ("merchant_id", "reference_sale", "value", "currency", "state_pol")


def status_of(raw: bytes, content_type: str = FORM_TYPE) -> int:
    with pytest.raises(NoticeRefused) as refused:
        parse_callback(raw, content_type)
    return refused.value.status


def test_an_approved_callback_reads_verifies_and_says_this() -> None:
    fields = parse_callback(body(APPROVED_CALLBACK), FORM_TYPE)
    assert verify_callback(fields, PUBLIC) is True
    assert notice_from_callback(fields, signed=True) == Notice(
        merchant_id="508029",
        reference="INV-2026-0001-1",
        amount=Decimal("1250000.00"),
        currency="COP",
        state=GatewayState.APPROVED,
        signed=True,
        test=False,
        gateway_order_id="1400462690",
        gateway_transaction_id="60e2080d-08b1-4db2-a54f-8bcbe8271662",
        method="PSE",
        method_type="4",
        method_label="PSE",
        bank="BANCO DE BOGOTÁ",
        authorization="",
        cus="1410482",
        response_code="APPROVED",
        message="Pago aprobado",
        tax=Decimal("0.00"),
        occurred_text="2026-11-23 09:10:11",
        digest=digest_of(),
    )


def test_payus_printed_sample_reads_but_does_not_verify() -> None:
    """Its signature is of another merchant's key: the documentation's mistake, and our quarantine's case."""
    fields = parse_callback(body(PRINTED_CALLBACK), FORM_TYPE)
    assert verify_callback(fields, PUBLIC) is False
    notice = notice_from_callback(fields)
    assert (notice.signed, notice.test, notice.state) == (False, True, GatewayState.DECLINED)
    assert (notice.reference, notice.amount, notice.currency) == ("2015-05-27 13:04:37", Decimal("100.00"), "USD")
    assert (notice.method, notice.method_label) == ("VISA", "Tarjeta de crédito Visa")
    assert notice.message == "Su banco rechazó el pago. Hable con él o use otro medio de pago."
    assert notice.occurred_text == "2015-05-27 13:07:35"


@pytest.mark.parametrize(
    ("state_pol", "sign", "state"),
    [
        ("4", "0b0d31203014ae96e0037282f8149bb0", GatewayState.APPROVED),
        ("5", "92f7a8710ed87c55f3567ae29ae8825b", GatewayState.EXPIRED),
        ("6", "06ea9fb6c110cfdd2ae69b5e08c120db", GatewayState.DECLINED),
    ],
)
def test_every_final_state_verifies(state_pol: str, sign: str, state: GatewayState) -> None:
    fields = parse_callback(body({**APPROVED_CALLBACK, "state_pol": state_pol, "sign": sign}), FORM_TYPE)
    assert verify_callback(fields, PUBLIC) is True
    assert notice_from_callback(fields).state is state


@pytest.mark.parametrize("name", SIGNED_ON_CALLBACK)
def test_a_changed_signed_field_does_not_verify(name: str) -> None:
    changed = {**APPROVED_CALLBACK, name: APPROVED_CALLBACK[name].replace("1", "2").replace("508", "509")}
    changed["currency"] = "USD" if name == "currency" else changed["currency"]
    changed["state_pol"] = "6" if name == "state_pol" else changed["state_pol"]
    assert changed[name] != APPROVED_CALLBACK[name]
    assert verify_callback(parse_callback(body(changed), FORM_TYPE), PUBLIC) is False


def test_an_invented_transaction_verifies_which_is_why_it_is_only_a_hint() -> None:
    """Row 9 of the faults: the signature covers neither the transaction's id nor `test`."""
    replayed = {**APPROVED_CALLBACK, "transaction_id": "inventada", "test": "0", "transaction_date": "2031-01-01"}
    fields = parse_callback(body(replayed), FORM_TYPE)
    assert verify_callback(fields, PUBLIC) is True
    assert notice_from_callback(fields, signed=True).gateway_transaction_id == "inventada"


def test_a_return_signature_opens_a_callback_for_whole_pesos() -> None:
    """What the payer's browser carries is enough to forge a callback; hence one payment per reference."""
    returned = parse_return(APPROVED_RETURN)
    forged = {**APPROVED_CALLBACK, "sign": returned.sign, "transaction_id": "del-navegador"}
    assert verify_callback(parse_callback(body(forged), FORM_TYPE), PUBLIC) is True


def test_only_the_signed_fields_and_the_transaction_are_needed() -> None:
    least = {name: APPROVED_CALLBACK[name] for name in CALLBACK_REQUIRED}
    fields = parse_callback(body(least), FORM_TYPE)
    assert verify_callback(fields, PUBLIC) is True
    notice = notice_from_callback(fields, signed=True)
    assert (notice.state, notice.cus, notice.method_label, notice.tax) == (GatewayState.APPROVED, "", "", None)


@pytest.mark.parametrize("name", CALLBACK_REQUIRED)
@pytest.mark.parametrize("how", ["absent", "empty", "twice"])
def test_a_required_field_absent_empty_or_twice_is_400(name: str, how: str) -> None:
    fields = dict(APPROVED_CALLBACK)
    if how == "absent":
        del fields[name]
    elif how == "empty":
        fields[name] = ""
    raw = body(fields) + (f"&{name}=otro".encode() if how == "twice" else b"")
    assert status_of(raw) == 400


def test_a_repeated_hint_keeps_the_first() -> None:
    fields = parse_callback(body(APPROVED_CALLBACK) + b"&cus=otro", FORM_TYPE)
    assert notice_from_callback(fields).cus == "1410482"


def test_64_kib_pass_and_one_byte_more_is_413() -> None:
    raw = body(APPROVED_CALLBACK) + b"&extra1="
    full = raw + b"x" * (64 * 1024 - len(raw))
    assert parse_callback(full, FORM_TYPE).reference == "INV-2026-0001-1"
    assert status_of(full + b"x") == 413


def test_100_fields_pass_and_one_more_is_413() -> None:
    filled = APPROVED_CALLBACK | {f"f{number}": "" for number in range(100 - len(APPROVED_CALLBACK))}
    assert len(filled) == 100
    assert parse_callback(body(filled), FORM_TYPE).reference == "INV-2026-0001-1"
    assert status_of(body(filled) + b"&uno=mas") == 413
    assert status_of(b"&" * 200) == 413


@pytest.mark.parametrize(
    "content_type",
    ["", "application/json", "multipart/form-data; boundary=x", "text/plain", f"{FORM_TYPE}; charset=utf-7", "x; y; z"],
)
def test_anything_but_a_form_is_400(content_type: str) -> None:
    assert status_of(body(APPROVED_CALLBACK), content_type) == 400


def test_json_in_a_forms_clothes_is_400() -> None:
    assert status_of(b'{"merchant_id": "508029"}') == 400


@pytest.mark.parametrize("content_type", [f"{FORM_TYPE}; charset=UTF-8", FORM_TYPE.upper(), f'{FORM_TYPE};charset="utf-8"'])
def test_a_form_may_say_its_charset(content_type: str) -> None:
    assert parse_callback(body(APPROVED_CALLBACK), content_type).values["pse_bank"] == "BANCO DE BOGOTÁ"


def test_latin_1_is_read_when_announced_and_refused_when_not() -> None:
    raw = urlencode(APPROVED_CALLBACK, encoding="iso-8859-1").encode()
    assert parse_callback(raw, f"{FORM_TYPE}; charset=ISO-8859-1").values["pse_bank"] == "BANCO DE BOGOTÁ"
    assert status_of(raw) == 400


@pytest.mark.parametrize("ending", [b"&x=%ff", b"&x=\xff", b"&x=%zz", b"&x=%", b"&x=%2", b"&x=%00", b"&%00=x", b"&x=\x00"])
def test_bad_encoding_is_400(ending: bytes) -> None:
    assert status_of(body(APPROVED_CALLBACK) + ending) == 400


def test_a_refusal_repeats_nothing_that_was_sent() -> None:
    with pytest.raises(NoticeRefused) as refused:
        parse_callback(b"sign=0b0d31203014ae96&cc_holder=Ana", FORM_TYPE)
    assert str(refused.value) == (
        "Al mensaje le faltan datos: merchant_id, reference_sale, value, currency, state_pol, transaction_id."
    )


@pytest.mark.parametrize("value", ["abc", "-1", "1,000.00", "1e3", "1.005"])
def test_an_unreadable_amount_is_none_and_does_not_verify(value: str) -> None:
    fields = parse_callback(body({**APPROVED_CALLBACK, "value": value}), FORM_TYPE)
    assert verify_callback(fields, PUBLIC) is False
    assert notice_from_callback(fields).amount is None


@pytest.mark.parametrize("state_pol", ["7", "12", "404", "x", "4 ", "٤"])
def test_a_state_we_do_not_know_is_unknown(state_pol: str) -> None:
    fields = parse_callback(body({**APPROVED_CALLBACK, "state_pol": state_pol}), FORM_TYPE)
    assert notice_from_callback(fields).state is GatewayState.UNKNOWN


def test_error_104_is_an_error_not_a_decline() -> None:
    fields = parse_callback(body({**APPROVED_CALLBACK, "state_pol": "104"}), FORM_TYPE)
    assert notice_from_callback(fields).state is GatewayState.ERROR


def test_the_echoed_tax_is_kept_to_be_compared() -> None:
    fields = parse_callback(body({**APPROVED_CALLBACK, "tax": "199579.83"}), FORM_TYPE)
    assert notice_from_callback(fields).tax == Decimal("199579.83")


def test_hints_are_short_enough_to_be_stored() -> None:
    long = {**APPROVED_CALLBACK, "transaction_id": "t" * 500, "cus": "c" * 500, "reference_pol": "9" * 500}
    notice = notice_from_callback(parse_callback(body(long), FORM_TYPE))
    assert (notice.gateway_transaction_id, notice.cus, notice.gateway_order_id) == ("t" * 60, "c" * 60, "9" * 60)


def digest_of(**changes: str) -> str:
    return notice_from_callback(parse_callback(body({**APPROVED_CALLBACK, **changes}), FORM_TYPE)).digest


def test_each_delivery_of_one_callback_has_one_digest() -> None:
    later = parse_callback(body(dict(reversed((APPROVED_CALLBACK | {"attempts": "9"}).items()))), FORM_TYPE)
    assert notice_from_callback(later).digest == digest_of()
    assert digest_of(transaction_id="otra") != digest_of()
    assert re.fullmatch("[0-9a-f]{64}", digest_of())


def test_fields_cannot_be_moved_into_one_another_under_one_digest() -> None:
    assert digest_of(a="1;1:b=1:2") != digest_of(a="1", b="2")


def test_the_signature_is_not_in_the_repr() -> None:
    fields = parse_callback(body(APPROVED_CALLBACK), FORM_TYPE)
    assert APPROVED_CALLBACK["sign"] not in repr(fields)
    assert "ana@example.com" not in repr(fields)


# -- the return ------------------------------------------------------------------------------------------------------


def test_an_approved_return_reads_verifies_and_says_this() -> None:
    fields = parse_return(APPROVED_RETURN)
    assert verify_return(fields, PUBLIC) is True
    notice = notice_from_return(fields, signed=True)
    assert (notice.reference, notice.amount, notice.currency) == ("INV-2026-0001-1", Decimal("1250000.00"), "COP")
    assert (notice.state, notice.signed, notice.message) == (GatewayState.APPROVED, True, "Pago aprobado")
    assert (notice.cus, notice.bank, notice.method_label) == ("1410482", "BANCO DE BOGOTÁ", "PSE")
    assert (notice.gateway_order_id, notice.tax) == ("1400462690", Decimal("0.00"))


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("4", GatewayState.APPROVED), ("5", GatewayState.EXPIRED), ("6", GatewayState.DECLINED),
        ("7", GatewayState.PENDING), ("104", GatewayState.ERROR), ("8", GatewayState.UNKNOWN),
    ],
)  # fmt: skip
def test_every_state_of_the_return(text: str, state: GatewayState) -> None:
    signed = sign_return(PUBLIC, reference="INV-2026-0001-1", value="1250000.00", currency="COP", state=text)
    fields = parse_return({**APPROVED_RETURN, "transactionState": text, "signature": signed})
    assert verify_return(fields, PUBLIC) is True
    assert notice_from_return(fields).state is state


@pytest.mark.parametrize("name", ["merchantId", "referenceCode", "TX_VALUE", "currency", "transactionState"])
def test_a_changed_return_does_not_verify(name: str) -> None:
    other = {
        "merchantId": "508030",
        "referenceCode": "INV-2",
        "TX_VALUE": "1.00",
        "currency": "USD",
        "transactionState": "6",
    }
    assert verify_return(parse_return({**APPROVED_RETURN, name: other[name]}), PUBLIC) is False


@pytest.mark.parametrize("name", RETURN_REQUIRED)
def test_a_return_without_a_signed_field_is_400(name: str) -> None:
    with pytest.raises(NoticeRefused, match=name) as refused:
        parse_return({key: value for key, value in APPROVED_RETURN.items() if key != name})
    assert refused.value.status == 400


def test_a_return_of_an_abandoned_checkout_needs_no_transaction() -> None:
    fields = parse_return({name: APPROVED_RETURN[name] for name in RETURN_REQUIRED})
    assert fields.transaction_id == ""


@pytest.mark.parametrize("query", [{"x": "y" * 70_000}, {f"f{number}": "" for number in range(101)}])
def test_a_huge_return_is_413(query: dict[str, str]) -> None:
    with pytest.raises(NoticeRefused) as refused:
        parse_return(query)
    assert refused.value.status == 413


# -- properties ------------------------------------------------------------------------------------------------------

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=30)


@given(st.binary(max_size=300), st.one_of(st.just(FORM_TYPE), st.text(max_size=60)))
@example(b"a=1;b=2", FORM_TYPE)
def test_reading_a_callback_raises_nothing_but_its_own(raw: bytes, content_type: str) -> None:
    status = 0
    try:
        parse_callback(raw, content_type)
    except NoticeRefused as refused:
        status = refused.status
    assert status in (0, 400, 413)


@given(st.dictionaries(st.sampled_from([*APPROVED_CALLBACK, "nuevo"]), st.text(max_size=40)))
def test_any_form_reads_or_is_refused_and_never_breaks_what_follows(changes: dict[str, str]) -> None:
    raw = urlencode({**APPROVED_CALLBACK, **changes}, encoding="utf-8", errors="surrogatepass").encode()
    try:
        fields = parse_callback(raw, FORM_TYPE)
    except NoticeRefused:
        return
    verify_callback(fields, PUBLIC)
    notice_from_callback(fields)


@given(st.dictionaries(st.one_of(st.sampled_from(sorted(APPROVED_RETURN)), st.text()), st.one_of(st.text(), st.none())))
def test_reading_a_return_raises_nothing_but_its_own(changes: dict[str, Any]) -> None:
    try:
        fields = parse_return({**APPROVED_RETURN, **changes})
    except NoticeRefused:
        return
    verify_return(fields, PUBLIC)
    notice_from_return(fields)


@given(texts, st.integers(1, 10**10), st.sampled_from(["4", "5", "6", "104"]), st.sampled_from(["MD5", "SHA", "SHA256"]))
def test_what_payu_signs_is_read_back_and_verifies(reference: str, pesos: int, state: str, algorithm: str) -> None:
    account = replace(PUBLIC, algorithm=algorithm)
    value = f"{pesos}.00"
    sent = {
        **APPROVED_CALLBACK, "reference_sale": reference, "value": value, "state_pol": state,
        "sign": sign_callback(account, reference=reference, value=value, currency="COP", state=state),
    }  # fmt: skip
    fields = parse_callback(body(sent), FORM_TYPE)
    assert verify_callback(fields, account) is True
    notice = notice_from_callback(fields, signed=True)
    assert (notice.reference, notice.amount) == (reference, Decimal(pesos))
