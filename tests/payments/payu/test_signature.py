"""PayU's published vectors, both rounding rules, keys and algorithms; and what must never verify."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from payments.gateway import Credentials
from payments.payu import signature
from payments.payu.signature import (
    ALGORITHMS,
    MalformedValue,
    callback_value,
    digest,
    return_value,
    sign_callback,
    sign_checkout,
    sign_return,
    verify,
    verify_callback,
    verify_return,
)
from tests.payments.payu.samples import API_KEY, PUBLIC


def public(algorithm: str) -> Credentials:
    return replace(PUBLIC, algorithm=algorithm)


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("MD5", "7ee7cf808ce6a39b17481c54f2c57acc"),
        ("SHA", "fa890d3f94e12b5cdb62e8771453b99b78e7ccdc"),
        ("SHA256", "af3899a22336b79db46006491d15813158826f944599bf3bf601e2327f898022"),
        ("HMAC-SHA256", "eaf61598d5593b366086c9a00aa5746ccad1a6e9b209a1a242fce224202b2b36"),
    ],
)
def test_published_checkout_signatures(algorithm: str, expected: str) -> None:
    assert sign_checkout(public(algorithm), reference="TestPayU", amount="20000", currency="COP") == expected


def test_published_checkout_signature_in_dollars() -> None:
    assert sign_checkout(PUBLIC, reference="TestPayU", amount="3", currency="USD") == "ba9ffa71559580175585e45ce70b6c37"


def test_hmac_with_a_separate_secret_is_another_signature() -> None:
    with_secret = replace(public("HMAC-SHA256"), hmac_secret="un-secreto-aparte")
    expected = "eaf61598d5593b366086c9a00aa5746ccad1a6e9b209a1a242fce224202b2b36"
    assert sign_checkout(with_secret, reference="TestPayU", amount="20000", currency="COP") != expected


def test_restrictions_are_signed_in_payus_order() -> None:
    signed = sign_checkout(
        PUBLIC, reference="R", amount="10", currency="COP", pse_banks="1007", payment_methods="VISA,PSE", iin="409744"
    )
    assert signed == digest(["508029", "R", "10", "COP", "VISA,PSE", "409744", "1007"], api_key=API_KEY, algorithm="MD5")
    without_iin = sign_checkout(PUBLIC, reference="R", amount="10", currency="COP", pse_banks="1007", payment_methods="PSE")
    assert without_iin == digest(["508029", "R", "10", "COP", "PSE", "1007"], api_key=API_KEY, algorithm="MD5")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("150.25", "00286dc735bd9eaa8ae3a3a4cbb40688"), ("150.35", "9df2bb60e2838170009040982967923f")],
)
def test_published_return_signatures(value: str, expected: str) -> None:
    assert sign_return(PUBLIC, reference="TestPayU04", value=value, currency="USD", state="6") == expected


@pytest.mark.parametrize(
    ("reference", "value", "currency", "state", "expected"),
    [
        ("TestPayU04", "150.00", "USD", "6", "df67936f918887b2aa31688a77a10fe1"),
        ("TestPayU05", "150.26", "USD", "4", "1d95778a651e11a0ab93c2169a519cd6"),
        ("INV-2026-0001-1", "1250000.00", "COP", "4", "0b0d31203014ae96e0037282f8149bb0"),
        ("INV-2026-0001-1", "1250000.00", "COP", "5", "92f7a8710ed87c55f3567ae29ae8825b"),
        ("INV-2026-0001-1", "1250000.00", "COP", "6", "06ea9fb6c110cfdd2ae69b5e08c120db"),
    ],
)
def test_published_callback_signatures(reference: str, value: str, currency: str, state: str, expected: str) -> None:
    assert sign_callback(PUBLIC, reference=reference, value=value, currency=currency, state=state) == expected
    assert verify_callback(expected, PUBLIC, merchant_id="508029", reference=reference, value=value, currency=currency, state=state)


def test_misprint_labelled_state_6_is_state_4() -> None:
    """PayU prints b607a2c2… for 150.00 USD in state 6. It is the signature of state 4; believing the page would mean
    taking approvals for declines."""
    printed = "b607a2c2fa100e0947b206d41864fb86"
    assert sign_callback(PUBLIC, reference="TestPayU04", value="150.00", currency="USD", state="4") == printed
    assert sign_callback(PUBLIC, reference="TestPayU04", value="150.00", currency="USD", state="6") != printed


def test_misprinted_sample_post_belongs_to_another_merchant() -> None:
    """PayU's sample POST carries e1b0939b…, which the key it is printed with does not give in any state."""
    printed = "e1b0939bbdc99ea84387bee9b90e4f5c"
    for state in ("4", "5", "6", "7", "104"):
        assert not verify_callback(
            printed,
            PUBLIC,
            merchant_id="508029",
            reference="2015-05-27 13:04:37",
            value="100.00",
            currency="USD",
            state=state,
        )


