"""Every form of the desk, filled in as a browser fills it, with one thing wrong: what was typed is still there, what is wrong is said,
and nothing was saved.

A row is a page, what is typed well, what is typed badly, and what is said. The rest of the form is sent as the page had it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client as Browser

from clientarea import files
from payments import accounts, checkout, transfers
from payments.models import Review, Series
from payments.payouts import paying
from pqrs.models import CannedAnswer
from saas.api.models import NoticeAddress
from saas.lib import clock
from saas.lib.file_fields import CheckedFile
from tenants import context
from tests.invoicing.helpers import number
from tests.payments.money import say, start
from tests.payments.test_transfers import PROOF, TOLD
from tests.payouts.steps import collect, liquidate
from tests.portal.pages import at, text_of
from tests.pqrs.test_cases import open_one
from tests.world import NOW, TODAY, Cast, Casts, make_invoice

SOON, LATER = ((TODAY + timedelta(days=days)).isoformat() for days in (10, 400))
LONG = "x" * 5001


@dataclass(frozen=True)
class Row:
    """One form with one thing wrong."""

    page: str  # a name, and what its address needs
    good: dict[str, Any]
    bad: dict[str, str]
    said: str
    never: tuple[str, ...] = ()  # what is typed and not given back: secrets


ROWS = [
    # Clients, units, leases
    Row("desk_client_new", {
        "document_type": "CE", "document": "52.123.456", "name": "Ana María Peña", "mobile": "300 555 1234", "landline": "601 745 2030",
        "address": "Calle 1", "city": "Cali"}, {"email": "ana"}, "correo electrónico válid"),
    Row("desk_client_edit 1", {"name": "Rita Otra", "city": "Cali", "address": "Calle 9"}, {"mobile": "601 745 2030"}, "Ese es un teléfono fijo"),
    Row("desk_unit_new", {
        "kind": "Bodega", "address": "Calle 8", "city": "Cali", "neighbourhood": "Centro", "stratum": "3", "registry": "370-1",
        "owners-0-owner": "1002", "owners-0-share": "60", "owners-1-owner": "1003", "owners-1-share": "40"}, {"code": "IN-1"}, "Ya hay"),
    Row("desk_unit_edit 1", {"address": "Calle 8", "city": "Pasto"}, {"owners-0-share": "90"}, "100"),
    Row("desk_lease_new", {
        "number": "CA-9", "unit": "IN-2", "renter": "1004", "starts_on": "2026-12-01", "rent": "1.200.000", "administration": "80.000",
        "payment_day": "7", "use": "business", "commission": "8,5"}, {"ends_on": "2026-01-01"}, "no puede terminar antes de empezar"),
    Row("desk_lease_edit 1", {"rent": "1.000.001", "payment_day": "9"}, {"commission": "400"}, "No se entiende «400%»"),
    Row("desk_lease 1", {}, {"on": "2029-01-01"}, "antes"),
    Row("desk_file_share 1", {"kind": "lease", "title": "Contrato firmado", "expires_on": SOON}, {"file": ""}, "archivo"),
    Row("desk_lease_share 1", {"kind": "inventory", "title": "Inventario", "expires_on": SOON}, {"file": ""}, "archivo"),
    Row("desk_file_ask 1", {"kind": "other", "title": "Cédula", "why": "Para el contrato"}, {"due_on": "2020-01-01"}, "fecha"),
    Row("desk_file_request ASKED", {}, {"reason": ""}, "qué"),
    # Money
    Row("desk_register_client 1", {
        "amount": "1.500.000", "paid_on": TODAY.isoformat(), "reference": "TRF-1", "how": "chosen", "pick_90": "on",
        "means": "Transferencia"}, {"amount": "mil"}, "No se entiende"),
    Row("desk_credit 1", {}, {"invoice_90": "9.000.000"}, "Su saldo es"),
    Row("desk_reverse PAYMENT", {"sure": "on"}, {"reason": ""}, "Este campo es requerido"),
    Row("desk_refund PAYMENT", {"reason": "Pagó dos veces"}, {"amount": "0"}, "mayor que cero"),
    Row("desk_review REVIEW", {}, {"note": ""}, "Este campo es requerido"),
    Row("desk_transfer PROOF", {}, {"bank_reference": ""}, "Este campo es requerido"),
    Row("desk_transfer PROOF", {}, {"reason": ""}, "Este campo es requerido"),
    Row("desk_transfer_account", {"bank": "Davivienda", "kind": "current", "holder": "Alfa S.A.S.", "active": "on"},
        {"document": ""}, "Este campo es requerido"),
    Row("desk_policy", {"partial": "on", "use_credit": "on"}, {"minimum": "mil"}, "No se entiende"),
    Row("desk_payu", {"account_id": "77", "test": "on", "algorithm": "SHA256", "api_key": "llave-secreta-1"}, {"merchant_id": "x"}, "dígitos",
        ("api_key",)),
    Row("desk_reminders", {"days_before": "4", "days_after": "6", "repeat_days": "8", "weekly": "1", "soon_text": "Hola.", "late_text": "Debe."},
        {"most": "99"}, "12"),
    # Invoices
    Row("desk_invoice_lease 1", {
        "period": "2026-12", "due_on": SOON, "concept": "Canon de prueba", "base": "950.000", "concept_1": "Chapa", "kind_1": "repair",
        "amount_1": "80.000", "iva_1": "on"}, {"administration": "mil"}, "No se entiende"),
    Row("desk_invoice_void 90", {"sure": "on"}, {"reason": ""}, "Este campo es requerido"),
    Row("desk_invoice_note 90", {"amount": "100.000"}, {"reason": ""}, "Este campo es requerido"),
    Row("desk_invoice_papers 90", {}, {"cufe": "zz"}, "CUFE"),
    Row("desk_run_new", {"kind": "commission", "issued_on": SOON}, {"period": "2026-99"}, "mes"),
    Row("desk_payouts_make", {}, {"hasta": LATER}, "no puede ser futura"),
    Row("desk_numbering", {
        "series": "note", "prefix": "NX", "first": "5", "text": "Resolución 1", "valid_from": "2026-01-01", "valid_until": SOON},
        {"last": "2"}, "desde"),
    Row("desk_rules", {"late_rate": "1,5", "late_grace": "3", "iva_rate": "18"}, {"commission_iva_rate": "x"}, "Escriba un porcentaje"),
    Row("desk_rules", {"year": "2027", "ipc": "5,2", "uvt": "53.000", "withholding_rate": "3,5"}, {"withholding_base": "x"}, "número entero"),
    Row("desk_owner_bank 2", {"bank": "Davivienda", "kind": "current"}, {"account": "98-76x"}, "de 6 a 20 cifras"),
    Row("desk_payout DRAFT", {"kind": "repair", "concept": "Plomería"}, {"amount": "0"}, "mayor que cero"),
    Row("desk_payout REVIEWED", {"bank_reference": "GIRO-1"}, {"paid_on": LATER}, "futura"),
    # PQRS
    Row("desk_case_new ?cliente=1", {
        "kind": "petition", "description": "Gotea el lavaplatos.", "channel": "phone", "received_on": TODAY.isoformat()},
        {"subject": ""}, "Este campo es requerido"),
    Row("desk_case CASE", {}, {"text": " "}, "Este campo es requerido"),
    Row("desk_case CASE", {}, {"note": " "}, "Este campo es requerido"),
    Row("desk_case CASE", {"reason": "Falta el repuesto"}, {"days": "900"}, "15"),
    Row("desk_case CASE", {}, {"closing": LONG}, "caracteres"),
    Row("desk_case_terms", {"petition_days": "10", "claim_days": "12"}, {"enquiry_days": "900"}, "30"),
    Row("desk_canned_answer_new", {"text": "Cordial saludo."}, {"title": ""}, "Este campo es requerido"),
    Row("desk_canned_answer 1", {"text": "Cordial saludo."}, {"title": ""}, "Este campo es requerido"),
    # The agency
    Row("desk_settings",
        {"name": "Alfa y Cía", "colour": "#0f766e", "phone": "601 745 2030", "address": "Calle 1", "city": "Cali", "welcome": "Hola."},
        {"email": "hola"}, "correo electrónico válid"),
    Row("desk_mails", {"mail_name": "Alfa", "pay_text": "Pague así."}, {"mail_foot": LONG}, "caracteres"),
    Row("desk_mails", {}, {"email": "hola"}, "correo electrónico válid"),
    Row("desk_policy_text", {"asks_again": "on"}, {"body": ""}, "Escriba e"),
    Row("desk_domain", {}, {"domain": "no es un dominio"}, "dominio"),
    Row("desk_team", {"name": "Carla Cartera", "staff_role": "collections"}, {"email": "carla"}, "correo electrónico válid"),
    Row("desk_api", {"name": "Contabilidad", "scopes": ["clients:read", "units:read"]}, {"expires_on": "2020-01-01"}, "pasó"),
    Row("desk_notices", {"kinds": ["payment.approved", "case.opened"]}, {"url": "http://10.0.0.1/x"}, "https"),
    Row("desk_notice_address 1", {"kinds": ["payment.approved", "case.opened"], "active": "on"}, {"url": "http://10.0.0.1/x"}, "https"),
]  # fmt: skip


class _Page(HTMLParser):
    """The forms of a page: how and where to, and what a browser would send of each, as names and lists of values."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, str, dict[str, list[str]]]] = []
        self._fields: dict[str, list[str]] | None = None
        self._select, self._first, self._pressed = "", "", False
        self._text: str | None = None
        self.feed(body)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "form":
            self._fields, self._pressed = {}, False
            self.forms.append((given.get("method", "get"), given.get("action", ""), self._fields))
        elif self._fields is None:
            return
        elif tag == "textarea":
            self._text, self._first = name, ""
        elif tag == "select":
            self._select = name
            self._fields.setdefault(name, [])
        elif tag == "option" and self._select:
            if "selected" in given:
                self._fields[self._select].append(value)
        elif given.get("type") == "submit":
            if name and not self._pressed:
                self._fields[name] = [value]
            self._pressed = True  # Enter presses the first
        elif tag == "input" and name and given.get("type") != "file":
            kept = self._fields.setdefault(name, [])
            if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                kept.append(value or ("on" if given.get("type") == "checkbox" else ""))
        elif tag == "input" and given.get("type") == "file":
            self._fields.setdefault(name, [])

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._first += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._fields = None
        elif tag == "textarea" and self._text is not None and self._fields is not None:
            self._fields[self._text] = [self._first.removeprefix("\n")]
            self._text = None
        elif tag == "select" and self._fields is not None:
            self._select = ""

    def with_fields(self, names: set[str]) -> tuple[str, str, dict[str, list[str]]]:
        """The form that has all of them."""
        found = [form for form in self.forms if names <= set(form[2])]
        assert found, (names, [sorted(fields) for _method, _action, fields in self.forms])
        return found[0]


