"""The desk's pages of invoices: who may see them, the list and its files, one invoice, writing, papers, mail, and a month."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

import workers.payments  # noqa: F401  (the handlers)
from clientarea.models import Client, Lease
from payments.invoicing import credit_notes, issuing, runs
from payments.invoicing import policy as invoicing_policy
from payments.models import (
    CreditNote,
    Invoice,
    InvoicePaper,
    InvoiceRun,
    InvoicingPolicy,
    RentIncrease,
    Resolution,
    Series,
    YearFigures,
)
from saas.audit.models import Change
from saas.jobs.models import Job
from saas.jobs.run import run_job
from saas.lib import clock
from tenants import context
from tests.desk.desks import assert_desk_only
from tests.invoicing.helpers import begin, finish, number, pay, some_leases
from tests.portal.pages import at, queries_of, tags, text_of
from tests.world import NOW, TODAY, Cast, Casts, make_invoice

CUFE = "0123456789abcdef" * 6
PDF = b"%PDF-1.7 oficial\n%%EOF\n"
XML = b'<?xml version="1.0" encoding="UTF-8"?><Invoice xmlns="urn:x"><ID>FA1</ID></Invoice>'


@pytest.fixture
def here(cast: Casts, tmp_path: Any) -> Iterator[Cast]:
    before = settings.MEDIA_ROOT
    settings.MEDIA_ROOT = tmp_path
    with context.in_agency(cast.alfa.agency):
        number(cast.alfa)
        number(cast.alfa, Series.NOTE)
        number(cast.alfa, Series.COMMISSION)
    yield cast.alfa
    settings.MEDIA_ROOT = before


def sara(browse: Any, here: Cast) -> Any:
    return browse(here.agency, here.sara)


PAGES = (
    ("desk_invoices", None), ("desk_invoice", "invoice"), ("desk_invoice_new", None), ("desk_invoice_lease", "lease"),
    ("desk_invoice_client", "client"), ("desk_invoice_void", "invoice"), ("desk_invoice_note", "invoice"), ("desk_invoice_papers", "invoice"),
    ("desk_invoice_pdf", "invoice"), ("desk_note_pdf", "note"), ("desk_runs", None), ("desk_run_new", None), ("desk_run", "run"),
    ("desk_numbering", None), ("desk_rules", None), ("desk_increases", None), ("desk_client_taxes", "client"),
)  # fmt: skip


@pytest.fixture
def everything(here: Cast) -> dict[str | None, list[int]]:
    """Ids that only alfa has."""
    with context.in_agency(here.agency):
        client = Client.objects.create(document_type="CC", document="77", name="Solo Alfa", folded="solo alfa", email="a@b.example", pk=800_001)
        Lease.objects.filter(pk=here.lease.pk).update(renter=client)
        lease = Lease.objects.get(pk=here.lease.pk)
        lease.pk, lease.number = 800_002, "CA-800"
        lease.save(force_insert=True)
        invoice = make_invoice(lease, 90, client=client, pk=800_003)
        note = credit_notes.issue_note(invoice.pk, amount=Decimal(5), reason="Prueba", key=uuid.uuid4(), staff=here.sara, now=NOW)
        run = begin(here)
    return {None: [], "client": [client.pk], "lease": [lease.pk], "invoice": [invoice.pk], "note": [note.pk], "run": [run.pk]}


@pytest.mark.parametrize(("name", "what"), PAGES)
def test_only_staff_of_this_agency_comes_in(
    cast: Casts, here: Cast, everything: dict[str | None, list[int]], browse: Any, name: str, what: str | None
) -> None:
    path = at(name, *everything[what])
    assert sara(browse, here).get(path).status_code == 200
    assert_desk_only(browse, here, path)
    assert browse(cast.beta.agency, cast.beta.sara).get(path).status_code == (200 if what is None else 404)


@pytest.mark.parametrize(("name", "what"), PAGES)
def test_pages_ask_few_questions(here: Cast, everything: dict[str | None, list[int]], browse: Any, name: str, what: str | None) -> None:
    with context.in_agency(here.agency):
        some_leases(here, 12)
        finish(InvoiceRun.objects.get())
    assert len(queries_of(sara(browse, here), at(name, *everything[what]))) <= 15


def test_previews_and_rises_ask_as_few_questions_of_many_leases_as_of_few(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        policy = {"late_rate": Decimal(2), "late_grace": 0, "iva_rate": Decimal(19), "commission_iva_rate": Decimal(19)}
        invoicing_policy.save(policy, staff=here.sara, now=NOW, today=date(2026, 1, 1))
        with_money(here, 1, first=700)
    browser, generate = sara(browse, here), at("desk_run_new")
    paths = {
        f"{generate}?kind=month&period=2026-12&issued_on={TODAY}": 11,
        f"{generate}?kind=commission&period=2026-10&issued_on={TODAY}": 15,
        at("desk_increases"): 10,
    }
    assert {path: len(queries_of(browser, path)) for path in paths} == paths
    with context.in_agency(here.agency):
        with_money(here, 30, first=800)
    assert {path: len(queries_of(browser, path)) for path in paths} == paths


def test_a_preview_leads_to_the_numbering_only_when_that_is_what_lacks(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        with_money(here, 1, first=700)
    browser, generate = sara(browse, here), at("desk_run_new")
    link = f'<a href="{at("desk_numbering")}">Numeración</a></div>'
    early = browser.get(f"{generate}?kind=commission&period={TODAY:%Y-%m}&issued_on={TODAY}").content.decode()
    assert ("no ha terminado" in early, link in early) == (True, False)
    with context.in_agency(here.agency):
        Resolution.objects.all().delete()
    lacking = browser.get(f"{generate}?kind=commission&period=2026-10&issued_on={TODAY}").content.decode()
    assert ("Registre primero la numeración" in lacking, link in lacking) == (True, True)


def with_money(here: Cast, count: int, *, first: int) -> None:
    """That many leases with an invoice of October; of each second one it was paid late."""
    leases = some_leases(here, count, prefix=f"M{first}")
    for n, lease in enumerate(leases):
        invoice = make_invoice(lease, first + n, period=date(2026, 10, 1), due_on=date(2026, 10, 5))
        if n % 2 == 0:
            pay(here, invoice, invoice.total, on=date(2026, 10, 20))


# The list


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["FA-3", "FA-1", "FA-2"]), ({"q": "ñáñez"}, ["FA-1", "FA-2"]), ({"q": "fa 2"}, ["FA-2"]), ({"q": "CA-3"}, ["FA-3"]),
        ({"q": "in-1"}, ["FA-1", "FA-2"]),
        ({"q": "1.003"}, ["FA-3"]), ({"q": "nada así"}, []), ({"state": "overdue"}, ["FA-2"]), ({"period": "2026-10"}, ["FA-2"]),
        ({"kind": "commission"}, []), ({"period": "ayer", "state": "x"}, ["FA-3", "FA-1", "FA-2"]),
    ],
)  # fmt: skip
def test_searching_and_filtering(here: Cast, browse: Any, query: dict[str, str], found: list[str]) -> None:
    page = sara(browse, here).get(at("desk_invoices"), query)
    assert [row.full_number for row in page.context["page"]] == found
    assert page.context["totals"].count == len(found)


def test_the_list_as_files(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        Client.objects.filter(pk=here.berta.pk).update(name="=HYPERLINK(1)")
    table = list(csv.reader(io.StringIO(sara(browse, here).get(at("desk_invoices_file", "csv")).content.decode("utf-8-sig")), delimiter=";"))
    assert len(table) == 4
    assert (table[1][0], table[1][2], table[1][14]) == ("FA-3", "'=HYPERLINK(1)", "2000000")
    answer = sara(browse, here).get(at("desk_invoices_file", "xlsx"), {"state": "overdue"})
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True))
    assert [row[0] for row in rows] == ["Número", "FA-2"]
    assert sara(browse, here).get(at("desk_invoices_file", "pdf")).status_code == 404


# One invoice


def test_the_page_says_what_may_be_done_and_what_was(here: Cast, browse: Any) -> None:
    page = sara(browse, here).get(at("desk_invoice", here.invoice.pk))
    assert "Saldo $ 1.215.000" in text_of(page)
    assert (len(tags(page, "void")), len(tags(page, "note")), len(tags(page, "mail"))) == (1, 1, 1)
    with context.in_agency(here.agency):
        pay(here, here.invoice, 1_000_000)
    page = sara(browse, here).get(at("desk_invoice", here.invoice.pk))
    assert "No se puede anular La factura tiene dinero aplicado" in text_of(page)
    assert tags(page, "void") == []


def test_voiding_and_crediting(here: Cast, browse: Any) -> None:
    answer = sara(browse, here).post(at("desk_invoice_void", here.invoice.pk), {"reason": "Se hizo dos veces"})
    assert "Este campo es obligatorio" in text_of(answer) or answer.context["form"].errors["sure"]
    sara(browse, here).post(at("desk_invoice_void", here.invoice.pk), {"reason": "Se hizo dos veces", "sure": "on"})
    page = sara(browse, here).get(at("desk_invoice", here.invoice.pk))
    assert "Anulada : Se hizo dos veces Sara Equipo" in text_of(page)
    path, key = at("desk_invoice_note", here.overdue.pk), str(uuid.uuid4())
    for _twice in range(2):
        answer = sara(browse, here).post(path, {"key": key, "amount": "215.000", "reason": "Canon mal calculado"})
        assert answer["Location"] == at("desk_invoice", here.overdue.pk)
    assert "hasta $ 1.000.000" in text_of(sara(browse, here).post(path, {"key": uuid.uuid4(), "amount": "1.000.001", "reason": "Otra vez"}))
    with context.in_agency(here.agency):
        assert [note.amount for note in CreditNote.objects.all()] == [215_000]
    rita = browse(here.agency, here.rita.user)
    assert rita.get(at("invoice_note", 1)).content.startswith(b"%PDF-")
    assert "Nota crédito NC-1" in text_of(rita.get(at("invoice", here.overdue.pk)))
    assert browse(here.agency, here.berta.user).get(at("invoice_note", 1)).status_code == 404


def test_writing_one_is_looked_at_first_and_issued_once(here: Cast, browse: Any) -> None:
    path, key = at("desk_invoice_lease", here.lease.pk), str(uuid.uuid4())
    today = clock.today()
    typed = {
        "key": key, "kind": "rent", "period": f"{today:%Y-%m}", "due_on": today.isoformat(), "concept": "Reparación de la cerradura", "base": "",
        "kind_1": "repair", "concept_1": "Cerradura", "amount_1": "150.001", "iva_1": "on", "kind_2": "interest", "concept_2": "Mora pactada",
        "amount_2": "20.000",
    }  # fmt: skip
    seen = sara(browse, here).post(path, {**typed, "look": "1"})
    assert "Cerradura $ 150.001" in text_of(seen)
    assert "Total $ 198.501" in text_of(seen)  # IVA 28 500,19
    blind = sara(browse, here).post(path, {**typed, "issue": "1", "seen": "1"})
    assert "Los valores cambiaron" in text_of(blind)
    for _twice in range(2):
        issued = sara(browse, here).post(path, {**typed, "issue": "1", "seen": "198501"})
        assert issued.status_code == 302
    with context.in_agency(here.agency):
        invoice = Invoice.objects.get(prefix="FE")
        assert (invoice.total, invoice.extras, invoice.iva) == (198_501, 170_001, 28_500)
        assert (invoice.client_id, invoice.issued_by) == (here.rita.pk, here.sara)
        assert Change.objects.get(subject="invoice", field="issued").after == "FE-1: 198501"
    portal = text_of(browse(here.agency, here.rita.user).get(at("invoice", invoice.pk)))
    assert "Cerradura $ 150.001 Mora pactada $ 20.000 IVA $ 28.500" in portal


def test_half_a_line_and_nothing_are_refused(here: Cast, browse: Any) -> None:
    typed = {"key": uuid.uuid4(), "kind": "rent", "period": "2026-11", "due_on": clock.today().isoformat(), "concept": "Nada", "look": "1"}
    path = at("desk_invoice_client", here.nadie.pk)
    assert "no hay nada que facturar" in text_of(sara(browse, here).post(path, typed))
    assert sara(browse, here).post(path, {**typed, "amount_1": "5"}).context["form"].errors["concept_1"]


# Papers


def papers(data: bytes, name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def test_the_official_papers_take_the_place_of_ours(here: Cast, browse: Any) -> None:
    path, rita = at("desk_invoice_papers", here.invoice.pk), browse(here.agency, here.rita.user)
    assert rita.get(at("invoice_xml", here.invoice.pk)).status_code == 404
    answer = sara(browse, here).post(path, {"cufe": CUFE.upper(), "pdf": papers(PDF, "a.pdf"), "xml": papers(XML, "b.xml")})
    assert answer["Location"] == at("desk_invoice", here.invoice.pk)
    for browser, pdf, xml in ((sara(browse, here), "desk_invoice_pdf", "desk_invoice_xml"), (rita, "invoice_pdf", "invoice_xml")):
        assert browser.get(at(pdf, here.invoice.pk)).content == PDF
        got = browser.get(at(xml, here.invoice.pk))
        assert (got.content, got["Content-Disposition"]) == (XML, 'attachment; filename="factura-FA-1.xml"')
    assert browse(here.agency, here.berta.user).get(at("invoice_xml", here.invoice.pk)).status_code == 404
    sara(browse, here).post(path, {"cufe": "", "pdf": papers(PDF + b"%%EOF", "a.pdf")})
    with context.in_agency(here.agency):
        assert Invoice.objects.get(pk=here.invoice.pk).cufe == CUFE
        assert InvoicePaper.objects.count() == 2
        assert rita.get(at("invoice_pdf", here.invoice.pk)).content == PDF + b"%%EOF"
    assert "CUFE" in text_of(sara(browse, here).get(at("desk_invoice", here.invoice.pk)))


@pytest.mark.parametrize(
    "typed",
    [
        {}, {"cufe": CUFE[:-1]}, {"cufe": CUFE[:-1] + "g"}, {"pdf": papers(XML, "a.pdf")}, {"pdf": papers(b"%PDF-1.7 cortado", "a.pdf")},
        {"xml": papers(b"<html><body>x</body></html>", "a.xml")}, {"xml": papers(PDF, "a.xml")}, {"xml": papers(XML[:-4], "a.xml")},
        {"xml": papers(XML.replace(b"<Invoice", b'<!DOCTYPE x [<!ENTITY a "b">]><Invoice'), "a.xml")},
        {"pdf": papers(PDF + b" " * (5 * 1024 * 1024) + b"%%EOF", "a.pdf")},
    ],
)  # fmt: skip
def test_other_files_are_refused(here: Cast, browse: Any, typed: dict[str, Any]) -> None:
    answer = sara(browse, here).post(at("desk_invoice_papers", here.invoice.pk), typed)
    assert answer.context["form"].errors
    with context.in_agency(here.agency):
        assert (InvoicePaper.objects.count(), Invoice.objects.get(pk=here.invoice.pk).cufe) == (0, "")


# Mail


def work(kind: str) -> int:
    """Run the waiting jobs of a kind, and those that they ask for; returns how many."""
    done = 0
    while jobs := list(Job.objects.filter(kind=kind, done_at=None)):
        for job in jobs:
            assert run_job(job.pk, now=max(NOW, clock.now()).replace(year=2030))
            done += 1
    return done


def test_one_is_mailed_and_the_mail_is_kept(here: Cast, browse: Any, mailoutbox: Any) -> None:
    for _twice in range(2):
        sara(browse, here).post(at("desk_invoice_mail", here.invoice.pk))
    with context.in_agency(here.agency):
        assert work("payments.invoice_mail") in (1, 2)  # one a minute
        assert Invoice.objects.get(pk=here.invoice.pk).mailed_at is not None
    assert mailoutbox[0].to == ["rita@correo.example"]
    assert "Enviada el" in text_of(sara(browse, here).get(at("desk_invoice", here.invoice.pk)))


def test_a_month_is_mailed_once(here: Cast, browse: Any, mailoutbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuing, "MAIL_SLICE", 2)
    with context.in_agency(here.agency):
        some_leases(here, 3, renter=here.berta)
        Client.objects.filter(pk=here.rita.pk).update(email="")
        run = finish(begin(here))
    for _twice in range(2):
        sara(browse, here).post(at("desk_run_mail", run.pk))
        with context.in_agency(here.agency):
            work("payments.invoice_mail_some")
            work("payments.invoice_mail")
    assert [mail.to for mail in mailoutbox] == [["berta@correo.example"]] * 4
    page = text_of(sara(browse, here).get(at("desk_run", run.pk)))
    assert "4 de 5 enviadas; 1 sin correo del cliente." in page


# A month


def test_what_a_month_would_issue_has_pages(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        some_leases(here, 22)
    pages = [
        sara(browse, here).get(at("desk_run_new"), {"kind": "month", "period": "2026-12", "issued_on": clock.today().isoformat(), "page": page})
        for page in (1, 2)
    ]
    assert [len(tags(page, "draft")) for page in pages] == [20, 4]
    assert all("24 facturas" in text_of(page) for page in pages)


def test_a_month_is_seen_begun_followed_and_turned(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        some_leases(here, 3)
    month = {"kind": "month", "period": "2026-12", "issued_on": clock.today().isoformat()}
    seen = sara(browse, here).get(at("desk_run_new"), month)
    assert "Diciembre de 2026 $ 6.515.000 5 facturas" in text_of(seen)
    assert len(tags(seen, "draft")) == 5
    with context.in_agency(here.agency):
        assert Invoice.objects.filter(period="2026-12-01").count() == 0
    begun = sara(browse, here).post(at("desk_run_new"), {**month, "key": str(uuid.uuid4())})
    with context.in_agency(here.agency):
        run = InvoiceRun.objects.get()
    assert begun["Location"] == at("desk_run", run.pk)
    assert "0 de 5" in text_of(sara(browse, here).get(at("desk_run", run.pk)))
    for what, state in (("detener", "stopped"), ("continuar", "running")):
        sara(browse, here).post(at("desk_run_turn", run.pk, what))
        with context.in_agency(here.agency):
            assert InvoiceRun.objects.get().state == state
    assert sara(browse, here).post(at("desk_run_turn", run.pk, "nada")).status_code == 404
    with context.in_agency(here.agency):
        finish(run)
    fragment = sara(browse, here).get(at("desk_run", run.pk), headers={"HX-Request": "true"})
    assert "5 facturas expedidas por $ 6.515.000" in text_of(fragment)
    assert b"<html" not in fragment.content
    again = sara(browse, here).get(at("desk_run_new"), month)
    assert "5 : Ya tiene la factura de este mes." in text_of(again)
    with context.in_agency(here.agency):
        assert runs.progress(run)["issued"] == 5


def test_without_a_numbering_the_preview_says_so(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        Resolution.objects.all().delete()
    month = {"kind": "month", "period": "2026-12", "issued_on": clock.today().isoformat()}
    assert "Registre primero la numeración" in text_of(sara(browse, here).get(at("desk_run_new"), month))
    answer = sara(browse, here).post(at("desk_run_new"), {**month, "key": str(uuid.uuid4())})
    assert "Registre primero la numeración" in text_of(answer)


# Settings


def test_a_numbering_sent_twice_is_registered_once(here: Cast, browse: Any) -> None:
    form = {"series": "rent", "prefix": "fz", "first": 10, "last": 20, "text": "Autorizada", "valid_from": "2026-01-15", "valid_until": "2028-01-15"}
    assert sara(browse, here).post(at("desk_numbering"), form).status_code == 302
    again = sara(browse, here).post(at("desk_numbering"), form)
    assert (again.status_code, "Esa numeración ya está en uso: la siguiente es FZ-10. No se registró otra vez." in text_of(again)) == (200, True)
    with context.in_agency(here.agency):
        assert (Resolution.objects.filter(prefix="FZ").count(), Resolution.objects.filter(series=Series.RENT, active=True).count()) == (1, 1)
        assert Change.objects.filter(subject="resolution", after="FZ 10–20").count() == 1
    longer = sara(browse, here).post(at("desk_numbering"), {**form, "valid_until": "2029-01-15"})  # the DIAN may prolong a range
    assert longer.status_code == 302


def test_numbering_rules_figures_and_taxes_are_kept_with_their_history(here: Cast, browse: Any) -> None:
    browser = sara(browse, here)
    new = {"series": "rent", "prefix": "fx", "first": "1", "last": "90", "text": "Resolución 2", "valid_from": "", "valid_until": ""}
    assert browser.post(at("desk_numbering"), {**new, "last": "0"}).context["form"].errors["last"]
    assert browser.post(at("desk_numbering"), new).status_code == 302
    assert "Siguiente FX-1, quedan 90" in text_of(browser.get(at("desk_numbering")))
    rules = {"late_rate": "1,5", "late_grace": "3", "iva_rate": "19", "commission_iva_rate": "19", "rules": "1"}
    assert browser.post(at("desk_rules"), {**rules, "late_rate": "10,1"}).context["rules"].errors["late_rate"]
    assert browser.post(at("desk_rules"), rules).status_code == 302
    figures = {"year": "2026", "ipc": "4,9", "uvt": "52.374", "withholding_rate": "3,5", "withholding_base": "27", "figures": "1"}
    assert browser.post(at("desk_rules"), figures).status_code == 302
    assert browser.post(at("desk_client_taxes", here.rita.pk), {"withholding_agent": "on"}).status_code == 302
    with context.in_agency(here.agency):
        assert InvoicingPolicy.objects.get().late_rate == Decimal("1.5")
        assert YearFigures.objects.get().ipc == Decimal("4.9")
        assert Client.objects.filter(pk=here.rita.pk).values_list("withholding_agent", "vat_liable").get() == (True, False)
        told = set(Change.objects.values_list("subject", "field", "before", "after"))
    assert {
        ("invoicing_policy", "late_rate", "0", "1.5"), ("year_figures", "ipc", "", "4.9"), ("client", "withholding_agent", "no", "sí"),
    } <= told  # fmt: skip


def test_a_rise_is_announced_and_given_up_at_the_desk(here: Cast, browse: Any) -> None:
    browser, path = sara(browse, here), at("desk_increases")
    assert "Falta el IPC de 2025" in text_of(browser.get(path))
    assert browser.post(at("desk_rules"), {"year": "2025", "ipc": "5,2", "figures": "1"}).status_code == 302
    page = browser.get(path)
    rows = [each for each, _form in page.context["offered"]]
    assert [each.lease.number for each in rows] == ["CA-1", "CA-3"]
    offered = rows[0]
    wrong = browser.post(path, {"lease": offered.lease.pk, "percent": "50", "from_on": offered.from_on.isoformat()}, follow=True)
    assert "no puede pasar del IPC" in text_of(wrong)
    browser.post(path, {"lease": offered.lease.pk, "percent": "5", "from_on": offered.from_on.isoformat()})
    with context.in_agency(here.agency):
        made = RentIncrease.objects.get()
        assert (made.new_rent, made.notified_at) == (997_500, None)
        assert Job.objects.filter(kind="payments.increase_mail").count() == 1
    browser.post(path, {"withdraw": made.pk})
    with context.in_agency(here.agency):
        assert RentIncrease.objects.count() == 0
