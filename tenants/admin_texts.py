"""The superadmin's list of the platform's texts: drafts to write and see, published versions to read. Publishing is an operation with its
reason (tenants/operations.py); nothing published can be changed here or by the database.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from saas.accounts.models import TextState
from saas.lib import clock, prose
from tenants import acts, platform_texts
from tenants.admin import Operated
from tenants.models import Agency
from tenants.platform_models import PlatformText


class TextForm(forms.ModelForm):
    """A draft."""

    class Meta:
        model = PlatformText
        fields = ("kind", "body", "asks_again")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        kind = data.get("kind") or self.instance.kind
        if not kind:
            return data
        if PlatformText.objects.filter(kind=kind, state=TextState.DRAFT).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(gettext("Ya hay un borrador de este texto: edítelo o descártelo."))
        data["body"] = (data.get("body") or "").strip() or platform_texts.in_force(kind)["body"]
        wrong = prose.unknown_words(data["body"], platform_texts.words_of(kind))
        if wrong:
            known = ", ".join(f"{{{word}}}" for word in platform_texts.words_of(kind))
            raise forms.ValidationError(
                gettext("No sabemos qué poner en %(wrong)s. En este texto se puede usar: %(known)s.")
                % {"wrong": ", ".join(f"{{{word}}}" for word in wrong), "known": known}
            )
        return data


@admin.register(PlatformText)
class PlatformTextAdmin(Operated):
    """Texts of the platform: drafts and versions."""

    form = TextForm
    list_display = ("kind", "state", "version", "asks_again", "edited_at", "edited_by", "published_at", "published_by")
    list_filter = ("kind", "state")
    search_fields = ("body", "edited_by", "published_by")
    ordering = ("kind", "-version")
    readonly_fields = ("operations", "help", "preview", "state", "version", "edited_at", "edited_by", "published_at", "published_by")
    fields = ("operations", "kind", "body", "asks_again", *readonly_fields[1:])

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request) and (obj is None or obj.state == TextState.DRAFT)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj else ("kind", "body", "help", "asks_again")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.readonly_fields, "kind") if obj else self.readonly_fields

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "body" and field is not None:
            field.required = False
            field.widget.attrs["rows"] = 24
            field.help_text = _("Vacío: comienza con el texto vigente.")
        return field

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        obj.body, obj.edited_at, obj.edited_by = form.cleaned_data["body"], clock.now(), request.user.name  # type: ignore[union-attr]
        super().save_model(request, obj, form, change)
        acts.note("editar texto", by=request.user, reason="", now=clock.now(), detail=str(obj))

    @admin.display(description=_("cómo se escribe"))
    def help(self, text: PlatformText) -> str:
        """The marks, and the words that are filled in."""
        kind = text.kind
        words = [(word, said) for word, said in platform_texts.WORDS.items() if not kind or word in platform_texts.words_of(kind)]
        return format_html(
            "{}<ul>{}</ul>", _("Un párrafo, una línea vacía, otro párrafo. «## Título», «- punto de una lista», «[enlace](/datos-personales/)»."),
            format_html_join("", "<li><code>{{{}}}</code>: {}</li>", words),
        )  # fmt: skip

    @admin.display(description=_("vista previa"))
    def preview(self, text: PlatformText) -> str:
        """The text as it was last saved, with an agency that does not exist."""
        example = Agency(name="Inmobiliaria Ejemplo", nit="900373913", nit_check="4", city="Bogotá D.C.", email="hola@ejemplo.example")
        return format_html('<div class="prose">{}</div>', prose.to_html(text.body, platform_texts.values(example)))
