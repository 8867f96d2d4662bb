"""The words of notices: what each kind is called, what it is for, and the sentences that a notice's data make.

Pure reading. Sentences are made when they are shown, so that they follow the language of the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clientarea.models import Notice, NoticeKind
from saas.lib import clock, money


@dataclass(frozen=True)
class About:
    """What a kind is: an icon, what it is for, and why it cannot be switched off (empty where it can)."""

    icon: str
    purpose: str | Promise
    essential: str | Promise = ""


ABOUT: dict[NoticeKind, About] = {
    NoticeKind.INVOICE: About("file-invoice", gettext_lazy("Cuando la inmobiliaria le expide una factura, con su PDF.")),
    NoticeKind.DUE_SOON: About("calendar-due", gettext_lazy("Unos días antes de que venza una factura de arrendamiento.")),
    NoticeKind.OVERDUE: About("alert-circle", gettext_lazy("Cuando una factura de arrendamiento venció y tiene saldo.")),
    NoticeKind.PAYMENT: About(
        "receipt",
        gettext_lazy("El comprobante de cada pago."),
        gettext_lazy("Es la prueba de su pago: la inmobiliaria debe entregársela."),
    ),
    NoticeKind.PAYOUT: About("trending-up", gettext_lazy("Cuando la inmobiliaria le gira lo recaudado de su inmueble.")),
    NoticeKind.CASE: About(
        "message-2",
        gettext_lazy("El radicado, las respuestas, las prórrogas y el cierre de sus PQRS."),
        gettext_lazy("La ley obliga a comunicarle la respuesta."),
    ),
    NoticeKind.DOCUMENT: About("file-text", gettext_lazy("Cuando la inmobiliaria comparte con usted un documento.")),
}


@dataclass(frozen=True)
class Words:
    """A notice as people read it."""

    title: str
    text: str


def words_of(notice: Notice) -> Words:
    """The sentences of a notice."""
    said = _shown(notice.data)
    kind = NoticeKind(notice.kind)
    if kind == NoticeKind.INVOICE:
        return Words(_("Nueva factura %(number)s por %(amount)s") % said, _("Vence el %(due_on)s.") % said)
    if kind == NoticeKind.DUE_SOON:
        return Words(_("La factura %(number)s vence el %(due_on)s") % said, _("Saldo por pagar: %(amount)s.") % said)
    if kind == NoticeKind.OVERDUE:
        return Words(_("La factura %(number)s venció el %(due_on)s") % said, _("Saldo por pagar: %(amount)s.") % said)
    if kind == NoticeKind.PAYMENT:
        return Words(_("Recibimos su pago de %(amount)s") % said, _("Comprobante %(number)s.") % said)
    if kind == NoticeKind.PAYOUT:
        of_month = _("Comprobante de egreso %(number)s, de %(period)s.") if said["period"] else _("Comprobante de egreso %(number)s.")
        return Words(_("Le giramos %(amount)s") % said, of_month % said)
    if kind == NoticeKind.DOCUMENT:
        return Words(_document_title(said["step"]), said["name"])
    return Words(_case_title(said), "")


def _document_title(step: str) -> str:
    titles = {"asked": _("La inmobiliaria le pide un documento"), "rejected": _("Debe entregar de nuevo un documento")}
    return titles.get(step) or _("La inmobiliaria compartió un documento con usted")


def _case_title(said: dict[str, str]) -> str:
    titles = {
        "answered": _("Respondimos su PQRS %(number)s"),
        "wrote": _("La inmobiliaria le escribió sobre su PQRS %(number)s"),
        "extended": _("Prorrogamos el plazo de su PQRS %(number)s"),
        "closed": _("Cerramos su PQRS %(number)s"),
    }
    return titles[said["step"]] % said


def _shown(data: dict[str, str]) -> dict[str, str]:
    """Data as people read them: amounts in pesos, days in full, periods by their month."""
    shown: dict[str, str] = {"number": "", "amount": "", "due_on": "", "period": "", "name": "", "step": ""}
    for name, value in data.items():
        if name == "amount":
            shown[name] = money.cop(Decimal(value))
        elif name == "due_on":
            shown[name] = clock.long_date(date.fromisoformat(value))
        elif name == "period":
            shown[name] = clock.month_name(value)
        else:
            shown[name] = value
    return shown

