"""*Historial*: each POST of the desk keeps what it changed, and the one log finds it; secrets are not in it."""

from __future__ import annotations

import inspect
import re
import uuid
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from clientarea import estate
from clientarea.notice_models import NoticeKind
from payments import accounts
from payments.invoicing import policy as invoicing_policy
from payments.models import InvoiceRun, RunKind, RunState
from pqrs.models import CaseKind
from saas.accounts import team
from saas.accounts.models import StaffRole, User
from saas.api.addresses import add_address
from saas.api.notices import send_test
from saas.audit.changes import record
from saas.audit.models import Change
from saas.desk_history import SUBJECTS, _field
from saas.lib import seen
from tenants import context, own
from tests.accounts.steps import words_of
from tests.desk.test_team import DESK
from tests.walls.whole import tables
from tests.world import NOW, TODAY, Casts

HISTORY = "/oficina/historial/"

# Who keeps the change of each POST: the module that calls `record`, `note` or `keep`.
RECORDED = {
    "saas.api.keys": ("desk_api", "desk_api_revoke"),
    "saas.api.addresses": ("desk_notices", "desk_notice_address", "desk_notice_secret"),
    "saas.book.imports": ("desk_book_confirm", "desk_book_discard"), "saas.book.undo": ("desk_book_undo",),
    "saas.book.files": ("desk_book_export", "desk_book_errors"),
    "clientarea.desk": ("desk_client_new", "desk_client_edit", "desk_client_archive", "desk_client_unarchive", "desk_invite"),
    "clientarea.desk_invitations": ("desk_invite_many",),
    "clientarea.desk_estate": ("desk_unit_new", "desk_unit_edit", "desk_lease_new", "desk_lease_end"),
    "clientarea.estate": ("desk_lease_edit", "desk_unit_archive", "desk_unit_unarchive"),
    "clientarea.files": (
        "desk_file_archive", "desk_file_restore", "desk_file_accept", "desk_file_reject", "desk_file_withdraw", "desk_file_share",
        "desk_file_ask", "desk_lease_share",
    ),
    "tenants.senders": ("desk_mails", "desk_mails_reply", "desk_mails_confirm"),
    "tenants.own": ("desk_settings", "desk_settings_logo", "desk_settings_logo_remove"),
    "tenants.desk_platform": ("desk_visits", "desk_domain", "desk_domain_remove"),
    "saas.accounts.versions": ("desk_policy_text", "desk_policy_publish", "desk_policy_discard"),
    "saas.accounts.team": (
        "desk_team", "desk_team_role", "desk_team_deactivate", "desk_team_reactivate", "desk_team_factor", "desk_forget_factor", "desk_team_invite",
    ),
    "payments.accounts": ("desk_payu",), "payments.desk_policy": ("desk_policy",), "payments.desk_manual": ("desk_register_client", "desk_credit"),
    "payments.desk_back": ("desk_reverse", "desk_refund"), "payments.reviews": ("desk_review_close", "desk_review_credit"),
    "payments.reminders.policy": ("desk_reminders",), "payments.invoicing.unannounced": ("desk_announce",),
    "payments.invoicing.issuing": ("desk_invoice_lease", "desk_invoice_client", "desk_invoice_void", "desk_run_mail"),
    "payments.invoicing.credit_notes": ("desk_invoice_note",), "payments.invoicing.official_papers": ("desk_invoice_papers",),
    "payments.invoicing.desk_acts": ("desk_invoice_mail",), "payments.invoicing.runs": ("desk_run_new", "desk_run_turn"),
    "payments.invoicing.numbering": ("desk_numbering",), "payments.invoicing.policy": ("desk_rules",),
    "payments.invoicing.increases": ("desk_increases",), "payments.invoicing.desk_rules": ("desk_client_taxes",),
    "payments.payouts.paying": (
        "desk_payout", "desk_payout_step", "desk_payout_forgive", "desk_payout_discard", "desk_payouts", "desk_payouts_make",
        "desk_payouts_file",
    ),
    "payments.payouts.desk": ("desk_payouts_bank",), "payments.payouts.banks": ("desk_owner_bank",),
    "payments.transfers": ("desk_transfer_account", "desk_transfer"),
    "pqrs.desk_settings": ("desk_case_terms", "desk_canned_answer_new", "desk_canned_answer", "desk_canned_answer_delete"),
    "pqrs.cases": (
        "desk_case_new", "desk_case_answer", "desk_case_note", "desk_case_assign", "desk_case_take", "desk_case_extend", "desk_case_close",
    ),
}  # fmt: skip
# No history is due: the POST changes no data of the agency, or keeps rows of its own that say who did it and never change.
# Of each: why, and the tables that it may write.
SENDS = ("jobs_job",)
OTHERWISE: dict[str, tuple[str, tuple[str, ...]]] = {
    # Each try is a row of the notice's own log, which nobody edits.
    "desk_notice_test": ("sends a try, which is a NoticeTry", ("api_notice", *SENDS)),
    "desk_notice_again": ("sends a try, which is a NoticeTry", ("api_notice", *SENDS)),
    # Reading a workbook changes nothing; confirming it is recorded.
    "desk_book_bring": ("a BookImport with who brought it; its lines are looked at", ("saas_bookimport", *SENDS)),
    # Kept in the session; each page that is then looked at is a PortalView with who looked and at whom.
    "desk_view_as": ("begins to look: each page is a PortalView with who looked", ("django_session",)),
    "desk_view_end": ("stops looking", ("django_session",)),
    "desk_dismiss": ("puts an announcement of the platform away for oneself, in public", ()),
    # What PayU answers moves money by its own rules, and is in the attempt's log.
    "desk_payu_ping": ("asks PayU whether the keys work", ()),
    "desk_payment_ask": ("asks PayU about a payment", SENDS),
    "desk_reminders_preview": ("shows what was typed and keeps nothing", ()),
    # Applying the file is recorded with each payout that it marks.
    "desk_payouts_upload": ("a BankFile with who brought it", ("payments_bankfile",)),
    "desk_case_paper": ("has a paper made again, for oneself", ("clientarea_paper", *SENDS)),
}


