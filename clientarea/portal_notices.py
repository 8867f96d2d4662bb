"""*Notificaciones*: what a client was told, read or not, and how each wants to be told. Only the client who asks.

The one page here that asks nobody to log in ends a kind of mail, by the signed link of such a mail; it shows no data.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clientarea import calendar_feed, notice_mail, notices
from clientarea.access import client_of
from clientarea.models import CalendarFeed, NoticeKind
from clientarea.notice_forms import ChoicesForm
from clientarea.notice_words import ABOUT, words_of
from saas.accounts import doors
from saas.accounts.viewing import viewing_of
from saas.lib import clock, signing
from saas.lib.paging import page_of
from tenants.hosts import agency_of


@doors.client
@require_GET
def notice_list(request: HttpRequest) -> HttpResponse:
    """The list, newest first; `?ver=sin-leer` for the unread."""
    client = client_of(request)
    rows = notices.notices_of(client)
    unread_only = request.GET.get("ver") == "sin-leer"
    page = page_of(request, rows.filter(read_at=None) if unread_only else rows)
    told: list[Any] = list(page.object_list)
    for notice in told:
        notice.words, notice.about = words_of(notice), ABOUT[NoticeKind(notice.kind)]
    context = {"client": client, "page_obj": page, "told": told, "unread_only": unread_only, "unread": client.unread}  # type: ignore[attr-defined]
    return render(request, "clientarea/notices.html", context)


@doors.in_person
@require_GET
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Go to what a notice is about; it is read now."""
    row = get_object_or_404(notices.notices_of(client_of(request)), pk=pk)
    notices.mark_read(notices.notices_of(row.client).filter(pk=row.pk), now=clock.now())
    return redirect(row.link or "notices")


@doors.client
@require_POST
def notice_read(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark one as read."""
    row = get_object_or_404(notices.notices_of(client_of(request)), pk=pk)
    notices.mark_read(notices.notices_of(row.client).filter(pk=row.pk), now=clock.now())
    return redirect("notices")


@doors.client
@require_POST
def notices_read(request: HttpRequest) -> HttpResponse:
    """Mark all as read."""
    notices.mark_read(notices.notices_of(client_of(request)), now=clock.now())
    messages.success(request, _("Marcamos todas como leídas."))
    return redirect("notices")


@doors.client
@require_http_methods(["GET", "HEAD", "POST"])
def notice_choices(request: HttpRequest) -> HttpResponse:
    """*Preferencias*: by kind, in the portal and by mail; and the calendar's address."""
    client = client_of(request)
    form = ChoicesForm(request.POST if request.method == "POST" else None, wishes=notices.wishes_of(client))
    if form.is_valid():
        notices.choose(client, form.wishes(), by=doors.who(request), now=clock.now())
        messages.success(request, _("Guardamos sus preferencias."))
        return redirect("notice_choices")
    # Who looks as the client does not get it: the address needs no log-in, and outlives the look.
    feed = CalendarFeed.objects.filter(client=client).first() if viewing_of(request) is None else None
    address = calendar_feed.url_of(feed, agency_of(request)) if feed else ""
    context = {"client": client, "form": form, "calendar_address": address}
    return render(request, "clientarea/notice_choices.html", context, status=422 if form.is_bound else 200)


@doors.client
@require_POST
def calendar_make(request: HttpRequest) -> HttpResponse:
    """A new address for the calendar."""
    calendar_feed.make(client_of(request), now=clock.now())
    messages.success(request, _("Creamos la dirección de su calendario. Si había otra, dejó de servir."))
    return redirect("notice_choices")


@doors.client
@require_POST
def calendar_end(request: HttpRequest) -> HttpResponse:
    """End the calendar's address."""
    calendar_feed.end(client_of(request))
    messages.success(request, _("La dirección de su calendario ya no sirve."))
    return redirect("notice_choices")


@csrf_exempt  # a mail program posts here without a page; the signed token is what allows it
@doors.everyone
@require_http_methods(["GET", "HEAD", "POST"])
def stop_mail(request: HttpRequest, token: str) -> HttpResponse:
    """No more mail of a kind: asked on a page, or posted by the mail program itself (RFC 8058). Opening it changes nothing."""
    try:
        client, kind = notice_mail.read_stop(token)
    except signing.BadLink as error:
        return render(request, "clientarea/stop_mail.html", {"error": str(error)}, status=404)
    if request.method == "POST":
        notices.stop_mail(client, kind, now=clock.now())
    context = {"kind": kind, "stopped": request.method == "POST"}
    return render(request, "clientarea/stop_mail.html", context)


urlpatterns = [
    path("notificaciones/", notice_list, name="notices"),
    path("notificaciones/leidas/", notices_read, name="notices_read"),
    path("notificaciones/preferencias/", notice_choices, name="notice_choices"),
    path("notificaciones/calendario/", calendar_make, name="calendar_make"),
    path("notificaciones/calendario/terminar/", calendar_end, name="calendar_end"),
    path("notificaciones/<int:pk>/", notice, name="notice"),
    path("notificaciones/<int:pk>/leida/", notice_read, name="notice_read"),
]
public_urlpatterns = [path("correo/baja/<str:token>/", stop_mail, name="stop_mail")]