@pytest.fixture
def names(cast: Casts, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> dict[str, str]:
    """Alfa with something of everything, and what its rows are called."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda: TODAY)
    monkeypatch.setattr(settings, "MEDIA_ROOT", tmp_path)
    alfa = cast.alfa
    with context.in_agency(alfa.agency):
        for series in Series:
            number(alfa, series)
        paid = start(alfa)
        say(paid)
        second = start(alfa, alfa.overdue)
        collect(alfa, alfa.overdue)
        say(second)  # the invoice was paid meanwhile: a credit to review
        (draft,) = liquidate(alfa)
        paying.review([draft.pk], staff=alfa.sara, now=NOW)
        collect(alfa, alfa.berta_invoice, 500_000)
        (another,) = liquidate(alfa)
        make_invoice(alfa.lease, 90, pk=90)
        transfers.save_account(TOLD, active=True, staff=alfa.sara, now=NOW)
        alfa.berta_invoice.refresh_from_db()
        begun = checkout.start_payment(
            client=alfa.berta, lines=[(alfa.berta_invoice, alfa.berta_invoice.balance)], payer=alfa.payer, now=NOW, provider=accounts.TRANSFER,
        )  # fmt: skip
        proof = transfers.hand_in(begun.pk, PROOF, now=NOW)
        case = open_one(alfa, now=NOW, lease=alfa.lease)
        CannedAnswer.objects.create(title="Saludo", text="Hola.")
        asked = files.ask(alfa.rita, kind="other", title="Cédula", why="Para el contrato", due_on=TODAY, lease=None, by=alfa.sara, now=NOW)
        files.hand_in(asked, [CheckedFile("cedula.pdf", PROOF.data, "application/pdf")], now=NOW)
        NoticeAddress.objects.create(url="https://sistema.example/avisos", kinds=["case.opened"], secret="", made_by=alfa.sara, made_at=NOW)
        review = Review.objects.get(kind="credit")
    return {
        "PAYMENT": str(paid.payment_id), "REVIEW": str(review.pk), "PROOF": str(proof.pk), "DRAFT": str(another.pk), "REVIEWED": str(draft.pk),
        "CASE": case.number, "ASKED": str(asked.pk),
    }  # fmt: skip


def _writes(cast: Cast) -> int:
    """How many rows of the agency were written in this test: what was saved, changed or deleted shows. A person's session is not the agency's."""
    with context.in_agency(cast.agency), connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables"
            " WHERE schemaname = current_schema() AND relname <> 'django_session'"
        )
        return int(cursor.fetchone()[0])


def _what_is_wrong(sara: Browser, cast: Cast, row: Row, names: dict[str, str]) -> str:
    """What the desk does with that form that it should not; empty if it does well."""
    name, *given = row.page.split()
    query = given.pop() if given and given[-1].startswith("?") else ""
    address = at(name, *(names.get(each, each) for each in given)) + query
    typed = {**row.good, **row.bad}
    method, action, fields = _Page(sara.get(address).content.decode()).with_fields(set(typed))
    before = _writes(cast)
    answer: Any = (sara.post if method == "post" else sara.get)(action or address, {**fields, **typed})
    if answer.status_code != 422 and answer.status_code != 200:
        return f"answered {answer.status_code}"
    if _writes(cast) != before:
        return "saved something"
    if row.said.lower() not in text_of(answer).lower():
        return f"did not say {row.said!r}: {text_of(answer)[-600:]}"
    kept = _Page(answer.content.decode()).with_fields(set(typed))[2]
    expected = {key: [value] if isinstance(value, str) else value for key, value in typed.items() if key not in row.never and key != "file"}
    lost = {key: kept[key] for key, value in expected.items() if kept[key] != value}
    told = [key for key in row.never if str(typed[key]) in answer.content.decode()]
    return f"lost {lost}, gave back {told}" if lost or told else ""


def test_every_form_keeps_what_was_typed(cast: Casts, browse: Any, names: dict[str, str]) -> None:
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    wrong = {f"{n} {row.page}": said for n, row in enumerate(ROWS) if (said := _what_is_wrong(sara, cast.alfa, row, names))}
    assert wrong == {}
    before = _writes(cast.alfa)
    sara.post(at("desk_canned_answer_new"), {"title": "Gracias", "text": "Gracias."})
    assert _writes(cast.alfa) > before  # what is saved would have shown