def _posts() -> set[str]:
    found = set()
    for name, _address, view in DESK:
        bare: Any = inspect.unwrap(view)
        source = inspect.getsource(inspect.getmodule(bare) or bare)
        above = source[: source.index(f"def {bare.__name__}(")].rsplit("\n\n\n", 1)[-1]
        if "POST" in above:
            found.add(name)
    return found


def test_every_post_of_the_desk_says_where_it_is_recorded() -> None:
    said = [name for names in RECORDED.values() for name in names] + list(OTHERWISE)
    assert len(said) == len(set(said))
    assert _posts() == set(said)
    for module in RECORDED:
        source = inspect.getsource(import_module(module))
        assert re.search(r"\b(record|note|keep)\(", source), module


def test_what_keeps_no_history_changes_nothing_else(cast: Casts, browse: Any, settings: Any) -> None:
    sara, alfa = browse(cast.alfa.agency, cast.alfa.sara), cast.alfa
    settings.NOTICES_TO_LOOPBACK = True
    addresses = {name: address for name, address, _view in DESK}
    with context.in_agency(alfa.agency):
        notice_address, _secret = add_address(url="http://127.0.0.1:9/", kinds=["case.opened"], by=alfa.sara, now=NOW)
        send_test(notice_address, now=NOW)
    sent = {"desk_payouts_upload": {"file": SimpleUploadedFile("b.csv", b"Referencia;NIT;Valor;Fecha\nGIRO-1;1;1;2026-11-23")}}
    for name, (_why, tables_) in OTHERWISE.items():
        with context.in_agency(alfa.agency):
            before = tables()
        answer = sara.post(addresses[name], sent.get(name, {}))
        assert answer.status_code in (200, 302, 404, 422), name
        with context.in_agency(alfa.agency):
            after = tables()
        assert {table for table in after if after[table] != before[table]} <= set(tables_), name
    with context.in_agency(alfa.agency):
        assert not Change.objects.exclude(subject="notice_address").exists()


