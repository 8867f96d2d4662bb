"""The way in and out: log in, log out, the *no soy robot* puzzle, activation and a forgotten password."""

from __future__ import annotations

from allauth.account.views import LoginView as AllauthLoginView
from allauth.core.internal import ratelimit
from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from saas.accounts import links
from saas.accounts.backends import find_user
from saas.accounts.captcha import provider
from saas.accounts.doors import everyone
from saas.accounts.forms import ForgottenPasswordForm, SetPasswordForm
from saas.accounts.models import User
from saas.jobs.defer import defer
from saas.lib import clock

LIMITS = {"forgotten": "20/h/ip"}


class LoginView(AllauthLoginView):
    """allauth's log-in with our template."""

    template_name = "accounts/login.html"


@everyone
def login(request: HttpRequest) -> HttpResponseBase:
    """*Iniciar sesión*."""
    return LoginView.as_view()(request)


@everyone
@require_http_methods(["GET", "POST"])
def log_out(request: HttpRequest) -> HttpResponse:
    """*Cerrar sesión*: by POST; a GET asks first."""
    if request.method == "GET":
        return render(request, "accounts/logout.html")
    logout(request)
    return redirect("front")


@everyone
@require_GET
@never_cache
def captcha(request: HttpRequest) -> JsonResponse:
    """A fresh puzzle for the widget."""
    return JsonResponse(provider().challenge())


@everyone
@require_http_methods(["GET", "POST"])
def forgotten_password(request: HttpRequest) -> HttpResponse:
    """Ask for a link to set a new password. Answers the same for known and unknown accounts."""
    form = ForgottenPasswordForm(request.POST if request.method == "POST" else None)
    # A GET counts for nothing. allauth's public function does not take limits of one's own.
    if not ratelimit.consume(request, app="accounts", action="forgotten", config=LIMITS):
        form.add_error(None, _("Demasiadas solicitudes. Espere una hora y vuelva a intentarlo."))
        return render(request, "accounts/forgotten.html", {"form": form}, status=429)
    if form.is_valid():
        user = find_user(form.cleaned_data["login"])
        if user is not None and user.is_active and user.email:
            with transaction.atomic():
                minute = clock.now().strftime("%Y%m%d%H%M")
                defer("accounts.mail_reset", f"{user.pk}:{minute}", now=clock.now(), user_id=user.pk)
        return redirect("account_forgotten_sent")
    return render(request, "accounts/forgotten.html", {"form": form})


@everyone
@require_GET
def forgotten_sent(request: HttpRequest) -> HttpResponse:
    """What happens next."""
    return render(request, "accounts/forgotten_sent.html")


@everyone
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def activate(request: HttpRequest, token: str) -> HttpResponse:
    """The activation link: the client sets the first password."""
    return _set_password(request, token, purpose="activacion")


@everyone
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def new_password(request: HttpRequest, token: str) -> HttpResponse:
    """The link of a forgotten password."""
    return _set_password(request, token, purpose="clave")


def _set_password(request: HttpRequest, token: str, *, purpose: str) -> HttpResponse:
    now = clock.now()
    try:
        user = links.user_of(token, purpose=purpose, now=now)
    except links.LinkError:
        return render(request, "accounts/link_dead.html", {"purpose": purpose}, status=410)
    if purpose == "activacion" and user.link_opened_at is None:
        User.objects.filter(pk=user.pk).update(link_opened_at=now)
    form = SetPasswordForm(request.POST or None, user=user)
    if not form.is_valid():
        return render(request, "accounts/set_password.html", {"form": form, "purpose": purpose, "user_name": user.name})
    with transaction.atomic():
        # Read again under a lock: of two uses at the same moment, the second finds the link dead.
        locked = User.objects.select_for_update().get(pk=user.pk)
        if locked.password != user.password:
            return render(request, "accounts/link_dead.html", {"purpose": purpose}, status=410)
        locked.set_password(form.cleaned_data["password"])
        locked.activated_at = locked.activated_at or now
        locked.save(update_fields=["password", "activated_at"])
    return redirect(f"{reverse('account_login')}?lista=1")
