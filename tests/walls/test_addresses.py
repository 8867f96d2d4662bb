"""Every address that names a row, with the id of somebody else's: not found, and not one table changes. The list is the
product's own: an address that is added and has no row here fails."""

from __future__ import annotations

import re
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import URLPattern, URLResolver, get_resolver

from clientarea import calendar_feed, files, papers
from clientarea.models import Lease, Notice, Paper
from payments import accounts, checkout, proofs, reversals, settlement, transfers
from payments.invoicing import credit_notes, official_papers
from payments.manual import ManualPayment
from payments.models import DeductionKind, InvoiceKind, Payout, PayoutOrder, Series
from payments.payouts import paying
from saas.api.scopes import Scope
from saas.lib import clock
from saas.lib.files import CheckedFile
from tenants import context
from tests.api.calls import make_key, software
from tests.desk.test_team import DESK
from tests.invoicing.helpers import number
from tests.payments.money import say
from tests.payments.test_transfers import TOLD
from tests.payouts.steps import collect, deduct, liquidate, pay
from tests.portal.pages import PAYER, at, begin
from tests.pqrs.files import PDF
from tests.walls.whole import tables
from tests.world import NOW, TODAY, Cast, Casts, make_invoice

AREA = "/area-de-clientes/"
NOWHERE = 987_654_321
# Addresses without a row of a client: a year and a kind of data are anybody's, one's own account is by the session, PQRS has a
# table of its own.
NOT_ROWS = ("certificados/", "seguridad/", "pqrs/", "clave/", "activar/", "mis-datos/")
HAND_IN = {**PAYER, "text": "Va", "what": "confirm", "bank_reference": "1"}
XML = official_papers.PaperFile(official_papers.PaperKind.XML, b"<Invoice/>")


def _patterns(found: list[URLPattern | URLResolver], prefix: str) -> Any:
    for one in found:
        if isinstance(one, URLResolver):
            yield from _patterns(one.url_patterns, prefix + str(one.pattern))
        else:
            yield prefix + str(one.pattern), one


ALL = list(_patterns(get_resolver("saas.urls_agency").url_patterns, "/"))
CLIENTS = sorted(
    (address, str(one.name)) for address, one in ALL
    if address.startswith(AREA) and "<" in address and not address.removeprefix(AREA).startswith(NOT_ROWS)
)  # fmt: skip
API = sorted((address, one) for address, one in ALL if address.startswith("/api/v1/") and getattr(one.callback, "door", "") == "api")