def test_whole_pesos_sign_alike_on_both_pages() -> None:
    """Why a signature alone credits one payment per reference: the payer's browser carries a valid one."""
    on_return = sign_return(PUBLIC, reference="R", value="1850000.00", currency="COP", state="4")
    assert on_return == sign_callback(PUBLIC, reference="R", value="1850000.00", currency="COP", state="4")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("150.25", "150.2"), ("150.35", "150.4"), ("150.34", "150.3"), ("150.36", "150.4"), ("150.00", "150.0"),
        ("150", "150.0"), ("150.5", "150.5"), ("0.05", "0.0"), ("0.15", "0.2"), ("999999.95", "1000000.0"),
        ("1250000.00", "1250000.0"), ("150.255", "150.3"),
    ],
)  # fmt: skip
def test_return_value_rounds_half_even_to_one_decimal(value: str, expected: str) -> None:
    assert return_value(value) == expected


def test_float_would_fail_payus_own_example() -> None:
    assert "%.1f" % 150.35 == "150.3"  # noqa: UP031  the usual mistake
    assert return_value("150.35") == "150.4"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("150.00", "150.0"), ("150.20", "150.2"), ("150.26", "150.26"), ("150.05", "150.05"), ("150", "150.0"),
        ("150.0", "150.0"), ("150.2", "150.2"), ("0", "0.0"), ("1250000.00", "1250000.0"),
    ],
)  # fmt: skip
def test_callback_value_is_a_rule_about_text(value: str, expected: str) -> None:
    assert callback_value(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "abc",
        "1,5",
        "1.000.000",
        "-1.00",
        "+1",
        "1e5",
        "NaN",
        "Infinity",
        "1.",
        ".5",
        " 1.00",
        "1.00\n",
        "١٢",
        "1_0",
    ],
)
def test_malformed_values_are_refused(value: str) -> None:
    for rule in (return_value, callback_value):
        with pytest.raises(MalformedValue):
            rule(value)


def test_callback_value_refuses_a_third_decimal() -> None:
    """150.269 cut to 150.26 would verify under the signature of 150.26."""
    with pytest.raises(MalformedValue):
        callback_value("150.269")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_is_recognised_by_its_length(algorithm: str) -> None:
    """The account is set to MD5; what signs the callback is not documented."""
    signed = sign_callback(public(algorithm), reference="R-1", value="10.00", currency="COP", state="4")
    assert verify_callback(signed, PUBLIC, merchant_id="508029", reference="R-1", value="10.00", currency="COP", state="4")
    assert verify_callback(signed.upper(), PUBLIC, merchant_id="508029", reference="R-1", value="10.00", currency="COP", state="4")


