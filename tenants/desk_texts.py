"""*Política de datos*: the agency writes its own policy on personal data, sees it, and publishes versions that its clients read and,
where it says so, accept anew. Dueños only; published versions stay as they are.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from saas.accounts import doors, versions
from saas.accounts.models import PolicyText, StaffRole, TextState
from saas.lib import clock, prose
from tenants import platform_texts
from tenants.hosts import agency_of
from tenants.platform_models import TextKind


class PolicyForm(forms.Form):
    """The draft."""

    body = forms.CharField(
        label=gettext_lazy("Texto"), max_length=60_000, widget=forms.Textarea(attrs={"rows": 18}),
        help_text=gettext_lazy("Deje una línea vacía entre párrafos. Un título comienza con «## » y cada punto de una lista con «- »."),
        error_messages={"required": gettext_lazy("Escriba el texto de la política.")},
    )  # fmt: skip
    asks_again = forms.BooleanField(
        label=gettext_lazy("Pedir a mis clientes que acepten de nuevo"), required=False,
        help_text=gettext_lazy("Márquelo si cambia qué datos trata o para qué. Cada cliente lo verá la próxima vez que entre."),
    )  # fmt: skip

    def clean_body(self) -> str:
        body = str(self.cleaned_data["body"]).replace("\r\n", "\n")
        wrong = prose.unknown_words(body, platform_texts.WORDS)
        if wrong:
            raise forms.ValidationError(_("No sabemos qué poner en %(words)s.") % {"words": ", ".join(f"{{{word}}}" for word in wrong)})
        return body


@doors.staff_of(StaffRole.HEAD)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_policy_text(request: HttpRequest) -> HttpResponse:
    """The draft, how it looks, and the versions."""
    draft = PolicyText.objects.filter(state=TextState.DRAFT).first()
    current = versions.policy()
    start = draft or current
    body = start.body if start else platform_texts.in_force(TextKind.PORTAL_PRIVACY)["body"]
    form = PolicyForm(request.POST if request.method == "POST" else None, initial={"body": body, "asks_again": bool(draft and draft.asks_again)})
    if form.is_valid():
        versions.draft_policy(form.cleaned_data["body"], asks_again=form.cleaned_data["asks_again"], by=doors.who(request), now=clock.now())
        messages.success(request, _("El borrador quedó guardado. Sus clientes todavía no lo ven."))
        return redirect("desk_policy_text")
    page = {
        "form": form, "draft": draft, "current": current, "preview": _shown(request, draft.body) if draft else "",
        "versions": PolicyText.objects.filter(state=TextState.PUBLISHED).order_by("-version"), "words": platform_texts.WORDS,
    }  # fmt: skip
    return render(request, "tenants/desk_policy_text.html", page, status=422 if form.is_bound else 200)


@doors.staff_of(StaffRole.HEAD)
@require_POST
def desk_policy_publish(request: HttpRequest) -> HttpResponse:
    """*Publicar*."""
    try:
        number = platform_texts.publish_policy(by=doors.who(request), now=clock.now())
    except versions.TextError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("La versión %(number)s quedó publicada.") % {"number": number})
    return redirect("desk_policy_text")


@doors.staff_of(StaffRole.HEAD)
@require_POST
def desk_policy_discard(request: HttpRequest) -> HttpResponse:
    """*Descartar el borrador*."""
    versions.discard_policy(by=doors.who(request), now=clock.now())
    messages.success(request, _("Descartamos el borrador."))
    return redirect("desk_policy_text")


@doors.staff_of(StaffRole.HEAD)
@require_safe
def desk_policy_version(request: HttpRequest, number: int) -> HttpResponse:
    """A published version, as it was."""
    row = PolicyText.objects.filter(version=number).first()
    if row is None:
        raise Http404
    return render(request, "tenants/desk_policy_version.html", {"row": row, "text": _shown(request, row.body)})


def _shown(request: Any, body: str) -> str:
    return prose.to_html(body, platform_texts.values(agency_of(request)))


urlpatterns = [
    path("ajustes/politica/", desk_policy_text, name="desk_policy_text"),
    path("ajustes/politica/publicar/", desk_policy_publish, name="desk_policy_publish"),
    path("ajustes/politica/descartar/", desk_policy_discard, name="desk_policy_discard"),
    path("ajustes/politica/<int:number>/", desk_policy_version, name="desk_policy_version"),
]
