"""*Ver como este cliente*: staff opens the client area as a client sees it, reading only (saas/accounts/viewing.py)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.views.decorators.http import require_POST

from clientarea.models import Client
from saas.accounts import doors, viewing
from saas.lib import clock


@doors.staff
@require_POST
def desk_view_as(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin to look as a client."""
    viewing.begin(request, client_id=get_object_or_404(Client, pk=pk).pk, now=clock.now())
    return redirect("home")


@doors.staff
@require_POST
def desk_view_end(request: HttpRequest) -> HttpResponse:
    """Stop looking, and back to the client's page of the desk."""
    looking = viewing.viewing_of(request)
    viewing.end(request)
    return redirect("desk_client", pk=looking.client_id) if looking else redirect("desk")


urlpatterns = [
    path("clientes/<int:pk>/ver-como/", desk_view_as, name="desk_view_as"),
    path("ver-como/terminar/", desk_view_end, name="desk_view_end"),
]
