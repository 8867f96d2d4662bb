"""The forms of PQRS that clients fill in, and what the desk's share with them. They check; nothing here saves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clientarea.access import leases_of, units_of
from clientarea.models import Client, Lease, Unit
from pqrs.attachments import FILES_AT_ONCE
from pqrs.cases import LONGEST
from pqrs.models import OPEN_STATES, CaseKind, CaseState, CaseSubject
from saas.lib import file_fields
from saas.lib.filters import FilterForm

MANUAL = (CaseKind.PETITION, CaseKind.COMPLAINT, CaseKind.CLAIM, CaseKind.SUGGESTION)
OPEN = "abiertas"
_OTHER_KINDS = [(kind.value, kind.label) for kind in CaseKind if kind not in MANUAL]
KIND_CHOICES = [("", _("Elija una")), *[(kind.value, kind.label) for kind in MANUAL], (_("Con un plazo propio en la ley"), _OTHER_KINDS)]


def _what_may_be_attached() -> str:
    # Asked for when a page is made: a form's class is made once, whatever the language of who came first.
    return gettext("Fotos (JPEG, PNG, WebP) o PDF: máximo %(count)s archivos de 10 MB cada uno.") % {"count": FILES_AT_ONCE}


class FilesField(file_fields.FilesField):
    """Files to attach to a case."""

    def __init__(self) -> None:
        super().__init__(at_once=FILES_AT_ONCE, label=_("Adjuntos"), required=False, help_text=lazy(_what_may_be_attached, str)())


def text_field(label: Any, **attrs: Any) -> forms.CharField:
    """A text of up to LONGEST characters."""
    return forms.CharField(label=label, max_length=LONGEST, widget=forms.Textarea(attrs={"maxlength": LONGEST, **attrs}))


class CaseForm(forms.Form):
    """A new case. Units and leases to choose from are the client's own."""

    kind = forms.ChoiceField(label=_("Clasificación"), choices=KIND_CHOICES)
    subject = forms.ChoiceField(label=_("Asunto"), choices=[("", _("Elija uno")), *CaseSubject.choices])
    unit = forms.ModelChoiceField(label=_("Propiedad"), queryset=Unit.objects.none(), required=False, empty_label=_("Ninguna en particular"))
    lease = forms.ModelChoiceField(label=_("Contrato"), queryset=Lease.objects.none(), required=False, empty_label=_("Ninguno en particular"))
    description = text_field(_("Descripción"), rows=7)
    attached = FilesField()

    def __init__(self, *args: Any, client: Client, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units_of(client).order_by("code")  # type: ignore[attr-defined]
        self.fields["lease"].queryset = leases_of(client).select_related("unit").order_by("number")  # type: ignore[attr-defined]
        self.fields["description"].help_text = _("Cuéntenos qué pasó y qué necesita. Máximo %(count)s caracteres.") % {"count": LONGEST}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        unit, lease = data.get("unit"), data.get("lease")
        if unit and lease and lease.unit_id != unit.pk:
            self.add_error("lease", _("Ese contrato es de otro inmueble. Elija uno de los dos."))
        return data


def prefilled(query: Mapping[str, str]) -> dict[str, str]:
    """What a link that leads to the form already knows: `clase`, `asunto`, `texto`. An unknown class is a claim."""
    kind = query.get("clase", "")
    return {
        "kind": kind if kind in CaseKind.values or not kind else CaseKind.CLAIM.value,
        "subject": query.get("asunto", ""),
        "description": query.get("texto", "")[:LONGEST],
    }


class ReplyForm(forms.Form):
    """One more message of the client."""

    text = text_field(_("Su mensaje"), rows=4)
    attached = FilesField()


class RatingForm(forms.Form):
    """What the client thinks of the answer."""

    RATINGS = [("5", _("5 · Muy buena")), ("4", _("4 · Buena")), ("3", _("3 · Regular")), ("2", _("2 · Mala")), ("1", _("1 · Muy mala"))]
    rating = forms.TypedChoiceField(
        label=_("¿Cómo fue la respuesta?"), choices=RATINGS, coerce=int, widget=forms.RadioSelect(attrs={"class": "form-check-input"})
    )
    comment = forms.CharField(
        label=_("Comentario"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2, "maxlength": 1000})
    )


class CaseFilters(FilterForm):
    """Filters of a client's list."""

    q = forms.CharField(
        label=_("Buscar"), required=False, max_length=100, widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Radicado o texto")})
    )
    estado = forms.ChoiceField(label=_("Estado"), required=False, choices=[("", _("Todos")), (OPEN, _("Abiertas")), *CaseState.choices])
    clase = forms.ChoiceField(label=_("Clasificación"), required=False, choices=[("", _("Todas")), *CaseKind.choices])

    def states(self) -> list[str]:
        """The states that are looked for; none means all."""
        chosen = self.chosen("estado")
        return [str(state) for state in OPEN_STATES] if chosen == OPEN else [chosen] if chosen else []
