"""*API* at the desk: the agency's keys and the addresses that are told of what happens. Dueños act, *consulta* looks.

A key and a secret are shown once, on the page that follows the form that made them, and never again.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from saas.accounts.doors import staff_of, who
from saas.accounts.models import StaffRole
from saas.api import addresses, keys, notices, once
from saas.api.addresses import AddressRefused
from saas.api.forms import AddressEditForm, AddressForm, KeyForm
from saas.api.models import TEST, ApiKey, Notice, NoticeAddress, NoticeState, OutgoingKind
from saas.api.scopes import Scope
from saas.lib import clock
from saas.lib.paging import page_of

PAGE = 25


@staff_of(StaffRole.HEAD)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def desk_api(request: HttpRequest) -> HttpResponse:
    """*Llaves de la API*: the list, and a new one, shown once."""
    now = clock.now()
    today = clock.local(now).date()
    form = KeyForm(request.POST if request.method == "POST" else None, today=today)
    if form.is_valid():
        _key, shown = keys.create_key(**form.cleaned_data, by=who(request), now=now)
        once.keep(request, "key", shown, now=now)
        return redirect("desk_api")
    listed = [_told_key(key, today) for key in ApiKey.objects.select_related("made_by")]
    context = {"form": form, "keys": listed, "shown": once.take(request, "key", now=now), "may_act": _may_act(request)}
    return render(request, "api/desk_api.html", context, status=422 if form.is_bound else 200)


@staff_of(StaffRole.HEAD)
@require_POST
def desk_api_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End a key."""
    keys.revoke(get_object_or_404(ApiKey, pk=pk).pk, by=who(request), now=clock.now())
    messages.success(request, _("La llave quedó revocada: desde ya no sirve."))
    return redirect("desk_api")


@staff_of(StaffRole.HEAD)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def desk_notices(request: HttpRequest) -> HttpResponse:
    """*Avisos salientes*: the addresses, and a new one, whose secret is shown once."""
    form, now = AddressForm(request.POST if request.method == "POST" else None), clock.now()
    if form.is_valid():
        try:
            _address, secret = addresses.add_address(**form.cleaned_data, by=who(request), now=now)
        except AddressRefused as error:
            form.add_error("url", str(error))
        else:
            once.keep(request, "address", secret, now=now)
            return redirect("desk_notices")
    listed = [_told_address(address) for address in NoticeAddress.objects.all()]
    context = {"form": form, "addresses": listed, "secret": once.take(request, "address", now=now), "may_act": _may_act(request)}
    return render(request, "api/desk_notices.html", context, status=422 if form.is_bound else 200)


@staff_of(StaffRole.HEAD)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def desk_notice_address(request: HttpRequest, pk: int) -> HttpResponse:
    """One address: what it is told of, and the log."""
    address = get_object_or_404(NoticeAddress, pk=pk)
    initial = {"url": address.url, "kinds": address.kinds, "active": address.active}
    form = AddressEditForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            addresses.change_address(pk, **form.cleaned_data, by=who(request), now=clock.now())
        except AddressRefused as error:
            form.add_error("url", str(error))
        else:
            messages.success(request, _("La dirección quedó guardada."))
            return redirect("desk_notice_address", pk=pk)
    page = page_of(request, Notice.objects.filter(address=address).prefetch_related("tries"), size=PAGE)
    context = {
        "address": _told_address(address), "form": form, "secret": once.take(request, f"address {pk}", now=clock.now()), "page_obj": page,
        "notices": [_told_notice(notice) for notice in page], "may_act": _may_act(request),
    }  # fmt: skip
    return render(request, "api/desk_notice_address.html", context, status=422 if form.is_bound else 200)


@staff_of(StaffRole.HEAD)
@never_cache
@require_POST
def desk_notice_secret(request: HttpRequest, pk: int) -> HttpResponse:
    """A new secret, shown once. The one before signs beside it for some days."""
    address, now = get_object_or_404(NoticeAddress, pk=pk), clock.now()
    once.keep(request, f"address {pk}", addresses.rotate(address.pk, by=who(request), now=now), now=now)
    return redirect("desk_notice_address", pk=pk)


