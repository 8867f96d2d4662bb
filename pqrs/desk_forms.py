"""The forms of the desk's PQRS pages. They check; nothing here saves."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pqrs.cases import LONGEST
from pqrs.deadlines import LEGAL, Term
from pqrs.desk_left import LEFT, NEAR
from pqrs.forms import CaseFilters, CaseForm, FilesField, text_field
from pqrs.models import OPEN_STATES, CannedAnswer, CaseKind, CaseState, CaseSubject, Channel
from saas.accounts.models import Role, User
from saas.lib.form_fields import DayField

NOBODY = "nadie"
MINE = "mias"
ALL = "todas"
OLDEST_RECEIVED = timedelta(days=60)


class DeskFilters(CaseFilters):
    """The inbox: what is open, unless another state is asked for."""

    asunto = forms.ChoiceField(label=_("Asunto"), required=False, choices=[("", _("Todos")), *CaseSubject.choices])
    asignada = forms.ChoiceField(label=_("Asignada a"), required=False)
    plazo = forms.ChoiceField(label=_("Plazo"), required=False, choices=[("", _("Todos")), *LEFT.items(), *NEAR.items()])

    def __init__(self, *args: Any, staff: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["estado"].choices = [("", _("Abiertas")), (ALL, _("Todas")), *CaseState.choices]  # type: ignore[attr-defined]
        people = [(str(user.pk), user.name) for user in staff]
        self.fields["asignada"].choices = [("", _("Cualquiera")), (MINE, _("A mí")), (NOBODY, _("Sin asignar")), *people]  # type: ignore[attr-defined]

    def states(self) -> list[str]:
        chosen = self.chosen("estado")
        if chosen:
            return [] if chosen == ALL else [chosen]
        return [str(state) for state in OPEN_STATES]


class DeskCaseForm(CaseForm):
    """A case that staff file for a client: how it arrived and when it was received."""

    channel = forms.ChoiceField(label=_("Cómo llegó"), choices=[choice for choice in Channel.choices if choice[0] != Channel.PORTAL])
    received_on = DayField(label=_("Recibida el"), help_text=_("El plazo corre desde el día hábil siguiente."))
    field_order = ["channel", "received_on", "kind", "subject", "unit", "lease", "description", "attached"]

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["received_on"].initial = today
        self.fields["description"].help_text = _("Lo que pide el cliente, con sus palabras. Máximo %(count)s caracteres.") % {"count": LONGEST}

    def clean_received_on(self) -> date:
        day: date = self.cleaned_data["received_on"]
        if not self.today - OLDEST_RECEIVED <= day <= self.today:
            raise forms.ValidationError(_("Escriba una fecha de los últimos 60 días, hasta hoy."))
        return day


class AnswerForm(forms.Form):
    """What staff write to the client: the answer, or a message before it."""

    text = text_field(_("Texto para el cliente"), rows=8)
    attached = FilesField()


class NoteForm(forms.Form):
    """What staff write for each other."""

    note = text_field(_("Nota"), rows=3)


class AssignForm(forms.Form):
    """Who of the team has a case."""

    to = forms.ModelChoiceField(label=_("Asignada a"), queryset=User.objects.none(), required=False, empty_label=_("Nadie"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = User.objects.filter(role=Role.STAFF, is_active=True).order_by("name")  # type: ignore[attr-defined]


class ExtendForm(forms.Form):
    """More time, with the reason that the client is told."""

    days = forms.IntegerField(label=_("Días hábiles de más"), min_value=1)
    reason = text_field(_("Motivo, para el cliente"), rows=3)

    def __init__(self, *args: Any, most: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["days"].max_value = most  # type: ignore[attr-defined]
        self.fields["days"].initial = most
        self.fields["days"].widget.attrs["max"] = most
        self.fields["days"].help_text = _("De 1 a %(most)s. Solo se puede una vez y antes de que venza.") % {"most": most}


class CloseForm(forms.Form):
    """Why a case is closed; needed when it was not answered."""

    closing = forms.CharField(
        label=_("Motivo, para el cliente"), max_length=LONGEST, required=False, widget=forms.Textarea(attrs={"rows": 3, "maxlength": LONGEST})
    )


class CannedAnswerForm(forms.ModelForm):
    """A text to answer with."""

    class Meta:
        model = CannedAnswer
        fields = ["title", "text"]
        widgets = {"text": forms.Textarea(attrs={"rows": 10, "maxlength": LONGEST})}
        help_texts = {
            "text": _("Se reemplazan {nombre}, {radicado}, {clasificacion}, {asunto}, {inmueble} y {vence} por los datos de cada PQRS.")
        }


class TermsForm(forms.Form):
    """The term of each kind. An agency may promise less than the law gives, never more."""

    def __init__(self, *args: Any, terms: dict[CaseKind, Term], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in CaseKind:
            legal = LEGAL[kind]
            for name, value, least, most in (("days", terms[kind].days, 1, legal.days), ("extra", terms[kind].extra_days, 0, legal.extra_days)):
                self.fields[f"{kind}_{name}"] = forms.IntegerField(
                    label=f"{kind.label}: {_('días para responder') if name == 'days' else _('días de prórroga')}",
                    min_value=least,
                    max_value=most,
                    initial=value,
                )

    def rows(self) -> list[tuple[str, Any, Any, Term]]:
        """Each kind with its two fields and what the law gives."""
        return [(str(kind.label), self[f"{kind}_days"], self[f"{kind}_extra"], LEGAL[kind]) for kind in CaseKind]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for kind in CaseKind:
            days, extra = data.get(f"{kind}_days"), data.get(f"{kind}_extra")
            if days is not None and extra is not None and extra > days:
                self.add_error(f"{kind}_extra", _("La prórroga no puede ser mayor que el plazo."))
        return data

    def terms(self) -> dict[CaseKind, Term]:
        """The terms, from a valid form."""
        data = self.cleaned_data
        return {kind: Term(data[f"{kind}_days"], data[f"{kind}_extra"]) for kind in CaseKind}