@pytest.mark.parametrize("secret", ["", "un-secreto-aparte"])
def test_hmac_is_accepted_with_the_secret_or_with_the_key(secret: str) -> None:
    ours = replace(PUBLIC, hmac_secret="un-secreto-aparte")
    signed = digest(["508029", "R", "10.0", "COP", "4"], api_key=API_KEY, algorithm="HMAC-SHA256", hmac_secret=secret)
    assert verify_callback(signed, ours, merchant_id="508029", reference="R", value="10.00", currency="COP", state="4")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_previous_key_is_accepted_and_a_strange_one_is_not(algorithm: str) -> None:
    rotated = replace(public(algorithm), api_key="llave-nueva", previous_api_keys=("otra-vieja", API_KEY))
    signed = sign_callback(public(algorithm), reference="R", value="10.00", currency="COP", state="4")
    fields = {"merchant_id": "508029", "reference": "R", "value": "10.00", "currency": "COP", "state": "4"}
    assert verify_callback(signed, rotated, **fields)
    assert not verify_callback(signed, replace(rotated, previous_api_keys=("otra-vieja",)), **fields)
    assert sign_callback(rotated, reference="R", value="10.00", currency="COP", state="4") != signed


def test_an_empty_key_verifies_nothing() -> None:
    signed = digest(["508029", "R", "10.0", "COP", "4"], api_key="", algorithm="MD5")
    for credentials in (replace(PUBLIC, api_key=""), replace(PUBLIC, previous_api_keys=("",))):
        assert not verify_callback(
            signed, credentials, merchant_id="508029", reference="R", value="10.00", currency="COP", state="4"
        )


def test_another_merchant_never_verifies_even_with_our_key() -> None:
    other = replace(PUBLIC, merchant_id="508030")
    signed = sign_callback(other, reference="R", value="10.00", currency="COP", state="4")
    assert not verify_callback(signed, PUBLIC, merchant_id="508030", reference="R", value="10.00", currency="COP", state="4")


def test_unknown_algorithm_is_a_loud_error() -> None:
    with pytest.raises(ValueError, match="Use uno de: MD5, SHA, SHA256, HMAC-SHA256"):
        sign_checkout(public("SHA512"), reference="R", amount="1", currency="COP")


@pytest.mark.parametrize("given_signature", ["", "zz", "7ee7", "ñ" * 32, "0" * 32 + "\n", "0" * 31, "0" * 5000, None, b"0" * 32, 7])
def test_malformed_signatures_are_false(given_signature: Any) -> None:
    assert verify(given_signature, "0" * 40) is False
    for check in (verify_callback, verify_return):
        fields = {"merchant_id": "508029", "reference": "R", "value": "10.00", "currency": "COP", "state": "4"}
        assert check(given_signature, PUBLIC, **fields) is False


@pytest.mark.parametrize("field", ["merchant_id", "reference", "value", "currency", "state"])
@pytest.mark.parametrize("wrong", ["", "\ud800", None, 4, b"4", "~", "4~"])
def test_malformed_fields_are_false(field: str, wrong: Any) -> None:
    good: dict[str, Any] = {
        "merchant_id": "508029",
        "reference": "R",
        "value": "10.00",
        "currency": "COP",
        "state": "4",
    }
    signed = sign_callback(PUBLIC, reference="R", value="10.00", currency="COP", state="4")
    for check in (verify_callback, verify_return):
        assert check(signed, PUBLIC, **good) is True
        assert check(signed, PUBLIC, **{**good, field: wrong}) is False


def test_verify_compares_with_every_candidate() -> None:
    assert verify("ABCD", "0123", "abcd") is True
    assert verify("abcd") is False
    assert verify("abcd", "abce", "abcdabcd") is False


# -- properties ------------------------------------------------------------------------------------------------------