def test_who_asks_for_mails_is_in_the_log(cast: Casts, browse: Any) -> None:
    sara, alfa = browse(cast.alfa.agency, cast.alfa.sara), cast.alfa
    with context.in_agency(alfa.agency):
        carla = team.invite_staff(name="Carla", email="carla@alfa.example", staff_role=StaffRole.COLLECTIONS, by=alfa.sara, now=NOW)
        run = InvoiceRun.objects.create(
            key=uuid.uuid4(), kind=RunKind.MONTH, period=alfa.invoice.period, issued_on=TODAY, state=RunState.DONE, asked_by=alfa.sara, asked_at=NOW
        )
        before = Change.objects.count()
    sara.post(f"/oficina/facturas/generaciones/{run.pk}/enviar/")
    sara.post("/oficina/ajustes/recordatorios/avisar/")
    sara.post(f"/oficina/equipo/{carla.pk}/invitar/")
    with context.in_agency(alfa.agency):
        kept = [(subject, field, after) for subject, field, _before, after in changes()][before:]
        assert set(Change.objects.values_list("who_id", flat=True)) == {alfa.sara.pk}
    assert ("invoice_mail", "asked", "Arrendamiento, noviembre de 2026") in kept
    assert ("invoice_mail", "asked", "las que llegaron con el libro") in kept
    assert [(subject, field) for subject, field, _after in kept] == [("invoice_mail", "asked")] * 2 + [("user", "invited")]


def test_every_subject_has_a_name() -> None:
    used = set()
    for module in RECORDED:
        source = inspect.getsource(import_module(module))
        used |= set(re.findall(r"\b(?:record|note)\(\s*\"([a-z_]+)\"", source))
        used |= set(re.findall(r"^(?:SUBJECT|CANNED) = \"([a-z_]+)\"", source, re.MULTILINE))
    assert len(used) > 20
    assert used - set(SUBJECTS) == set()


def test_no_field_has_an_english_name() -> None:
    fields = {
        "invoicing_policy": invoicing_policy.RULES, "year_figures": invoicing_policy.FIGURES,
        "payu_account": (*accounts.TOLD, *accounts.TYPED_SECRETS),
        "owner_bank": ("bank", "kind", "account", "owner_told"), "transfer_account": ("bank", "kind", "account", "holder", "document", "active"),
        "unit": (*estate.UNIT_FIELDS, "shares"), "lease": estate.LEASE_FIELDS, "agency": own.FIELDS, "case_terms": CaseKind.values,
        "notices": NoticeKind.values, "payment": ("client", "amount", "means"), "file": ("client", "title", "name", "state"),
        "notice_address": ("url", "kinds", "active", "secret"), "api_key": ("name", "scopes", "expires_on", "revoked_at"),
    }  # fmt: skip
    named = {(subject, name): _field(SUBJECTS[subject][1], name) for subject, names in fields.items() for name in names}
    assert [key for key, said in named.items() if said.lower() in (key[1].replace("_", " "), key[1].removesuffix("_id").replace("_", " "))] == [
        ("year_figures", "uvt")
    ]


def test_values_are_said_as_people_say_them(cast: Casts, browse: Any) -> None:
    alfa = cast.alfa
    with context.in_agency(alfa.agency):
        before, after = estate.lease_values(alfa.lease), {**estate.lease_values(alfa.lease), "renter_id": 4, "rent": Decimal("990000.00")}
        record("lease", 1, before=before, after={**after, "ends_on": TODAY}, by=alfa.sara, now=NOW)
        shares = {str(alfa.oscar.pk): Decimal("60.00"), str(alfa.berta.pk): Decimal("40.00")}
        record("unit", 1, before={"shares": {str(alfa.oscar.pk): Decimal("100.00")}}, after={"shares": shares}, by=alfa.sara, now=NOW)
    text = words_of(browse(alfa.agency, alfa.sara).get(HISTORY)).replace("\u00a0", " ")
    for said in (
        "inquilino Rita Arrendataria Ñáñez Nadie Ninguna Ríos", "canon $ 950.000 $ 990.000", "fecha de fin 31 ene 2027 23 nov 2026",
        "participaciones Óscar Propietario Gómez 100 % Óscar Propietario Gómez 60 %, Berta Ambas Peña 40 %",
    ):  # fmt: skip
        assert said in text


