"""*Seguridad*: one's own password, second factor and open sessions; the second step of logging in; the consent of a client.

Whoever has an account has these pages. What changes how one gets in asks for the password again, and ends the account's
other sessions. Codes and secrets are shown once, and never logged.
"""

from __future__ import annotations

import json
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.decorators import login_stage_required
from allauth.mfa.base.internal.flows import check_rate_limit, post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm
from allauth.mfa.webauthn.internal import auth as webauthn
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from saas.accounts import consents, second_factor, sessions
from saas.accounts.doors import everyone, member, who
from saas.accounts.forms import ChangePasswordForm, CodeForm, EnrolForm, PasskeyForm, PasswordForm
from saas.accounts.models import Role, User
from saas.lib import clock

SECRET_KEY = "second_factor.secret"  # noqa: S105  (where the session keeps it)
SHOW_CODES = "second_factor.show_codes"
BASES = {Role.CLIENT: "base_portal.html", Role.STAFF: "base_desk.html", Role.OPERATOR: "base_platform.html"}


def _page(request: HttpRequest, name: str, context: dict[str, Any], *, form: Any = None) -> HttpResponse:
    base = BASES[Role(who(request).role)]
    status = 422 if form is not None and form.is_bound else 200
    return render(request, f"accounts/{name}.html", {"base": base, "form": form, **context}, status=status)


@member
@never_cache
@require_GET
def security(request: HttpRequest) -> HttpResponse:
    """How one gets in, and where one is in."""
    user = who(request)
    factors = list(Authenticator.objects.filter(user=user, type__in=second_factor.MAIN).order_by("pk"))
    context = {
        "factors": [
            {"id": f.pk, "name": f.wrap().name if f.type == Authenticator.Type.WEBAUTHN else _("Aplicación de códigos"),
             "is_passkey": f.type == Authenticator.Type.WEBAUTHN, "since": f.created_at, "used": f.last_used_at}
            for f in factors
        ],
        "has_application": any(f.type == Authenticator.Type.TOTP for f in factors),
        "codes_left": len(second_factor.recovery_codes_left(user)) if factors else 0,
        "required": second_factor.is_required(user),
        "enforced": settings.SECOND_FACTOR_ENFORCED,
        "sessions": sessions.open_sessions(request),
    }  # fmt: skip
    return _page(request, "security", context)


@member
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """*Cambiar la contraseña*: with the old one; this session goes on, every other one ends."""
    form = ChangePasswordForm(request.POST or None, user=who(request), request=request)
    if form.is_valid():
        sessions.change_password(request, who(request), password=form.cleaned_data["password"])
        messages.success(request, _("Su contraseña cambió. Cerramos sus otras sesiones."))
        return redirect("security")
    return _page(request, "security_password", {}, form=form)


@member
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def application(request: HttpRequest) -> HttpResponse:
    """Enrol an application of codes: the picture, the secret in letters, and the first code."""
    user = who(request)
    form = EnrolForm(request.POST or None, request=request)
    secret = request.session.get(SECRET_KEY)
    if secret is None or not form.is_bound:
        secret = request.session[SECRET_KEY] = second_factor.new_secret()
    if form.is_valid():
        try:
            second_factor.turn_on_totp(user, secret=secret, code=form.cleaned_data["code"], now=clock.now())
        except second_factor.CodeError as error:
            form.add_error("code", str(error))
        else:
            return _turned_on(request)
    agency = getattr(request, "agency", None)
    brand = agency.name if agency else settings.PLATFORM_NAME
    address = second_factor.otp_address(secret=secret, label=user.username, issuer=brand)
    context = {"picture": second_factor.picture(address), "address": address, "secret": " ".join(_fours(secret))}
    return _page(request, "security_application", context, form=form)


@member
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def passkey(request: HttpRequest) -> HttpResponse:
    """Add a passkey: the browser makes it, for this host alone."""
    form = PasskeyForm(request.POST or None, request=request)
    if form.is_valid():
        key = AddWebAuthnForm({"name": form.cleaned_data["name"], "credential": request.POST.get("credential", "")}, user=who(request))
        if _holds_a_key(key):
            with transaction.atomic():
                webauthn.WebAuthn.add(who(request), key.cleaned_data["name"], key.cleaned_data["credential"])
                RecoveryCodes.activate(who(request))
            return _turned_on(request)
        form.add_error(None, _("El navegador no entregó una llave válida. Inténtelo otra vez."))
    options = json.dumps(webauthn.begin_registration(who(request), False), default=dict)
    return _page(request, "security_passkey", {"options": options}, form=form)


def _turned_on(request: HttpRequest) -> HttpResponse:
    request.session.pop(SECRET_KEY, None)
    sessions.end_other_sessions(request)
    request.session[SHOW_CODES] = True
    messages.success(request, _("Listo: al ingresar le pediremos el segundo paso. Cerramos sus otras sesiones."))
    return redirect("security_codes")


