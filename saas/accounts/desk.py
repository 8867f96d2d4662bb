"""*Equipo*: who works at the agency's desk and as what. Dueños change it, *consulta* may look, others are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from saas.accounts import second_factor, team
from saas.accounts.doors import staff_of, who
from saas.accounts.models import StaffRole, User
from saas.audit.models import Change
from saas.lib import clock
from saas.lib.form_fields import AddressField, LineField

MOST_CHANGES = 20
FIELDS = {"staff_role": gettext_lazy("Cargo"), "is_active": gettext_lazy("Cuenta"), "second_factor": gettext_lazy("Verificación en dos pasos")}


class InvitationForm(forms.Form):
    """Someone new on the staff."""

    name = LineField(label=gettext_lazy("Nombre"), max_length=200)
    email = AddressField(
        label=gettext_lazy("Correo"), max_length=254, help_text=gettext_lazy("Será su usuario. Allí le llega el enlace para activar la cuenta."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    staff_role = forms.ChoiceField(label=gettext_lazy("Cargo"), choices=[("", gettext_lazy("Elija uno")), *StaffRole.choices])


@staff_of(StaffRole.HEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_team(request: HttpRequest) -> HttpResponse:
    """*Equipo*: the list, and the form that invites."""
    form = InvitationForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        data = {**form.cleaned_data, "staff_role": StaffRole(form.cleaned_data["staff_role"])}
        try:
            user = team.invite_staff(**data, by=who(request), now=clock.now())
        except team.TeamError as error:
            form.add_error("email", str(error))
        else:
            messages.success(request, _("Enviamos a %(email)s un enlace para activar la cuenta. Sirve durante 7 días.") % {"email": user.email})
            return redirect("desk_team")
    members = list(team.team())
    with_factor = second_factor.who_has_one(members)
    names = {member.pk: member.name for member in members}
    changes = list(Change.objects.filter(subject=team.SUBJECT, subject_id__in=names).order_by("-pk")[:MOST_CHANGES])
    context = {
        "form": form,
        "members": [_told(member, who(request), with_factor) for member in members],
        "roles": StaffRole.choices,
        "may_act": who(request).staff_role == StaffRole.HEAD,
        "changes": [
            {"name": names[c.subject_id], "what": FIELDS.get(c.field, c.field), "before": c.before, "after": c.after, "who": c.who_name, "at": c.at}
            for c in changes
        ],
    }
    return render(request, "accounts/desk_team.html", context, status=422 if form.is_bound else 200)


def _told(member: User, me: User, with_factor: set[int]) -> dict[str, Any]:
    if not member.is_active:
        state, label = "blocked", _("Desactivado")
    elif member.has_usable_password():
        state, label = "active", _("Activo")
    elif member.mail_refused_at is not None:
        state, label = "bounced", _("Devuelto")
    else:
        state, label = "invited", _("Invitado")
    return {"user": member, "state": state, "label": label, "has_factor": member.pk in with_factor, "is_me": member.pk == me.pk}


def _act(request: HttpRequest, action: Callable[[], User | None], said: str) -> HttpResponse:
    try:
        action()
    except User.DoesNotExist as error:
        raise Http404 from error
    except team.TeamError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)
    return redirect("desk_team")


@staff_of(StaffRole.HEAD)
@require_POST
def desk_team_role(request: HttpRequest, pk: int) -> HttpResponse:
    """Give someone another role."""
    if request.POST.get("staff_role") not in StaffRole.values:
        raise Http404
    wanted = StaffRole(request.POST["staff_role"])
    return _act(request, lambda: team.change_role(pk, staff_role=wanted, by=who(request), now=clock.now()), _("El cargo cambió."))


@staff_of(StaffRole.HEAD)
@require_POST
def desk_team_invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the link again."""
    return _act(request, lambda: team.invite_again(pk, by=who(request), now=clock.now()), _("Enviamos otra vez el enlace."))


@staff_of(StaffRole.HEAD)
@require_POST
def desk_team_deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    """Close an account."""
    return _act(request, lambda: team.deactivate(pk, by=who(request), now=clock.now()), _("La cuenta quedó desactivada y sus sesiones cerradas."))


@staff_of(StaffRole.HEAD)
@require_POST
def desk_team_reactivate(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a closed account again."""
    return _act(request, lambda: team.reactivate(pk, by=who(request), now=clock.now()), _("La cuenta quedó activa."))


@staff_of(StaffRole.HEAD)
@require_POST
def desk_team_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the lost second factor of someone of the staff away. One's own is taken away in *Seguridad*, with the password."""
    member = team.team().filter(pk=pk).exclude(pk=who(request).pk or 0).first()
    if member is None:
        raise Http404
    return _act(
        request, lambda: team.forget_second_factor(member, by=who(request), now=clock.now()),
        _("Quitamos su segundo paso y cerramos sus sesiones. Al ingresar podrá activar otro."),
    )  # fmt: skip


urlpatterns = [
    path("equipo/", desk_team, name="desk_team"),
    path("equipo/<int:pk>/cargo/", desk_team_role, name="desk_team_role"),
    path("equipo/<int:pk>/invitar/", desk_team_invite, name="desk_team_invite"),
    path("equipo/<int:pk>/desactivar/", desk_team_deactivate, name="desk_team_deactivate"),
    path("equipo/<int:pk>/activar/", desk_team_reactivate, name="desk_team_reactivate"),
    path("equipo/<int:pk>/segundo-paso/", desk_team_factor, name="desk_team_factor"),
]
