"""The client's own pages that are not of money or PQRS: the profile. Reads and writes only the client who asks."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clientarea.access import client_of
from clientarea.forms import ProfileForm, profile_initial
from clientarea.profile import update_contact
from saas.accounts import doors


@doors.client
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """*Mis datos*: see them, and change how to be reached."""
    client = client_of(request)
    form = ProfileForm(request.POST if request.method == "POST" else None, initial=profile_initial(client))
    if form.is_valid():
        update_contact(client, **form.cleaned_data)
        messages.success(request, _("Guardamos sus datos de contacto."))
        return redirect("profile")
    status = 422 if form.is_bound else 200
    return render(request, "clientarea/profile.html", {"client": client, "form": form}, status=status)


urlpatterns = [path("perfil/", profile, name="profile")]