def _seen(browser: Any, address: str) -> str:
    found = re.search(r'name="seen" value="([^"]*)"', browser.get(address).content.decode())
    assert found is not None
    return found[1]


def changes() -> list[tuple[str, str, str, str]]:
    return list(Change.objects.order_by("pk").values_list("subject", "field", "before", "after"))


def test_clients_units_and_leases_are_in_the_log(cast: Casts, browse: Any) -> None:
    sara, alfa = browse(cast.alfa.agency, cast.alfa.sara), cast.alfa
    typed = {"document_type": "CC", "document": "1004", "name": "Nadie Cambiada", "email": "nadie@correo.example", "mobile": "3001234567"}
    edit = f"/oficina/clientes/{alfa.nadie.pk}/editar/"
    assert sara.post(edit, {**typed, "seen": _seen(sara, edit)}).status_code == 302
    sara.post(f"/oficina/clientes/{alfa.nadie.pk}/archivar/")
    sara.post(f"/oficina/clientes/{alfa.nadie.pk}/archivar/")
    sara.post(f"/oficina/clientes/{alfa.nadie.pk}/restaurar/")
    new = {**typed, "document": "555000", "name": "Nora Nueva", "email": "nora@correo.example"}
    assert sara.post("/oficina/clientes/nuevo/", new).status_code == 302
    sara.post(f"/oficina/contratos/{alfa.lease.pk}/terminar/", {"on": "2026-12-31"})
    with context.in_agency(alfa.agency):
        kept = changes()
        assert kept[0] == ("client", "name", "Nadie Ninguna Ríos", "Nadie Cambiada")
        assert [field for subject, field, _b, _a in kept if subject == "client" and field == "archived_at"] == ["archived_at"] * 2
        assert ("client", "document", "", "555000") in kept
        assert kept[-1] == ("lease", "ends_on", "2027-01-31", "2026-12-31")
        assert set(Change.objects.values_list("who_id", flat=True)) == {alfa.sara.pk}
    with context.in_agency(cast.beta.agency):
        assert changes() == []


def test_settings_are_in_the_log_without_secrets(cast: Casts, browse: Any) -> None:
    sara, alfa = browse(cast.alfa.agency, cast.alfa.sara), cast.alfa
    assert sara.post("/oficina/abonos/", {"partial": "on", "minimum": "80.000"}).status_code == 302
    values = own.values_of(alfa.agency)
    answer = sara.post("/oficina/configuracion/", {**values, "city": "Cali", "seen": seen.mark(values)})
    assert answer.status_code == 302
    secret = "llave-nueva-del-comercio"
    answer = sara.post(
        "/oficina/payu/",
        {"merchant_id": "508029", "account_id": "512399", "api_login": "pRRXKOl8ikMmt9u", "api_key": secret, "hmac_secret": "", "algorithm": "MD5"},
    )
    assert answer.status_code == 302, words_of(answer)
    assert sara.post("/oficina/pqrs/plantillas/nueva/", {"title": "Saludo", "text": "Hola"}).status_code == 302
    with context.in_agency(alfa.agency):
        kept = changes()
        for row in (
            ("payment_policy", "partial", "False", "True"), ("agency", "city", "", "Cali"), ("payu_account", "account_id", "512321", "512399"),
            ("payu_account", "api_key", "", "cambiada"), ("canned_answer", "title", "", "Saludo"),
        ):  # fmt: skip
            assert row in kept
        assert not [row for row in kept if secret in "".join(row) or "4Vj8eK4rloUd272L48hsrarnUA" in "".join(row)]
        assert ("payu_account", "api_login", "", "cambiada") not in kept


# The page


