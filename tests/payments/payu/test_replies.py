"""Reading PayU's answers: silence and refunds are never payments, and no shape breaks the reader."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.gateway import Answer, Finding, FindingKind, GatewayState
from payments.payu.replies import read_orders, read_refund
from tests.payments.payu.samples import order, reply, transaction


def refund(state: str) -> dict[str, Any]:
    return transaction(id="reembolso", type="REFUND", parentTransactionId="60e2", transactionResponse={"state": state})


def paid(answer: Answer) -> list[Finding]:
    """The findings that are money."""
    return [finding for finding in answer.findings if finding.paid]


def test_a_granted_refund_is_a_refund_and_the_charge_is_no_longer_money() -> None:
    answer = read_orders(reply([order(refund("APPROVED"), transaction(), status="REFUNDED")]))
    back, charge = answer.findings
    assert (back.kind, back.state, back.gateway_parent_id) == (FindingKind.REFUND, GatewayState.REFUNDED, "60e2")
    assert (charge.kind, charge.state) == (FindingKind.PAYMENT, GatewayState.REFUNDED)
    assert paid(answer) == []


def test_a_rejected_refund_leaves_the_payment_as_it_was() -> None:
    answer = read_orders(reply([order(refund("DECLINED"), transaction())]))
    assert [finding.paid for finding in answer.findings] == [False, True]
    assert answer.findings[1].state is GatewayState.APPROVED


def test_a_refund_says_nothing_about_the_payment_itself() -> None:
    answer = read_orders(reply([order(refund("APPROVED"), transaction(), status="ALGO_NUEVO")]))
    assert answer.findings[1].state is GatewayState.UNKNOWN


def test_a_lost_dispute_is_a_chargeback() -> None:
    answer = read_orders(reply([order(transaction(), status="CHARGEBACK")]))
    (finding,) = answer.findings
    assert finding.state is GatewayState.CHARGEBACK
    assert paid(answer) == []


def test_pse_gives_its_cus() -> None:
    pse = transaction(
        paymentMethod="PSE",
        transactionResponse={"state": "APPROVED", "responseCode": "APPROVED", "trazabilityCode": "1410482"},
        extraParameters={"BANK_NAME": "BANCO DE BOGOTA"},
    )
    (finding,) = read_orders(reply([order(pse)])).findings
    assert (finding.cus, finding.bank, finding.method_label) == ("1410482", "BANCO DE BOGOTA", "PSE")


def test_pending_says_why() -> None:
    pending = transaction(paymentMethod="PSE", transactionResponse={"state": "PENDING", "pendingReason": "AWAITING_NOTIFICATION"})
    answer = read_orders(reply([order(pending, status="IN_PROGRESS")]))
    (finding,) = answer.findings
    assert (finding.state, finding.response_code) == (GatewayState.PENDING, "AWAITING_NOTIFICATION")


def test_two_payments_of_one_reference_are_two_and_one_listed_twice_is_one() -> None:
    answer = read_orders(reply([order(transaction(), transaction()), order(transaction(id="segunda"), id=2)]))
    assert len(answer.findings) == 2
    assert [finding.gateway_transaction_id for finding in paid(answer)] == [
        "60e2080d-08b1-4db2-a54f-8bcbe8271662",
        "segunda",
    ]


def test_an_approval_without_an_id_is_not_counted() -> None:
    assert paid(read_orders(reply([order(transaction(id=None))]))) == []


def test_an_order_of_another_reference_is_left_out() -> None:
    answer = read_orders(reply([order(transaction(), referenceCode="OTRA")]), reference="INV-2026-0001-1")
    assert (answer.known, answer.findings) == (False, ())


def test_an_order_without_tries_is_known_and_empty() -> None:
    answer = read_orders(reply([order(status="NEW")]))
    assert (answer.known, answer.findings) == (True, ())


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (1250000, Decimal(1250000)), ("1250000.00", Decimal("1250000.00")), (Decimal("150.35"), Decimal("150.35")),
        (None, None), (True, None), ("x", None), ("NaN", None), ([], None), (10**30, None), ("1e99999999", None),
            ("1e-99999999", None), ("0e99999999", Decimal(0)), ("-Infinity", None), (Decimal("sNaN"), None),
    ],
)  # fmt: skip
def test_amounts_are_decimal_or_nothing(value: Any, amount: Decimal | None) -> None:
    listed = transaction(additionalValues={"TX_VALUE": {"value": value, "currency": "COP"}})
    (finding,) = read_orders(reply([order(listed)])).findings
    assert finding.amount == amount


def test_a_binary_fraction_is_no_amount() -> None:
    """Only a transport that read the reply with floats could bring one; better none than a wrong one."""
    listed = transaction(additionalValues={"TX_VALUE": {"value": 150.35, "currency": "COP"}})
    (finding,) = read_orders(reply([order(listed)])).findings
    assert finding.amount is None


@pytest.mark.parametrize(("flag", "expected"), [(True, True), (False, False), ("true", None), (None, None)])
def test_the_order_may_say_that_it_is_a_test(flag: Any, expected: bool | None) -> None:
    (finding,) = read_orders(reply([order(transaction(), isTest=flag)])).findings
    assert finding.test is expected


def test_evidence_is_stable_json_without_the_payers_data() -> None:
    (finding,) = read_orders(reply([order(transaction())])).findings
    kept = json.loads(finding.evidence)
    assert kept["order"] == {
        "id": 1400462690, "status": "CAPTURED", "referenceCode": "INV-2026-0001-1", "accountId": 512321,
    }  # fmt: skip
    assert kept["transaction"]["transactionResponse"]["authorizationCode"] == "123238"
    assert "ana@example.com" not in finding.evidence
    assert "409744" not in finding.evidence
    (again,) = read_orders(reply([order(transaction())])).findings
    assert again.evidence == finding.evidence


def test_what_could_not_be_stored_is_left_out() -> None:
    (finding,) = read_orders(reply([order(transaction(id="a\0b\ud800c"))])).findings
    assert finding.gateway_transaction_id == "abc"


@pytest.mark.parametrize(
    ("response", "state"),
    [
        ({"state": "PENDING"}, GatewayState.PENDING), ({"state": "APPROVED"}, GatewayState.REFUNDED),
        ({"state": "DECLINED"}, GatewayState.DECLINED), ({}, GatewayState.UNKNOWN), (None, GatewayState.UNKNOWN),
    ],
)  # fmt: skip
def test_what_a_refund_answers(response: Any, state: GatewayState) -> None:
    assert read_refund({"code": "SUCCESS", "transactionResponse": response}).state is state


shapes = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["APPROVED", "CAPTURED"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "status", "transactions", "transactionResponse", "state", "additionalValues", "TX_VALUE",
                 "value", "type", "payload", "result", "referenceCode", "extraParameters", "isTest"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)  # fmt: skip


@given(shapes)
def test_no_shape_breaks_the_reader_or_makes_a_payment(shape: Any) -> None:
    for answer in (
        read_orders({"result": shape}),
        read_orders({"result": {"payload": shape}}, reference="R"),
        read_orders(reply([order(shape) if isinstance(shape, dict) else shape])),
    ):
        assert isinstance(answer, Answer)
        assert paid(answer) == []
        assert all(finding.state is not GatewayState.APPROVED for finding in answer.findings if finding.kind is FindingKind.PAYMENT)
    read_refund({"transactionResponse": shape})