@pytest.fixture(autouse=True)
def empty_shelves(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def rows_of_clients(cast: Cast) -> dict[str, tuple[int, ...]]:
    """A row behind every address of the client area: Rita's, and Oscar's where only owners have such. Call it inside the agency."""
    transfers.save_account(TOLD, active=True, staff=cast.sara, now=NOW)
    number(cast, Series.NOTE)
    commission = make_invoice(cast.lease, 900, kind=InvoiceKind.COMMISSION, client=cast.oscar)
    for invoice in (cast.invoice, commission):
        official_papers.attach(invoice.pk, files=[XML], cufe="", staff=cast.sara, now=NOW)
    note = credit_notes.issue_note(
        cast.overdue.pk, amount=Decimal(1000), reason="Descuento", key=uuid.uuid4(), staff=cast.sara, now=clock.now()
    )
    paid, gone, open_ = (begin(cast, make_invoice(cast.lease, 910 + n)) for n in range(3))
    say(paid)
    say(gone)
    reversal = reversals.reverse_by_staff(gone.payment_id, reason="Cheque devuelto", staff=cast.sara, now=NOW)
    mine = make_invoice(cast.lease, 920)
    transfer = checkout.start_payment(
        client=cast.rita, lines=[(mine, mine.balance)], payer=cast.payer, now=clock.now(), provider=accounts.TRANSFER
    )
    payout = Payout.objects.create(
        prefix="CE", number=1, owner=cast.oscar, lease=cast.lease, period=TODAY.replace(day=1), paid_on=TODAY, collected=1, commission=0,
        commission_iva=0, withholdings=0, other=0, net=1,
    )  # fmt: skip
    (shared,) = files.share(
        [cast.rita], CheckedFile("a.pdf", PDF, "application/pdf"), kind="lease", title="Contrato", lease=None, expires_on=None, by=cast.sara, now=NOW
    )
    asked = files.ask(cast.rita, kind="policy", title="Póliza", why="Para renovar", due_on=TODAY, lease=None, by=cast.sara, now=NOW)
    path = default_storage.save("papers/a.pdf", ContentFile(PDF))
    paper = Paper.objects.create(
        client=cast.rita, kind="saas.my_data", key="k", name="a.pdf", title="Mis datos", asked_at=NOW, made_at=NOW, path=path, state="made",
        content_type=papers.PDF, size=len(PDF),
    )  # fmt: skip
    Lease.objects.filter(pk=cast.berta_lease.pk).update(co_renter=cast.rita)  # Rita signed Berta's lease too
    notice = Notice.objects.create(client=cast.rita, kind="payment", key="k", data={}, link=at("payments"), created_at=NOW)
    calendar_feed.make(cast.rita, now=NOW)
    return {
        "facturas": (cast.invoice.pk,), "facturas/compartidas": (cast.berta_invoice.pk,),
        "facturas/notas": (note.pk,), "comisiones": (commission.pk,),
        "pagos": (paid.payment_id, gone.payment_id, open_.payment_id, transfer.payment_id), "reversiones": (reversal.pk,),
        "ingresos": (payout.pk,), "documentos": (shared.pk,), "documentos/solicitudes": (asked.pk,), "descargas": (paper.pk,),
        "notificaciones": (notice.pk,),
    }  # fmt: skip


def test_every_address_of_the_client_area_with_somebody_elses_row(cast: Casts, browse: Any) -> None:
    here, there = cast.alfa, cast.beta
    with context.in_agency(here.agency):
        rows = rows_of_clients(here)
        before = tables()
    with context.in_agency(there.agency):
        assert rows_of_clients(there) == rows  # the same ids: what is opened here is never theirs
        before_there = tables()
    opened, wrong = set(), []
    for address, name in CLIENTS:
        folder = address.removeprefix(AREA).partition("/<")[0]
        owner = here.oscar if folder in ("comisiones", "ingresos") else here.rita
        for pk in rows[folder]:
            path = at(name, pk)
            for someone in (here.berta, here.nadie, here.oscar if owner is here.rita else here.rita):
                browser = browse(here.agency, someone.user)
                found = [browser.get(path).status_code, browser.post(path, HAND_IN).status_code]
                if found not in ([404, 404], [404, 405], [405, 404]):
                    wrong.append((path, someone.name, found))
            assert browse(here.agency, here.sara).post(path, HAND_IN).status_code in (404, 405), path
            assert browse(here.agency).post(path, HAND_IN).status_code == 302, path
    assert wrong == []
    with context.in_agency(here.agency):
        assert tables() == before
    # Their own client opens each of them, so that it was somebody else's door that was closed and not nobody's.
    for address, name in CLIENTS:
        folder = address.removeprefix(AREA).partition("/<")[0]
        browser = browse(here.agency, (here.oscar if folder in ("comisiones", "ingresos") else here.rita).user)
        for pk in rows[folder]:
            if browser.get(at(name, pk)).status_code in (200, 302, 405):
                opened.add(name)
    assert opened == {name for _address, name in CLIENTS}
    with context.in_agency(there.agency):
        assert tables() == before_there


@pytest.mark.parametrize("who", ["sara", "nobody"])
def test_every_address_of_the_desk_with_a_row_that_is_not_there(cast: Casts, browse: Any, who: str) -> None:
    """Another agency's row is one that is not there: 404 before anything is done."""
    with context.in_agency(cast.alfa.agency):
        before = tables()
    browser = browse(cast.alfa.agency, cast.alfa.sara if who == "sara" else None)
    named = sorted(
        (re.sub(r"<slug:[^>]+>", "revisar", re.sub(r"<(?:int|str):[^>]+>", str(NOWHERE), address)), one.name)
        for address, one in ALL if address.startswith("/oficina/") and "<int:" in address
    )  # fmt: skip
    assert len(named) > 60
    wrong = []
    for path, name in named:
        found = (browser.get(path).status_code, browser.post(path, HAND_IN).status_code)
        expected = ({404, 405}, {404, 405}) if who == "sara" else ({302}, {302})
        if found[0] not in expected[0] or found[1] not in expected[1] or found == (405, 405):
            wrong.append((name, *found))
    # An announcement that is not there cannot be put away; nothing else answers otherwise.
    assert wrong == ([("desk_dismiss", 405, 302)] if who == "sara" else [])
    with context.in_agency(cast.alfa.agency):
        assert tables() == before


def test_what_belongs_to_another_row_of_the_same_agency(cast: Casts, browse: Any) -> None:
    """Two ids in one address: the second must be the first one's."""
    here = cast.alfa
    with context.in_agency(here.agency):
        collect(here, here.invoice)
        collect(here, here.berta_invoice)
        (first,) = liquidate(here)
        deducted = deduct(here, first.lines.order_by("pk")[0], 1000, DeductionKind.REPAIR)
        other = PayoutOrder.objects.create(owner=here.berta, made_at=NOW)
        liquidation = first.lines.order_by("pk")[0].liquidation_id
        before = tables()
    sara = browse(here.agency, here.sara)
    assert sara.post(at("desk_payout_forgive", other.pk, deducted.pk)).status_code == 404
    assert sara.post(at("desk_payout_discard", other.pk, liquidation)).status_code == 404
    with context.in_agency(here.agency):
        assert tables() == before
        paying.forgive(deducted.pk, staff=here.sara, now=NOW)
        pay(here, first)
        voucher = Payout.objects.order_by("pk").first()
        assert voucher is not None
    assert sara.get(at("desk_payout_paper", first.pk, voucher.pk)).status_code == 200
    assert sara.get(at("desk_payout_paper", other.pk, voucher.pk)).status_code == 404


# The API: each address and method with each scope alone


def test_every_method_of_the_api_with_every_scope_alone(cast: Casts) -> None:
    """A key with all scopes but the one that is asked for gets 403; with that one alone it gets past the door."""
    here = cast.alfa
    with context.in_agency(here.agency):
        entry = ManualPayment(
            key=uuid.uuid4(), client=here.rita, amount=Decimal(5), means="Efectivo", reference="", paid_on=TODAY, lines=()
        )
        settlement.settle_manual(entry, staff=here.sara, now=NOW)
        before = tables()
    keys = {"audit_change", "api_apikey"}  # what making the keys of this test writes
    wrong = []
    for address, one in API:
        path = re.sub(r"<[^>]+>", "1", address)
        assert set(one.callback.scopes) <= {"GET", "POST", "PATCH"}, address
        for method, scope in one.callback.scopes.items():
            lacking = software(here, [each for each in Scope.values if each != scope.value])
            refused = lacking.call(method, path, {} if method != "GET" else None, Idempotency_Key="prueba-0001", If_Match="*")
            if refused.status_code != 403:
                wrong.append((method, address, refused.status_code))
            if method == "GET":
                let_in = software(here, [scope.value]).get(path)
                if let_in.status_code not in (200, 404):
                    wrong.append((method, address, let_in.status_code))
    assert wrong == []
    with context.in_agency(here.agency):
        assert {name for name, rows in tables().items() if rows != before[name]} == keys


def test_the_api_is_no_way_in_for_sessions_and_gives_none(cast: Casts, browse: Any) -> None:
    browser = browse(cast.alfa.agency, cast.alfa.sara)
    for address, one in API:
        answer = browser.generic("GET" if "GET" in one.callback.scopes else "POST", re.sub(r"<[^>]+>", "1", address))
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="api"'), address
    _key, shown = make_key(cast.alfa)
    caller = software(cast.alfa)
    for path in ("/oficina/", at("home"), at("invoices")):
        answer = caller.browser.get(path, headers={"Authorization": f"Bearer {shown}"})
        assert answer.status_code == 302, path
    assert caller.get("clients/").cookies == {}


def test_the_proof_of_somebody_elses_transfer(cast: Casts, browse: Any) -> None:
    """Handing in for another's payment keeps no file; only the desk's people of money open one."""
    here = cast.alfa
    with context.in_agency(here.agency):
        transfers.save_account(TOLD, active=True, staff=here.sara, now=NOW)
        attempt = checkout.start_payment(
            client=here.rita, lines=[(here.invoice, here.invoice.balance)], payer=here.payer, now=clock.now(), provider=accounts.TRANSFER
        )
        proof = transfers.hand_in(attempt.pk, proofs.ProofFile(PDF, "application/pdf"), now=clock.now())
    path = at("desk_transfer_proof", proof.pk)
    answer = browse(here.agency, here.sara).get(path)
    assert (answer["Cache-Control"], answer["X-Content-Type-Options"]) == ("private, no-store", "nosniff")
    assert answer["Content-Disposition"].startswith("attachment;")
    assert browse(here.agency, here.rita.user).get(path).status_code == 404
    assert browse(cast.beta.agency, cast.beta.sara).get(path).status_code == 404


def test_there_are_addresses_to_try() -> None:
    assert len(CLIENTS) >= 20
    assert len(API) >= 20
    assert len(DESK) > 100