@pytest.fixture
def two(cast: Casts) -> Casts:
    """A change by Sara of unit 1, another of client 1 by the system a month before."""
    with context.in_agency(cast.alfa.agency):
        Change.objects.create(
            at=NOW.replace(month=10), who_name="Sistema", subject="client", subject_id=cast.alfa.rita.pk, field="email", before="a@a.example",
            after="b@b.example",
        )  # fmt: skip
        Change.objects.create(
            at=NOW, who_id=cast.alfa.sara.pk, who_name="Sara Equipo", subject="unit", subject_id=1, field="address", before="Calle 1", after="Calle 2"
        )
    return cast


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("", 2), ("?quien=sistema", 1), ("?que=unit", 1), ("?que=unit&cual=1", 1), ("?que=unit&cual=2", 0), ("?q=Calle", 1), ("?q=b.example", 1),
        ("?desde=2026-11-01", 1), ("?hasta=2026-11-01", 1), ("?desde=2026-11-23&hasta=2026-11-23", 1), ("?desde=x&quien=x", 2), ("?quien=9", 0),
    ],
)  # fmt: skip
def test_the_log_is_searched(two: Casts, browse: Any, asked: str, shown: int) -> None:
    page = browse(two.alfa.agency, two.alfa.sara).get(HISTORY + asked)
    assert (page.status_code, page.content.decode().count('data-testid="change-row"')) == (200, shown)


def test_a_change_is_told_in_words(two: Casts, browse: Any) -> None:
    page = words_of(browse(two.alfa.agency, two.alfa.sara).get(HISTORY + "?que=unit"))
    assert "Inmueble 1 · dirección Calle 1 Calle 2 Sara Equipo" in page
    assert "1 cambio" in page
    assert browse(two.beta.agency, two.beta.sara).get(HISTORY).content.decode().count('data-testid="change-row"') == 0


def test_a_choice_is_told_by_its_name(two: Casts, browse: Any) -> None:
    with context.in_agency(two.alfa.agency):
        record("payout_order", 7, before={"state": "draft"}, after={"state": "reviewed"}, by=two.alfa.sara, now=NOW)
    page = words_of(browse(two.alfa.agency, two.alfa.sara).get(HISTORY + "?que=payout_order"))
    assert "Egreso 7 · estado Borrador Revisado Sara Equipo" in page
    assert "reviewed" not in page


def test_a_moment_and_a_telephone_are_told_as_people_write_them(two: Casts, browse: Any) -> None:
    with context.in_agency(two.alfa.agency):
        after = {"archived_at": NOW, "mobile": "+573001112233"}
        record("client", 1, before={"archived_at": None, "mobile": ""}, after=after, by=two.alfa.sara, now=NOW)
    page = words_of(browse(two.alfa.agency, two.alfa.sara).get(HISTORY + "?que=client&cual=1"))
    assert "archivado — 23 de noviembre de 2026, 10:00 a. m. Sara Equipo" in page
    assert "— 300 111 2233 Sara Equipo" in page


def test_a_row_s_page_leads_to_its_part(two: Casts, browse: Any) -> None:
    sara = browse(two.alfa.agency, two.alfa.sara)
    rita = two.alfa.rita.pk
    for address, link in ((f"/oficina/clientes/{rita}/", f"?que=client&amp;cual={rita}"), ("/oficina/inmuebles/1/", "?que=unit&amp;cual=1")):
        assert HISTORY + link in sara.get(address).content.decode()
    with context.in_agency(two.alfa.agency):
        User.objects.filter(pk=two.alfa.sara.pk).update(staff_role=StaffRole.SERVICE)
    assert HISTORY not in sara.get(f"/oficina/clientes/{two.alfa.rita.pk}/").content.decode()
    assert sara.get(HISTORY).status_code == 403


def test_the_log_is_for_the_head(cast: Casts, browse: Any) -> None:
    assert browse(cast.alfa.agency).get(HISTORY).status_code == 302
    assert browse(cast.alfa.agency, cast.alfa.rita.user).get(HISTORY).status_code == 404
    assert browse(cast.alfa.agency, cast.alfa.sara).post(HISTORY).status_code == 405