references = st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True)
amounts = st.decimals(min_value=0, max_value=10**10, places=2).map(lambda amount: format(amount, "f"))
callback_texts = st.one_of(amounts, st.integers(0, 10**12).map(str), st.from_regex(r"[0-9]{1,9}\.[0-9]", fullmatch=True))
states = st.sampled_from(["4", "5", "6", "7", "104"])
currencies = st.sampled_from(["COP", "USD"])
accounts = st.builds(
    Credentials,
    merchant_id=st.from_regex(r"[1-9][0-9]{0,11}", fullmatch=True),
    account_id=st.just("512321"),
    api_login=st.just("login"),
    api_key=st.text(min_size=1, max_size=40),
    hmac_secret=st.text(max_size=20),
    algorithm=st.sampled_from(ALGORITHMS),
    test=st.booleans(),
)


@given(accounts, references, callback_texts, currencies, states)
def test_what_is_signed_verifies(account: Credentials, reference: str, value: str, currency: str, state: str) -> None:
    fields = {"reference": reference, "value": value, "currency": currency, "state": state}
    assert verify_callback(sign_callback(account, **fields), account, merchant_id=account.merchant_id, **fields)
    assert verify_return(sign_return(account, **fields), account, merchant_id=account.merchant_id, **fields)


@given(accounts, references, callback_texts, currencies, states, st.data())
def test_one_changed_character_in_any_signed_field_fails(
    account: Credentials, reference: str, value: str, currency: str, state: str, data: st.DataObject
) -> None:
    fields = {
        "merchant_id": account.merchant_id, "reference": reference, "value": value, "currency": currency,
        "state": state,
    }  # fmt: skip
    signed = sign_callback(account, reference=reference, value=value, currency=currency, state=state)
    name = data.draw(st.sampled_from(["given", *fields]))
    text = signed if name == "given" else fields[name]
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters().filter(lambda character: character.lower() != text[place].lower()))
    changed = text[:place] + other + text[place + 1 :]
    if name == "value":  # 150.20 and 150.2 are one text to PayU's rule
        assume(not re.fullmatch(r"[0-9]{1,16}(\.[0-9]{1,2})?", changed) or callback_value(changed) != callback_value(value))
    if name == "given":
        assert not verify_callback(changed, account, **fields)
    else:
        assert not verify_callback(signed, account, **{**fields, name: changed})


@given(st.text(), st.text(), st.text(), st.text(), st.text(), st.text())
def test_nothing_makes_verifying_raise(sign: str, merchant: str, reference: str, value: str, cur: str, state: str) -> None:
    fields = {"merchant_id": merchant, "reference": reference, "value": value, "currency": cur, "state": state}
    assert verify_callback(sign, PUBLIC, **fields) is False
    assert verify_return(sign, PUBLIC, **fields) is False


@given(amounts)
def test_both_values_are_idempotent(value: str) -> None:
    assert return_value(return_value(value)) == return_value(value)
    assert callback_value(callback_value(value)) == callback_value(value)


@given(amounts)
def test_callback_value_never_changes_the_amount(value: str) -> None:
    assert Decimal(callback_value(value)) == Decimal(value)


@given(amounts)
def test_return_value_is_within_half_a_tenth(value: str) -> None:
    rounded = return_value(value)
    assert re.fullmatch(r"[0-9]+\.[0-9]", rounded)
    assert abs(Decimal(rounded) - Decimal(value)) <= Decimal("0.05")


@given(st.integers(0, 10**14))
def test_whole_amounts_get_point_zero_by_both_rules(pesos: int) -> None:
    for text in (str(pesos), f"{pesos}.0", f"{pesos}.00"):
        assert return_value(text) == callback_value(text) == f"{pesos}.0"


def test_no_float_and_no_round_in_the_package() -> None:
    """The word itself: a float anywhere near a value is a wrong signature some day."""
    import ast
    from pathlib import Path

    for module in Path(signature.__file__).parent.glob("*.py"):
        tree = ast.parse(module.read_text(encoding="utf-8"))
        names = [node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
        assert "float" not in names, module.name
        assert "round" not in names, module.name
