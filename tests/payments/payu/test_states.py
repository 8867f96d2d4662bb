"""PayU's numbers and words in ours: nothing unknown becomes a decline, nothing but a captured charge is paid."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.gateway import FindingKind, GatewayState
from payments.payu import states


@pytest.mark.parametrize(
    ("order_status", "transaction_state", "expected"),
    [
        ("CAPTURED", "APPROVED", GatewayState.APPROVED),
        ("CAPTURED", "DECLINED", GatewayState.DECLINED),
        ("CAPTURED", "EXPIRED", GatewayState.EXPIRED),
        ("REFUNDED", "APPROVED", GatewayState.REFUNDED),
        ("CHARGEBACK", "APPROVED", GatewayState.CHARGEBACK),
        ("AUTHORIZED", "APPROVED", GatewayState.PENDING),
        ("IN_PROGRESS", "APPROVED", GatewayState.PENDING),
        ("IN_PROGRESS", "PENDING", GatewayState.PENDING),
        ("IN_PROGRESS", "SUBMITTED", GatewayState.PENDING),
        ("DECLINED", "DECLINED", GatewayState.DECLINED),
        ("DECLINED", "APPROVED", GatewayState.UNKNOWN),
        ("DECLINED", "ERROR", GatewayState.ERROR),
        ("CANCELLED", "APPROVED", GatewayState.UNKNOWN),
        ("NEW", "APPROVED", GatewayState.UNKNOWN),
        ("", "APPROVED", GatewayState.UNKNOWN),
        ("CAPTURED", "", GatewayState.UNKNOWN),
        ("CAPTURED", "WHATEVER", GatewayState.UNKNOWN),
    ],
)
def test_state_of_a_charge(order_status: str, transaction_state: str, expected: GatewayState) -> None:
    found = states.found_state(
        order_status=order_status, transaction_type="AUTHORIZATION_AND_CAPTURE", transaction_state=transaction_state
    )
    assert found is expected


@pytest.mark.parametrize("transaction_type", ["REFUND", "PARTIAL_REFUND", "VOID"])
def test_an_approved_refund_is_never_an_approval(transaction_type: str) -> None:
    for order_status in ("CAPTURED", "REFUNDED", ""):
        found = states.found_state(order_status=order_status, transaction_type=transaction_type, transaction_state="APPROVED")
        assert found is GatewayState.REFUNDED
    assert states.finding_kind(transaction_type) is FindingKind.REFUND


@pytest.mark.parametrize("transaction_type", ["AUTHORIZATION", "", "SOMETHING_NEW"])
def test_an_approval_of_a_kind_we_do_not_know_is_unknown(transaction_type: str) -> None:
    found = states.found_state(order_status="CAPTURED", transaction_type=transaction_type, transaction_state="APPROVED")
    assert found is GatewayState.UNKNOWN
    assert states.finding_kind(transaction_type) is FindingKind.UNKNOWN


@given(st.text(), st.text(), st.text())
def test_only_a_captured_charge_is_approved(order_status: str, kind: str, state: str) -> None:
    found = states.found_state(order_status=order_status, transaction_type=kind, transaction_state=state)
    assert found is not GatewayState.APPROVED


@given(st.text())
def test_words_we_do_not_know_never_decline(word: str) -> None:
    if word not in states.RETURN_STATES:
        assert states.callback_state(word) is GatewayState.UNKNOWN
        assert states.return_state(word) is GatewayState.UNKNOWN
    assert isinstance(states.reason(word), str)
    assert isinstance(states.method_label(word, word), str)


def test_pending_is_never_called_back() -> None:
    assert states.callback_state("7") is GatewayState.UNKNOWN
    assert states.return_state("7") is GatewayState.PENDING


def test_every_state_has_a_spanish_label() -> None:
    labels = [states.state_label(state) for state in GatewayState]
    assert len(set(labels)) == len(GatewayState)
    assert states.state_label(GatewayState.UNKNOWN) == "Sin confirmar"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("INSUFFICIENT_FUNDS", "Fondos insuficientes"),
        ("6", "Fondos insuficientes"),
        ("EXPIRED_CARD", "La tarjeta está vencida"),
        ("9", "La tarjeta está vencida"),
        ("BANK_ACCOUNT_NOT_AUTHORIZED _FOR_AUTOMATIC_DEBIT", states.REASONS["INVALID_BANK"]),
        ("ABANDONED_TRANSACTION", "El pago se dejó sin terminar. Puede intentarlo de nuevo."),
        ("PENDING_AWAITING_PSE_CONFIRMATION", "El pago espera la confirmación de PSE. Puede tardar unos minutos."),
        ("NUEVO_CODIGO", ""),
        ("", ""),
    ],
)
def test_reasons_are_for_the_payer(code: str, text: str) -> None:
    assert states.reason(code) == text


@pytest.mark.parametrize("state", [GatewayState.DECLINED, GatewayState.EXPIRED, GatewayState.ERROR])
def test_a_failure_without_a_known_code_still_says_what_to_do(state: GatewayState) -> None:
    expected = "El pago no fue aprobado. Intente de nuevo o use otro medio de pago."
    assert states.reason("NUEVO_CODIGO", state=state) == expected


def test_reasons_speak_no_payu() -> None:
    for text in states.REASONS.values():
        assert "transacción" not in text.lower()
        assert "_" not in text


@pytest.mark.parametrize(
    ("method", "method_type", "label"),
    [
        ("VISA", "2", "Tarjeta de crédito Visa"), ("visa_debit", "", "Tarjeta débito Visa"), ("PSE", "4", "PSE"),
        ("EFECTY", "7", "Efectivo en Efecty"), ("OTHERS_CASH", "7", "Efectivo en Su Red"), ("NEQUI", "", "Nequi"),
        ("BANCOLOMBIA_BUTTON", "", "Botón Bancolombia"), ("", "7", "Efectivo"),
        ("", "CREDIT_CARD", "Tarjeta de crédito"),
        ("MEDIO_NUEVO", "99", "MEDIO_NUEVO"), ("MEDIO_NUEVO", "2", "Tarjeta de crédito"), ("", "", ""),
    ],
)  # fmt: skip
def test_means_of_payment_in_spanish(method: str, method_type: str, label: str) -> None:
    assert states.method_label(method, method_type) == label
