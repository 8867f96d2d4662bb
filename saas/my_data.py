"""*Mis datos personales* (Ley 1581 de 2012): a client sees all that is held about them, and takes it along as JSON or PDF.

It gathers from every app through saas/lib/personal_data.py, and shows only who asks. Files are never kept.
"""

from __future__ import annotations

import json

from allauth.core.internal import ratelimit
from django.contrib import messages
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from clientarea.access import client_of
from clientarea.paper_pages import answer
from saas.accounts import doors
from saas.lib import clock
from saas.lib.languages import in_spanish
from saas.lib.personal_data import gathered
from saas.papers import readable
from tenants import context

SHOWN = 3  # rows of a section on the page; the files have all
LIMITS = {"my_data": "20/h/user"}  # files, of both kinds


@doors.client
@never_cache
@require_GET
def my_data(request: HttpRequest) -> HttpResponse:
    """Everything, in short, with the ways to take it along and to ask for a correction."""
    client = client_of(request)
    claim = {"clase": "data_claim", "asunto": "other", "texto": _("Solicito corregir estos datos personales:\n")}
    sections = gathered(client.user or request.user)
    shown = {
        "client": client,
        "sections": [{"section": s, "rows": readable(s.rows[:SHOWN]), "more": max(0, len(s.rows) - SHOWN)} for s in sections],
        "correction_url": f"{reverse('case_new')}?{urlencode(claim)}",
    }
    return render(request, "home/my_data.html", shown)


@doors.client
@never_cache
@require_GET
@in_spanish()
def my_data_json(request: HttpRequest) -> HttpResponse:
    """Everything, for programs."""
    client = client_of(request)
    if not _may_make(request):
        return _too_many(request)
    whole = {
        "inmobiliaria": context.current_agency().name,
        "generado": clock.now(),
        "datos": {section.key: {"titulo": section.title, "filas": section.rows} for section in gathered(client.user or request.user)},
    }
    text = json.dumps(whole, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
    return _file(text.encode(), "application/json", "json")


@doors.client
@never_cache
@require_GET
def my_data_pdf(request: HttpRequest) -> HttpResponseBase:
    """Everything, for people."""
    if not _may_make(request):
        return _too_many(request)
    return answer(request, "saas.my_data", {}, back="my_data")


def _may_make(request: HttpRequest) -> bool:
    return bool(ratelimit.consume(request, app="saas", action="my_data", config=LIMITS, limit_get=True))


def _too_many(request: HttpRequest) -> HttpResponse:
    messages.error(request, _("Descargó sus datos muchas veces. Espere una hora y vuelva a intentarlo."))
    return redirect("my_data")


def _file(data: bytes, kind: str, extension: str) -> HttpResponse:
    name = f"mis-datos-{clock.today():%Y-%m-%d}.{extension}"
    return HttpResponse(data, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


urlpatterns = [
    path("mis-datos/", my_data, name="my_data"),
    path("mis-datos/datos.json", my_data_json, name="my_data_json"),
    path("mis-datos/datos.pdf", my_data_pdf, name="my_data_pdf"),
]
