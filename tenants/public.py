"""The platform's public pages: what it is, and how an agency signs up. None shows anything of an agency that is not public."""

from __future__ import annotations

import uuid
from urllib.parse import urlsplit

from allauth.core.internal import ratelimit
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from saas.accounts.doors import everyone
from saas.lib import clock
from saas.lib.signing import BadLink
from tenants import health
from tenants import signup as signups
from tenants.forms import OtherSlugForm, SignupForm
from tenants.models import Signup, SignupState
from tenants.slugs import SlugError, check_slug

_SESSION_EMAIL = "signup_email"
LIMITS = {"signup": "30/h/ip", "signup_slug": "120/m/ip"}
STEP_LABELS = (
    ("address", "Reservamos su dirección"),
    ("schema", "Creamos su espacio de datos, separado del de las demás"),
    ("team", "Abrimos su cuenta de equipo"),
    ("open", "Ponemos su portal en línea"),
)


def _host() -> str:
    """The platform's host as people type it: with its port, where it has one of its own."""
    return urlsplit(settings.PLATFORM_ORIGIN).netloc


@everyone
@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """What the platform does, for whom, and how to begin."""
    return render(request, "platform/front.html", {"platform_host": _host()})


@everyone
@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """*Registrar mi inmobiliaria*."""
    if request.method == "GET":
        return _sign_up_page(request, SignupForm())
    form = SignupForm(request.POST)
    if not _within_limits(request, "signup"):
        form.add_error(None, "Demasiados intentos desde su red. Espere una hora y vuelva a intentarlo.")
        return _sign_up_page(request, form, status=429)
    if not form.is_valid():
        return _sign_up_page(request, form)
    signup = signups.request_agency(form.cleaned_data, now=clock.now())
    request.session[_SESSION_EMAIL] = signup.email
    return redirect("signup_sent")


@everyone
@never_cache
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """What happens next: a mail with a link."""
    return render(request, "platform/sent.html", {"email": request.session.get(_SESSION_EMAIL, "")})


@everyone
@never_cache
@require_safe
def slug_state(request: HttpRequest) -> HttpResponse:
    """A fragment: whether a subdomain can be had, while one types."""
    said = {"slug": "", "error": "", "platform_host": _host()}
    if not _within_limits(request, "signup_slug"):
        return render(request, "platform/slug_state.html", said, status=429)
    typed = request.GET.get("slug", "")[:100]
    if typed.strip():
        try:
            said["slug"] = check_slug(typed)
        except SlugError as error:
            said["error"] = str(error)
    return render(request, "platform/slug_state.html", said)


@everyone
@never_cache
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The mail's link. It shows a button: programs that open links in mails confirm nothing."""
    try:
        signup = signups.signup_of(token)
    except BadLink as error:
        return render(request, "platform/link_dead.html", {"text": str(error)}, status=410)
    if signup.state != SignupState.REQUESTED:
        return redirect("signup_state", pk=signup.pk)
    form = OtherSlugForm(request.POST if "slug" in request.POST else None, signup=signup, initial={"slug": signup.slug})
    page = {"signup": signup, "form": form, "platform_host": _host(), "taken": ""}
    if form.is_bound and not form.is_valid():
        return render(request, "platform/confirm.html", page | {"taken": "Elija otro subdominio."}, status=409)
    slug = form.cleaned_data["slug"] if form.is_bound else signup.slug
    if request.method == "GET":
        return render(request, "platform/confirm.html", page)
    try:
        signups.confirm(signup, slug=slug, now=clock.now())
    except signups.SlugTaken as error:
        return render(request, "platform/confirm.html", page | {"taken": str(error)}, status=409)
    return redirect("signup_state", pk=signup.pk)


@everyone
@never_cache
@require_safe
def state(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """How far the making of an agency is. Asked again by htmx each second until it is over; who knows the id may look."""
    signup = Signup.objects.select_related("agency").filter(pk=pk).exclude(state=SignupState.REQUESTED).first()
    if signup is None:
        raise Http404
    if signup.state == SignupState.REJECTED:
        return render(request, "platform/rejected.html", {"signup": signup})
    ready = signup.state == SignupState.READY and signup.agency is not None
    page = {
        "signup": signup,
        "steps": _steps(signup),
        "ready": ready,
        "failed": signup.state == SignupState.FAILED,
        "waits": signup.state == SignupState.PENDING,
        "host": f"{signup.slug}.{_host()}",
        "link": signups.login_url(signup) if ready else "",
    }
    fragment = bool(request.headers.get("HX-Request"))
    return render(request, "platform/state_body.html" if fragment else "platform/state.html", page)


@everyone
@cache_control(public=True, max_age=30)
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """*Estado*: whether the platform works, for anybody. No number, no name."""
    return render(request, "platform/status.html", health.public_state(now=clock.now()))


def _within_limits(request: HttpRequest, action: str) -> bool:
    """Whether who asks, by address, has not asked too often. Counts this time."""
    # allauth's public function takes neither limits of one's own nor GET requests.
    return bool(ratelimit.consume(request=request, app="tenants", action=action, config=LIMITS, limit_get=True))


def _steps(signup: Signup) -> list[tuple[str, str]]:
    """Each step's label, and whether it is done, under way ("now") or still to come ("next")."""
    shown = []
    pending = {SignupState.FAILED: "stopped", SignupState.PENDING: "next"}.get(SignupState(signup.state), "now")
    for name, label in STEP_LABELS:
        if name in signup.steps:
            shown.append((label, "done"))
        else:
            shown.append((label, pending))
            pending = "next"
    return shown


def _sign_up_page(request: HttpRequest, form: SignupForm, *, status: int = 200) -> HttpResponse:
    return render(request, "platform/signup.html", {"form": form, "platform_host": _host()}, status=status)


urlpatterns = [
    path("", front, name="front"),
    path("estado/", status, name="status"),
    path("registro/", sign_up, name="signup"),
    path("registro/enviado/", sent, name="signup_sent"),
    path("registro/disponible/", slug_state, name="signup_slug"),
    path("registro/confirmar/<str:token>/", confirm, name="signup_confirm"),
    path("registro/estado/<uuid:pk>/", state, name="signup_state"),
]