@member
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """The recovery codes: shown once when they are made; with the password new ones are made."""
    form = PasswordForm(request.POST or None, request=request)
    if form.is_valid():
        try:
            second_factor.new_recovery_codes(who(request))
        except second_factor.CodeError as error:
            form.add_error(None, str(error))
        else:
            request.session[SHOW_CODES] = True
            return redirect("security_codes")
    shown = [] if form.is_bound or not request.session.pop(SHOW_CODES, False) else second_factor.recovery_codes_left(who(request))
    return _page(request, "security_codes", {"codes": [" ".join(_fours(code)) for code in shown]}, form=form)


@member
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def factor_off(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an application or a passkey away, with the password."""
    mine = Authenticator.objects.filter(user=who(request), type__in=second_factor.MAIN)
    factor = get_object_or_404(mine, pk=pk)
    form = PasswordForm(request.POST or None, request=request)
    if form.is_valid():
        second_factor.turn_off(who(request), authenticator_id=pk)
        sessions.end_other_sessions(request)
        messages.success(request, _("Quitamos ese segundo paso. Cerramos sus otras sesiones."))
        return redirect("security")
    context = {"is_last": mine.count() == 1, "is_passkey": factor.type == Authenticator.Type.WEBAUTHN}
    return _page(request, "security_off", {**context, "required": second_factor.is_required(who(request))}, form=form)


@member
@require_POST
def session_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of one's own sessions."""
    if not sessions.end_session(who(request), session_id=pk):
        raise Http404
    messages.success(request, _("Cerramos esa sesión."))
    return redirect("security")


@member
@require_POST
def sessions_end(request: HttpRequest) -> HttpResponse:
    """End every session of one's own but this one."""
    sessions.end_other_sessions(request)
    messages.success(request, _("Cerramos sus otras sesiones."))
    return redirect("security")


@everyone
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """After the password: the code of the application, a recovery code, or a passkey."""
    response: HttpResponse = _second_step(request)
    return response


@login_stage_required(stage=AuthenticateStage.key, redirect_urlname="account_login")
def _second_step(request: HttpRequest) -> HttpResponse:
    stage = request._login_stage  # type: ignore[attr-defined]
    user: User = stage.login.user
    form = CodeForm(request.POST if "code" in request.POST else None)
    key = AuthenticateWebAuthnForm(request.POST if "credential" in request.POST else None, user=user)
    if form.is_valid():
        try:
            forget_failures = check_rate_limit(user)
            authenticator = second_factor.take_code(user, form.cleaned_data["code"], now=clock.now())
        except (second_factor.CodeError, ValidationError) as error:
            form.add_error("code", error if isinstance(error, ValidationError) else str(error))
        else:
            forget_failures()
            post_authentication(request, authenticator)
            done: HttpResponse = stage.exit()
            return done
    elif _holds_a_key(key):
        key.save()
        done = stage.exit()
        return done
    types = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    options = json.dumps(webauthn.begin_authentication(user), default=dict) if Authenticator.Type.WEBAUTHN in types else ""
    context = {
        "form": form, "options": options, "key_failed": key.is_bound, "has_application": Authenticator.Type.TOTP in types,
    }  # fmt: skip
    return render(request, "accounts/second_step.html", context, status=422 if form.is_bound or key.is_bound else 200)


@member
@never_cache
@require_http_methods(["GET", "POST"])
def consent(request: HttpRequest) -> HttpResponse:
    """What must be accepted before anything else: a client's text on personal data, or the platform's terms anew for staff."""
    version = consents.wanted(request)
    if not version:
        raise Http404
    staff = who(request).role == Role.STAFF
    back = request.POST.get("next") or request.GET.get("next") or ""
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = reverse("desk" if staff else "home")
    error = ""
    if request.method == "POST":
        if request.POST.get("accept") == version:
            consents.give(who(request), ip=get_adapter().get_client_ip(request), now=clock.now(), version=version)
            return redirect(back)
        error = _("Para seguir, marque que acepta el texto.")
    context = {"version": version, "next": back, "error": error, "staff": staff, "text": request.consent_text(who(request).role)}  # type: ignore[attr-defined]
    return render(request, "accounts/consent.html", context, status=422 if error else 200)


def _holds_a_key(form: AddWebAuthnForm | AuthenticateWebAuthnForm) -> bool:
    # allauth checks the key, but takes for granted that what was sent has the parts of one.
    try:
        return bool(form.is_valid())
    except (KeyError, TypeError, AttributeError, ValueError):
        return False


def _fours(text: str) -> list[str]:
    return [text[i : i + 4] for i in range(0, len(text), 4)]
