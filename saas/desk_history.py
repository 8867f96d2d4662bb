"""*Historial*: the one log of what was changed at the desk, by the book, by the API or by itself: who, what, when, before and after.

Dueños (and *consulta*, who only looks) search it by person, subject, words and dates; each row's page links to its own part of it. Reads
only; the rows are append-only (saas/audit).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import DateField, DateTimeField, DecimalField, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from clientarea.models import Client, Unit
from clientarea.notice_models import NoticeKind
from pqrs.models import CaseKind
from saas.accounts.doors import staff_of
from saas.accounts.models import Role, StaffRole, User
from saas.audit.models import Change
from saas.lib import clock, phones
from saas.lib.money import cop
from saas.lib.paging import page_of

PAGE = 50
PERCENT_DIGITS = 6  # a decimal with more digits is an amount
LONGEST = 240  # signs of a value; the whole one is in the table
SYSTEM = "sistema"
# A subject: its name, its model (for the names of its fields), and its page at the desk.
SUBJECTS: dict[str, tuple[Any, str, str]] = {
    "client": (_("Cliente"), "clientarea.Client", "desk_client"), "unit": (_("Inmueble"), "clientarea.Unit", "desk_unit"),
    "lease": (_("Contrato"), "clientarea.Lease", "desk_lease"), "invoice": (_("Factura"), "payments.Invoice", "desk_invoice"),
    "payment": (_("Pago"), "payments.Payment", "desk_payment"), "payout_order": (_("Egreso"), "payments.PayoutOrder", "desk_payout"),
    "case": (_("PQRS"), "pqrs.Case", ""), "user": (_("Cuenta"), "accounts.User", ""),
    "agency": (_("Configuración"), "tenants.Agency", ""), "policy_text": (_("Política de datos"), "accounts.PolicyText", ""),
    "payu_account": (_("Cuenta PayU"), "payments.GatewayAccount", ""), "payment_policy": (_("Abonos y saldos"), "payments.PaymentPolicy", ""),
    "transfer_account": (_("Cuenta de transferencias"), "payments.TransferAccount", ""),
    "transfer_proof": (_("Soporte de transferencia"), "payments.TransferProof", "desk_transfer"),
    "reminder_policy": (_("Recordatorios"), "payments.ReminderPolicy", ""), "invoicing_policy": (_("Reglas de facturación"), "", ""),
    "year_figures": (_("Cifras del año"), "", ""), "resolution": (_("Numeración"), "payments.Resolution", ""),
    "invoice_mail": (_("Correos de facturas"), "", ""),
    "invoice_run": (_("Generación de facturas"), "payments.InvoiceRun", "desk_run"), "review": (_("Por revisar"), "payments.Review", "desk_review"),
    "owner_bank": (_("Cuenta bancaria de propietario"), "payments.OwnerBank", ""), "payout_bank_file": (_("Archivo del banco"), "", ""),
    "case_terms": (_("Plazos de PQRS"), "", ""), "canned_answer": (_("Plantilla de respuesta"), "pqrs.CannedAnswer", ""),
    "file": (_("Documento"), "clientarea.ClientFile", ""), "file_request": (_("Solicitud de documento"), "clientarea.FileRequest", ""),
    "invitation_round": (_("Invitaciones"), "", "desk_round"), "notices": (_("Preferencias de notificación"), "", ""),
    "book": (_("Importación del libro"), "", "desk_book_import"), "book_file": (_("Archivo del libro"), "", ""),
    "api_key": (_("Llave de la API"), "api.ApiKey", ""), "notice_address": (_("Dirección de avisos"), "api.NoticeAddress", ""),
}  # fmt: skip
WORDS: dict[str, Any] = {
    "invited": _("invitación"), "registered": _("registrado"), "reversed": _("reversado"), "refund_asked": _("reembolso pedido"),
    "credit_used": _("saldo a favor aplicado"), "closed": _("marcado como visto"), "shares": _("participaciones"), "voided": _("anulada"),
    "issued": _("emitida"), "credit_note": _("nota crédito"), "mail": _("enviada a"), "state": _("estado"), "draft": _("borrador"),
    "version": _("versión publicada"), "second_factor": _("segundo paso"), "domain": _("dominio"), "liquidation": _("liquidación"),
    "liquidated": _("liquidado con lo recaudado hasta"), "owner_told": _("aviso al propietario"), "asked": _("correos pedidos"),
    "deduction": _("descuento"), "rent_increase": _("incremento"), "clients": _("clientes"), "opened": _("radicada"),
    "wrote": _("respondió"), "moved": _("pasó a"), "extended": _("prorrogada"), "assigned": _("asignada"),
    "rent_increase_notice": _("aviso del incremento"), "taken": _("recibido"), "kind": _("tipo"), "title": _("título"),
    "unit_id": _("inmueble"), "renter_id": _("inquilino"), "co_renter_id": _("coarrendatario"), "client": _("cliente"),
    "archived_at": _("archivado"), "late_rate": _("interés de mora mensual, en %"), "late_grace": _("días de gracia"),
    "iva_rate": _("IVA del arrendamiento comercial, en %"), "commission_iva_rate": _("IVA de la comisión, en %"), "ipc": _("IPC, en %"),
    "uvt": _("UVT"), "withholding_rate": _("retención, en %"), "withholding_base": _("base de la retención, en UVT"),
    "bank": _("banco"), "account": _("número de cuenta"), "holder": _("a nombre de"), "active": _("activa"), "secret": _("secreto"),
    "api_login": _("API login de PayU"), "api_key": _("API key de PayU"), "hmac_secret": _("clave secreta HMAC"), "pdf": _("PDF oficial"),
    "xml": _("XML oficial"), "clientarea.ClientFile.name": _("archivo"), "mail_refused": _("correo devuelto"),
    **dict(NoticeKind.choices), **dict(CaseKind.choices),
}  # fmt: skip
LINKS: dict[str, Any] = {"unit_id": Unit, "renter_id": Client, "co_renter_id": Client}  # what is kept by its number, and read by its name
PHONES = ("mobile", "landline", "phone")
_NAMED: dict[Any, str] = {Client: "name", Unit: "code"}
_SHARE = re.compile(r"'(\d+)': Decimal\('([\d.]+)'\)")


@dataclass(frozen=True)
class Told:
    """A change as people read it."""

    at: datetime
    who: str
    subject: str
    number: int
    url: str
    field: str
    before: str
    after: str


@staff_of(StaffRole.HEAD)
@require_safe
def desk_history(request: HttpRequest) -> HttpResponse:
    """*Historial*."""
    asked = {name: request.GET.get(name, "").replace("\0", "").strip()[:100] for name in ("quien", "que", "cual", "q", "desde", "hasta")}
    page = page_of(request, _found(asked), size=PAGE)
    people = User.objects.filter(role=Role.STAFF).order_by("name").values_list("pk", "name")
    context = {
        **asked, "page_obj": page, "changes": told(list(page)),
        "people": [(SYSTEM, _("Sistema")), *[(str(pk), name) for pk, name in people]],
        "subjects": sorted(((key, str(label)) for key, (label, _m, _v) in SUBJECTS.items()), key=lambda pair: pair[1]),
        "some": any(asked.values()),
    }  # fmt: skip
    return render(request, "desk/history.html", context)


def told(changes: Sequence[Change]) -> list[Told]:
    """Changes in words."""
    names = _names(changes)
    return [_told(change, names) for change in changes]


def _told(change: Change, names: Mapping[tuple[str, str], str]) -> Told:
    label, model, view = SUBJECTS.get(change.subject, (change.subject, "", ""))
    return Told(
        at=change.at, who=change.who_name, subject=str(label), number=change.subject_id, field=_field(model, change.field),
        url=reverse(view, args=[change.subject_id]) if view and change.subject_id else "",
        before=_value(model, change.field, change.before, names), after=_value(model, change.field, change.after, names),
    )  # fmt: skip


def _names(changes: Sequence[Change]) -> dict[tuple[str, str], str]:
    """(field, number as it was kept) to a name, of what the changes point to. A query for each model, if any."""
    asked: dict[Any, set[tuple[str, str]]] = {Client: set(), Unit: set()}
    for change in changes:
        for text in (change.before, change.after):
            if change.field == "shares":
                asked[Client] |= {("shares", number) for number, _share in _SHARE.findall(text)}
            elif change.field in LINKS and _number(text) is not None:
                asked[LINKS[change.field]].add((change.field, text))
    found: dict[tuple[str, str], str] = {}
    for model, wanted in asked.items():
        names = dict(model.objects.filter(pk__in={number for _field, number in wanted}).values_list("pk", _NAMED[model])) if wanted else {}
        found |= {(field, number): names[int(number)] for field, number in wanted if int(number) in names}
    return found


def _found(asked: dict[str, str]) -> QuerySet[Change]:
    rows = Change.objects.order_by("-pk")
    if asked["quien"] == SYSTEM:
        rows = rows.filter(who_id=None)
    elif _number(asked["quien"]) is not None:
        rows = rows.filter(who_id=_number(asked["quien"]))
    if asked["que"]:
        rows = rows.filter(subject=asked["que"])
    which = _number(asked["cual"])
    if asked["que"] and which is not None:
        rows = rows.filter(subject_id=which)
    if asked["q"]:
        rows = rows.filter(Q(before__icontains=asked["q"]) | Q(after__icontains=asked["q"]) | Q(who_name__icontains=asked["q"]))
    since, until = _day(asked["desde"]), _day(asked["hasta"])
    if since:
        rows = rows.filter(at__gte=since)
    return rows.filter(at__lt=until + timedelta(days=1)) if until else rows


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=clock.BOGOTA)
    except ValueError:
        return None


def _field(model: str, name: str) -> str:
    word = WORDS.get(f"{model}.{name}") or WORDS.get(name)
    if word:
        return str(word)
    return str(getattr(_column(model, name), "verbose_name", name)).replace("_", " ")


def _column(model: str, name: str) -> Any:
    try:
        return apps.get_model(model)._meta.get_field(name) if model else None
    except (FieldDoesNotExist, LookupError):
        return None


def _moment(text: str) -> str:
    try:
        return clock.long_datetime(datetime.fromisoformat(text))
    except ValueError:
        return text


def _value(model: str, name: str, text: str, names: Mapping[tuple[str, str], str]) -> str:
    """A value in words: a choice and what it points to by their names, a yes or no, a day and an amount as people write them."""
    column = _column(model, name)
    choices = dict(getattr(column, "flatchoices", ()))
    said = names.get((name, text)) or str(choices.get(text) or {"True": "sí", "False": "no"}.get(text, text))
    if name == "shares" and text:
        said = ", ".join(f"{names.get((name, number), number)} {float(share):g} %" for number, share in _SHARE.findall(text)) or text
    elif text and isinstance(column, DateField) and not isinstance(column, DateTimeField):
        said = clock.short_date(date.fromisoformat(text))
    elif text and isinstance(column, DateTimeField):
        said = _moment(text)
    elif text and name in PHONES:
        said = phones.pretty(text)
    elif text and isinstance(column, DecimalField) and column.max_digits > PERCENT_DIGITS:
        said = cop(Decimal(text))
    return said if len(said) <= LONGEST else said[:LONGEST].rstrip() + "…"


urlpatterns = [path("historial/", desk_history, name="desk_history")]