@staff_of(StaffRole.HEAD)
@require_POST
def desk_notice_test(request: HttpRequest, pk: int) -> HttpResponse:
    """*Probar*."""
    address = get_object_or_404(NoticeAddress, pk=pk)
    if address.active:
        notices.send_test(address, now=clock.now())
        messages.success(request, _("Enviamos un aviso de prueba: en unos segundos se ve aquí qué respondió."))
    else:
        messages.error(request, _("La dirección está apagada: enciéndala para probarla."))
    return redirect("desk_notice_address", pk=pk)


@staff_of(StaffRole.HEAD)
@require_GET
def desk_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """One notice: what it says, and every try."""
    notice = get_object_or_404(Notice.objects.select_related("address").prefetch_related("tries"), pk=pk)
    return render(request, "api/desk_notice.html", {"notice": _told_notice(notice), "may_act": _may_act(request)})


@staff_of(StaffRole.HEAD)
@require_POST
def desk_notice_again(request: HttpRequest, pk: int) -> HttpResponse:
    """*Enviar otra vez*."""
    notice = get_object_or_404(Notice.objects.select_related("address"), pk=pk)
    if notice.address.active:
        notices.send_again(pk, now=clock.now())
        messages.success(request, _("El aviso se envía otra vez, con el mismo número."))
    else:
        messages.error(request, _("La dirección está apagada: enciéndala para enviar avisos."))
    return redirect("desk_notice", pk=pk)


def _may_act(request: HttpRequest) -> bool:
    return who(request).staff_role == StaffRole.HEAD


def _told_key(key: ApiKey, today: Any) -> dict[str, Any]:
    if key.revoked_at is not None:
        state, label = "void", _("Revocada")
    elif key.expires_on is not None and key.expires_on < today:
        state, label = "void", _("Vencida")
    elif not key.made_by.is_active or key.made_by.staff_role != StaffRole.HEAD:
        state, label = "overdue", _("No sirve: quien la creó ya no es dueño")
    else:
        state, label = "active", _("Activa")
    return {"key": key, "state": state, "label": label, "scopes": [Scope(scope).label for scope in key.scopes]}


def _told_address(address: NoticeAddress) -> dict[str, Any]:
    if not address.active:
        state, label = "void", _("Apagada")
    elif address.resting_until is not None and address.resting_until > clock.now():
        state, label = "overdue", _("Sin respuesta")
    else:
        state, label = "active", _("Activa")
    return {"row": address, "state": state, "label": label, "kinds": [OutgoingKind(kind).label for kind in address.kinds]}


def _told_notice(notice: Notice) -> dict[str, Any]:
    look = {NoticeState.WAITING: "pending", NoticeState.DELIVERED: "paid", NoticeState.GIVEN_UP: "overdue"}
    tries = list(notice.tries.all())
    return {
        "row": notice, "kind": _("Prueba") if notice.kind == TEST else OutgoingKind(notice.kind).label,
        "state": look[NoticeState(notice.state)], "label": NoticeState(notice.state).label, "tries": tries, "last": tries[0] if tries else None,
    }  # fmt: skip


urlpatterns = [
    path("ajustes/api/", desk_api, name="desk_api"),
    path("ajustes/api/<int:pk>/revocar/", desk_api_revoke, name="desk_api_revoke"),
    path("ajustes/avisos/", desk_notices, name="desk_notices"),
    path("ajustes/avisos/<int:pk>/", desk_notice_address, name="desk_notice_address"),
    path("ajustes/avisos/<int:pk>/secreto/", desk_notice_secret, name="desk_notice_secret"),
    path("ajustes/avisos/<int:pk>/probar/", desk_notice_test, name="desk_notice_test"),
    path("ajustes/avisos/envio/<int:pk>/", desk_notice, name="desk_notice"),
    path("ajustes/avisos/envio/<int:pk>/otra-vez/", desk_notice_again, name="desk_notice_again"),
]
