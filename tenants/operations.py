"""What operators may do from the superadmin, as a table: each operation with its form, to whom it may be done, and the function that
does it. Every form asks for a reason; every function keeps who did it and why (tenants/acts.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from saas.accounts.models import TextState
from tenants import branding, context, domains, gone, life, platform_texts, visits
from tenants.models import Agency, AgencyState, Plan, Signup, SignupState
from tenants.platform_models import Export, ExportState, GoneCallback, GoneState, PlatformText

Person = Any


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=_("Motivo"), max_length=500, help_text=_("Queda en la historia, con su nombre y la fecha."),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}), error_messages={"required": _("Escriba el motivo.")},
    )  # fmt: skip
    field_order: Any = None

    def __init__(self, *args: Any, target: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.target = target
        self.prepare()
        self.order_fields([name for name in self.fields if name != "reason"] + ["reason"])

    def prepare(self) -> None:
        """Fit the fields to the target."""


class PlanForm(ReasonForm):
    """A plan, and limits of its own."""

    plan = forms.ChoiceField(label=_("Plan"), choices=Plan.choices, widget=UnfoldAdminSelectWidget())
    max_clients = forms.IntegerField(label=_("Clientes, máximo"), min_value=0, required=False, widget=UnfoldAdminIntegerFieldWidget())
    max_leases = forms.IntegerField(label=_("Contratos, máximo"), min_value=0, required=False, widget=UnfoldAdminIntegerFieldWidget())
    max_storage_mb = forms.IntegerField(label=_("Archivos, MB"), min_value=0, required=False, widget=UnfoldAdminIntegerFieldWidget())
    max_mails = forms.IntegerField(
        label=_("Correos al mes"), min_value=0, required=False, widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("Un límite vacío toma el del plan. El plan «Sin límites» no pone ninguno."),
    )  # fmt: skip

    def prepare(self) -> None:
        for name in ("plan", *life.LIMITS):
            self.fields[name].initial = getattr(self.target, name)


class DomainForm(ReasonForm):
    """A host."""

    host = forms.CharField(label=_("Dominio"), max_length=253, widget=UnfoldAdminTextInputWidget())

    def clean_host(self) -> str:
        try:
            return domains.check_host(self.cleaned_data["host"])
        except domains.DomainError as error:
            raise forms.ValidationError(str(error)) from error


class OwnDomainForm(ReasonForm):
    """One of the agency's own domains."""

    host = forms.ChoiceField(label=_("Dominio"), widget=UnfoldAdminSelectWidget())

    def prepare(self) -> None:
        names = domains.own_domains(self.target).values_list("domain", flat=True)
        self.fields["host"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]


class RestForm(ReasonForm):
    """How long the pages rest, and what they say."""

    minutes = forms.IntegerField(
        label=_("Minutos"), min_value=0, max_value=7 * 24 * 60, initial=30, widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("Desde ahora. Cero termina el mantenimiento."),
    )  # fmt: skip
    text = forms.CharField(label=_("Qué se dice en la página"), max_length=300, required=False, widget=UnfoldAdminTextInputWidget())


class RetireForm(ReasonForm):
    """How long before the end."""

    days = forms.IntegerField(
        label=_("Días de gracia"), min_value=1, max_value=365, initial=life.GRACE.days, widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("Mientras tanto se puede leer y descargar, y entran los pagos en camino. Después se exporta y se elimina."),
    )  # fmt: skip
    slug = forms.CharField(label=_("Escriba el subdominio para confirmar"), max_length=40, widget=UnfoldAdminTextInputWidget())

    def clean_slug(self) -> str:
        if self.cleaned_data["slug"].strip().lower() != self.target.slug:
            raise forms.ValidationError(_("No es el subdominio de esta inmobiliaria."))
        return str(self.target.slug)


class VisitForm(ReasonForm):
    """How long a visit is."""

    minutes = forms.TypedChoiceField(
        label=_("Duración"), coerce=int, choices=[(15, _("15 minutos")), (30, _("30 minutos")), (60, _("1 hora")), (120, _("2 horas"))],
        initial=30, widget=UnfoldAdminSelectWidget(), help_text=_("Solo lectura. La inmobiliaria ve quién entró, el motivo y cada página."),
    )  # fmt: skip


class SlugForm(ReasonForm):
    """The new name."""

    slug = forms.CharField(label=_("Subdominio nuevo"), max_length=40, widget=UnfoldAdminTextInputWidget())


@dataclass(frozen=True)
class Operation:
    """One thing that operators do. `run` gets the target, the form's data, who, and when; what it returns is an address to go to,
    or "" for back to the list."""

    label: Any
    about: Any
    model: type[Any]
    states: tuple[str, ...]
    run: Callable[[Any, dict[str, Any], Person, datetime], str]
    form: type[ReasonForm] = ReasonForm
    danger: str = ""  # "yes" for a red button


def _plain(act: Callable[..., Any]) -> Callable[[Any, dict[str, Any], Person, datetime], str]:
    def run(target: Any, data: dict[str, Any], by: Person, now: datetime) -> str:
        act(target, by=by, reason=data["reason"], now=now)
        return ""

    return run


def _plan(agency: Agency, data: dict[str, Any], by: Person, now: datetime) -> str:
    life.change_plan(agency, data, by=by, reason=data["reason"], now=now)
    return ""


def _add_domain(agency: Agency, data: dict[str, Any], by: Person, now: datetime) -> str:
    life.add_domain(agency, data["host"], by=by, reason=data["reason"], now=now)
    return ""


def _remove_domain(agency: Agency, data: dict[str, Any], by: Person, now: datetime) -> str:
    life.remove_domain(agency, data["host"], by=by, reason=data["reason"], now=now)
    return ""


