"""The client's own pages that are not of money or PQRS: the profile. Reads and writes only the client who asks."""

from __future__ import annotations

from allauth.core.internal import ratelimit
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from clientarea import paper_pages, portal_files, portal_notices
from clientarea.access import client_of
from clientarea.forms import ProfileForm, profile_initial
from clientarea.profile import ask_for_email, confirm_email, update_contact
from saas.accounts import doors, email_codes
from saas.accounts.forms import CodeForm
from saas.lib import clock

EMAIL_LIMITS = {"email_code": "5/h/user"}  # codes that one account may have sent
TOO_MANY = gettext_lazy("Pidió demasiados códigos. Espere una hora para cambiar el correo.")


@doors.client
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """*Mis datos*: see them, and change how to be reached. A new e-mail waits for its code."""
    client, now = client_of(request), clock.now()
    form = ProfileForm(request.POST if request.method == "POST" else None, initial=profile_initial(client))
    if form.is_valid():
        email = form.cleaned_data.pop("email")
        wants_email = email != client.email.lower()
        if wants_email and not _may_send_code(request):
            form.add_error("email", TOO_MANY)
        else:
            update_contact(client, **form.cleaned_data, by=doors.who(request), now=now)
            if wants_email:
                ask_for_email(client, email=email, by=doors.who(request), now=now)
                return redirect("profile_email")
            messages.success(request, _("Guardamos sus datos de contacto."))
            return redirect("profile")
    status = 422 if form.is_bound else 200
    wish = email_codes.waiting(doors.who(request), now=now)
    return render(request, "clientarea/profile.html", {"client": client, "form": form, "wish": wish}, status=status)


@doors.client
@require_POST
def profile_email_check(request: HttpRequest) -> HttpResponse:
    """Send a code to the e-mail that the client has: typed, it says that mail arrives again."""
    client = client_of(request)
    if not client.email:
        return redirect("profile")
    if not _may_send_code(request):
        messages.error(request, TOO_MANY)
        return redirect("profile")
    ask_for_email(client, email=client.email, by=doors.who(request), now=clock.now())
    return redirect("profile_email")


@doors.client
@require_http_methods(["GET", "POST"])
def profile_email(request: HttpRequest) -> HttpResponse:
    """Type the code that was sent to the new e-mail."""
    client, now = client_of(request), clock.now()
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            confirm_email(client, form.cleaned_data["code"], by=doors.who(request), now=now)
        except email_codes.CodeError as error:
            form.add_error("code", str(error))
        else:
            messages.success(request, _("Confirmamos su nuevo correo: %(email)s.") % {"email": client.email})
            return redirect("profile")
    wish = email_codes.waiting(doors.who(request), now=now)
    context = {"client": client, "form": form, "wish": wish}
    return render(request, "clientarea/profile_email.html", context, status=422 if form.is_bound else 200)


def _may_send_code(request: HttpRequest) -> bool:
    return ratelimit.consume(request, app="clientarea", action="email_code", config=EMAIL_LIMITS) is not None


urlpatterns = [
    path("perfil/", profile, name="profile"),
    path("perfil/correo/comprobar/", profile_email_check, name="profile_email_check"),
    path("perfil/correo/", profile_email, name="profile_email"),
    *portal_files.urlpatterns,
    *paper_pages.urlpatterns,
    *portal_notices.urlpatterns,
]
public_urlpatterns = portal_notices.public_urlpatterns
