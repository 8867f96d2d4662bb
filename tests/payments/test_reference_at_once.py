"""Two registrations with one bank's reference at once, from the desk and from the agency's software: the second waits and is asked.

The second is put at the statements of the first, whole requests on real connections, in an agency that is thrown away afterwards.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from payments import accounts, checkout, proofs, transfers
from payments.models import OrderState, Payment, PaymentState, PayoutOrder, TransferProof, TransferState
from payments.payouts import paying, proposals
from saas.lib import clock
from tests.api.calls import software
from tests.own_agency import committed_agency, inside
from tests.payments.boundaries import everywhere
from tests.payments.money import check_invariants
from tests.payouts.steps import check_payouts, collect
from tests.portal.pages import at
from tests.world import NOW, TODAY, Cast, make_invoice

REFERENCES = count(1)
NUMBERS = count(7000)
DONE, ASKED = "done", "asked"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
TOLD = {"bank": "Bancolombia", "kind": "Ahorros", "account": "03512345678", "holder": "Epsilon", "document": "900373913"}
Way = Callable[[str], str]


@pytest.fixture(scope="module")
def arena(django_db_setup: None, django_db_blocker: Any) -> Iterator[Cast]:
    """The agency of this module."""
    with committed_agency(django_db_blocker, slug="epsilon") as cast:
        yield cast


@pytest.fixture
def here(arena: Cast, committed: None, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any) -> Iterator[Cast]:
    """Inside that agency; nobody is nudged. The money must add up afterwards."""
    settings.MEDIA_ROOT = tmp_path
    with inside(arena, monkeypatch):
        yield arena
        check_invariants()
        check_payouts()


def desk(here: Cast, browse: Any) -> Way:
    """*Registrar pago*, as staff sends it."""
    browser = browse(here.agency, here.sara)

    def register(reference: str) -> str:
        answer = browser.post(at("desk_register_client", here.rita.pk), {
            "key": str(uuid.uuid4()), "amount": "50.000", "paid_on": clock.today().isoformat(), "means": "Transferencia", "reference": reference,
            "how": "credit", "proof": SimpleUploadedFile("soporte.pdf", PDF),
        })  # fmt: skip
        return DONE if answer.status_code == 302 else ASKED if "again" in answer.context["form"].errors else answer.content.decode()

    return register


def program(here: Cast) -> Way:
    """The same by the API."""
    calls = software(here)

    def register(reference: str) -> str:
        given = {"client": here.rita.pk, "amount": "50000", "means": "Transferencia", "paid_on": TODAY.isoformat(), "reference": reference.lower()}
        answer = calls.post("payments/", given)
        told = answer.json()
        return DONE if answer.status_code == 201 else ASKED if told["type"] == "urn:problem:reference-used" else str(told)

    return register


@pytest.mark.parametrize("desk_first", [True, False])
def test_of_two_registrations_at_once_one_is_kept_and_the_other_is_asked(here: Cast, browse: Any, desk_first: bool) -> None:
    first, second = (desk(here, browse), program(here)) if desk_first else (program(here), desk(here, browse))

    def prepare() -> Any:
        reference = f"TRF-{next(REFERENCES)}"

        def check(results: tuple[str, str]) -> None:
            assert sorted(results) == [ASKED, DONE]
            assert Payment.objects.filter(reference__iexact=reference).count() == 1

        return lambda: first(reference), lambda: second(reference), check

    assert everywhere(here.agency, prepare, step=2) >= 10


def test_a_transfer_confirmed_beside_a_registration_under_its_number(here: Cast, browse: Any) -> None:
    transfers.save_account(TOLD, active=True, staff=here.sara, now=NOW)
    register, browser = desk(here, browse), browse(here.agency, here.sara)

    def prepare() -> Any:
        reference, invoice = f"TRF-{next(REFERENCES)}", make_invoice(here.lease, next(NUMBERS))
        attempt = checkout.start_payment(
            client=here.rita, lines=[(invoice, invoice.balance)], payer=here.payer, now=NOW, provider=accounts.TRANSFER
        )
        transfers.hand_in(attempt.pk, proofs.ProofFile(PDF, "application/pdf"), now=NOW)
        proof = TransferProof.objects.get(attempt=attempt)

        def confirm() -> str:
            answer = browser.post(at("desk_transfer", proof.pk), {"what": "confirm", "bank_reference": reference})
            return DONE if answer.status_code == 302 else ASKED

        def check(results: tuple[str, str]) -> None:
            assert sorted(results) == [ASKED, DONE]
            proof.refresh_from_db()
            assert (proof.state == TransferState.CONFIRMED) == (results[0] == DONE)
            assert Payment.objects.filter(reference=reference, state=PaymentState.APPROVED).count() == 1

        return confirm, lambda: register(reference), check

    assert everywhere(here.agency, prepare, step=2) >= 10


def test_of_two_payouts_under_one_reference_at_once_one_is_asked_about(here: Cast, browse: Any) -> None:
    browsers = [browse(here.agency, here.sara) for _ in range(2)]

    def prepare() -> Any:
        reference, orders = f"GIRO-{next(REFERENCES)}", []
        for _ in range(2):
            collect(here, make_invoice(here.lease, next(NUMBERS)))
            paying.liquidate(until=TODAY, mark=proposals.propose(until=TODAY).mark, staff=here.sara, now=NOW)
            orders.append(PayoutOrder.objects.get(state=OrderState.DRAFT))
            paying.review([orders[-1].pk], staff=here.sara, now=NOW)

        def pay(turn: int) -> str:
            given = {"paid_on": TODAY.isoformat(), "bank_reference": reference}
            answer = browsers[turn].post(at("desk_payout_step", orders[turn].pk, "girado"), given)
            return DONE if answer.status_code == 302 else ASKED

        def check(results: tuple[str, str]) -> None:
            assert sorted(results) == [ASKED, DONE]
            assert PayoutOrder.objects.filter(bank_reference=reference, state=OrderState.PAID).count() == 1

        return lambda: pay(0), lambda: pay(1), check

    assert everywhere(here.agency, prepare, step=4) >= 8