def _rest(agency: Agency, data: dict[str, Any], by: Person, now: datetime) -> str:
    until = now + timedelta(minutes=data["minutes"])
    life.rest([agency], until=until, text=data["text"], by=by, reason=data["reason"], now=now)
    return ""


def _retire(agency: Agency, data: dict[str, Any], by: Person, now: datetime) -> str:
    life.retire(agency, by=by, reason=data["reason"], now=now, grace=timedelta(days=data["days"]))
    return ""


def _export(agency: Agency, data: dict[str, Any], by: Person, now: datetime) -> str:
    asked = life.export(agency, by=by, reason=data["reason"], now=now)
    return reverse("admin:tenants_export_change", args=[asked.pk])


def _visit(agency: Agency, data: dict[str, Any], by: Person, now: datetime) -> str:
    visit = visits.ask(agency, by=by, reason=data["reason"], minutes=data["minutes"], now=now)
    with context.in_agency(agency):
        text = visits.make_pass(visit)
    return branding.origin(agency) + reverse("visit_enter", args=[text], urlconf="saas.urls_agency")


def _restore(export: Export, data: dict[str, Any], by: Person, now: datetime) -> str:
    life.restore(export, slug=data["slug"], by=by, reason=data["reason"], now=now)
    return ""


_LIVE = (AgencyState.ACTIVE, AgencyState.SUSPENDED, AgencyState.RETIRED)
OPERATIONS: dict[str, Operation] = {
    "visitar": Operation(
        _("Visita de soporte"), _("Entra a la oficina de la inmobiliaria a mirar, sin poder cambiar nada."), Agency,
        (AgencyState.ACTIVE, AgencyState.RETIRED), _visit, VisitForm,
    ),
    "suspender": Operation(
        _("Suspender"), _("Cierra su portal y su oficina. Los pagos en camino se registran."), Agency, (AgencyState.ACTIVE,),
        _plain(life.suspend), danger="yes",
    ),
    "reactivar": Operation(
        _("Reactivar"), _("Abre otra vez su portal y su oficina."), Agency, (AgencyState.SUSPENDED, AgencyState.RETIRED),
        _plain(life.reactivate),
    ),
    "plan": Operation(_("Cambiar plan y límites"), _("Lo que ya pasa de un límite se queda; no se agrega más."), Agency, _LIVE, _plan, PlanForm),
    "agregar-dominio": Operation(
        _("Agregar dominio"), _("Sin la prueba por DNS: úselo solo si sabe que el dominio es suyo."), Agency, _LIVE, _add_domain, DomainForm
    ),
    "quitar-dominio": Operation(
        _("Quitar dominio"), _("Su subdominio sigue respondiendo."), Agency, _LIVE, _remove_domain, OwnDomainForm, danger="yes"
    ),
    "cambiar-clave": Operation(
        _("Cambiar clave de confirmación"),
        _("La dirección a la que PayU confirma cambia para los pagos nuevos. La anterior vale treinta días más."), Agency, _LIVE,
        _plain(life.change_key),
    ),
    "mantenimiento": Operation(
        _("Mantenimiento"), _("Su portal y su oficina muestran un aviso. Las confirmaciones de PayU siguen entrando."), Agency,
        (AgencyState.ACTIVE, AgencyState.RETIRED), _rest, RestForm,
    ),
    "exportar": Operation(
        _("Exportar todo"), _("Un archivo con tablas, filas y archivos. Contiene datos personales: guárdelo cifrado."), Agency, _LIVE, _export
    ),
    "retirar": Operation(
        _("Retirar"), _("Queda de solo lectura y se elimina al terminar la gracia. Se puede reactivar mientras tanto."), Agency,
        (AgencyState.ACTIVE, AgencyState.SUSPENDED), _retire, RetireForm, danger="yes",
    ),
    "aprobar": Operation(_("Aprobar"), _("Se crea la inmobiliaria."), Signup, (SignupState.PENDING,), _plain(life.approve)),
    "rechazar": Operation(
        _("Rechazar"), _("Se avisa por correo con este motivo, y el subdominio queda libre."), Signup, (SignupState.PENDING,),
        _plain(life.reject), danger="yes",
    ),
    "reintentar": Operation(_("Reintentar"), _("Hace los pasos que faltan."), Signup, (SignupState.FAILED,), _plain(life.retry)),
    "restaurar": Operation(
        _("Restaurar con otro nombre"), _("Crea otra inmobiliaria, suspendida, con lo que hay en el archivo. No toca ninguna otra."), Export,
        (ExportState.READY,), _restore, SlugForm,
    ),
    "publicar-texto": Operation(
        _("Publicar"), _("Queda vigente de inmediato y no se podrá cambiar: una corrección es otra versión."), PlatformText, (TextState.DRAFT,),
        _plain(platform_texts.publish),
    ),
    "descartar-texto": Operation(
        _("Descartar el borrador"), _("Se borra. La versión vigente sigue igual."), PlatformText, (TextState.DRAFT,), _plain(platform_texts.discard),
        danger="yes",
    ),
    "atender": Operation(
        _("Marcar como atendida"), _("PayU avisó dinero de una inmobiliaria que ya no está. Escriba qué se hizo con él."), GoneCallback,
        (GoneState.WAITING,), _plain(gone.close),
    ),
}  # fmt: skip
BULK = ("suspender", "reactivar", "mantenimiento", "aprobar", "rechazar", "reintentar")  # from a list, for several at once


def possible(target: Any) -> list[tuple[str, Operation]]:
    """What may be done to an agency, a sign-up or an export as it is now."""
    return [(verb, operation) for verb, operation in OPERATIONS.items() if isinstance(target, operation.model) and target.state in operation.states]
