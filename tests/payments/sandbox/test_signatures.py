"""The stand-in's signatures against the vectors that PayU publishes, and against the project's own, written apart."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.payu import signature as ours
from payments.sandbox import signatures
from tests.payments.payu.samples import API_KEY, PUBLIC


@pytest.mark.parametrize(
    ("algorithm", "right"),
    [
        ("MD5", "7ee7cf808ce6a39b17481c54f2c57acc"),
        ("SHA", "fa890d3f94e12b5cdb62e8771453b99b78e7ccdc"),
        ("SHA256", "af3899a22336b79db46006491d15813158826f944599bf3bf601e2327f898022"),
        ("HMAC-SHA256", "eaf61598d5593b366086c9a00aa5746ccad1a6e9b209a1a242fce224202b2b36"),
    ],
)
def test_the_form(algorithm: str, right: str) -> None:
    form = {"merchantId": "508029", "referenceCode": "TestPayU", "amount": "20000", "currency": "COP"}
    assert signatures.sign(API_KEY, signatures.checkout_parts(form), algorithm=algorithm) == right


def test_the_form_s_restrictions_are_signed_in_payu_s_order() -> None:
    form = {
        "pseBanks": "1007", "iin": "409744", "paymentMethods": "VISA,PSE", "currency": "COP", "amount": "20000",
        "referenceCode": "R1", "merchantId": "508029",
    }  # fmt: skip
    assert signatures.checkout_parts(form) == ["508029", "R1", "20000", "COP", "VISA,PSE", "409744", "1007"]


@pytest.mark.parametrize(
    ("value", "right"), [("150.25", "00286dc735bd9eaa8ae3a3a4cbb40688"), ("150.35", "9df2bb60e2838170009040982967923f")]
)
def test_the_return(value: str, right: str) -> None:
    parts = ["508029", "TestPayU04", signatures.return_amount(value), "USD", "6"]
    assert signatures.sign(API_KEY, parts) == right


@pytest.mark.parametrize(
    ("reference", "value", "currency", "state", "right"),
    [
        ("TestPayU04", "150.00", "USD", "6", "df67936f918887b2aa31688a77a10fe1"),
        ("TestPayU05", "150.26", "USD", "4", "1d95778a651e11a0ab93c2169a519cd6"),
        ("INV-2026-0001-1", "1250000.00", "COP", "4", "0b0d31203014ae96e0037282f8149bb0"),
        ("INV-2026-0001-1", "1250000.00", "COP", "5", "92f7a8710ed87c55f3567ae29ae8825b"),
        ("INV-2026-0001-1", "1250000.00", "COP", "6", "06ea9fb6c110cfdd2ae69b5e08c120db"),
    ],
)
def test_the_confirmation(reference: str, value: str, currency: str, state: str, right: str) -> None:
    parts = ["508029", reference, signatures.confirmation_amount(value), currency, state]
    assert signatures.sign(API_KEY, parts) == right


def test_an_unknown_algorithm_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown algorithm: CRC32"):
        signatures.sign(API_KEY, ["508029"], algorithm="CRC32")


def test_same_looks_at_the_value_not_at_its_case() -> None:
    assert signatures.same("ABC1", "abc1")
    assert not signatures.same("abc2", "abc1")
    assert not signatures.same("", "abc1")


@given(
    cents=st.integers(min_value=1, max_value=10**15), state=st.sampled_from(["4", "5", "6"]), algorithm=st.sampled_from(ours.ALGORITHMS)
)
def test_the_two_implementations_agree(cents: int, state: str, algorithm: str) -> None:
    value = f"{Decimal(cents) / 100:.2f}"

    def theirs(amount: str) -> str:
        return signatures.sign(API_KEY, ["508029", "R1", amount, "COP", state], algorithm=algorithm)

    of_the_return = theirs(signatures.return_amount(value))
    of_the_callback = theirs(signatures.confirmation_amount(value))
    told = {"merchant_id": "508029", "reference": "R1", "value": value, "currency": "COP", "state": state}
    assert ours.verify_return(of_the_return, PUBLIC, **told)
    assert ours.verify_callback(of_the_callback, PUBLIC, **told)
