"""The forms of PQRS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clientarea.access import leases_of, units_of
from clientarea.models import Client, Lease, Unit
from pqrs.cases import LONGEST
from pqrs.models import CaseKind, CaseSubject


def _text(label: Any, **attrs: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=LONGEST, widget=forms.Textarea(attrs={"maxlength": LONGEST, **attrs}))


class CaseForm(forms.Form):
    """A new case. Units and leases to choose from are the client's own."""

    kind = forms.ChoiceField(label=_("Clasificación"), choices=[("", _("Elija una")), *CaseKind.choices])
    subject = forms.ChoiceField(label=_("Asunto"), choices=[("", _("Elija uno")), *CaseSubject.choices])
    unit = forms.ModelChoiceField(label=_("Inmueble"), queryset=Unit.objects.none(), required=False, empty_label=_("Ninguno en particular"))
    lease = forms.ModelChoiceField(label=_("Contrato"), queryset=Lease.objects.none(), required=False, empty_label=_("Ninguno en particular"))
    description = _text(_("Descripción"), rows=7)

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

    text = _text(_("Su mensaje"), rows=4)
