"""The forms of files: what the desk shares and asks for, what it says of what came, and what a client hands in. They check;
clientarea/files.py writes.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clientarea.file_models import FileKind
from clientarea.files import FILES_AT_ONCE
from clientarea.models import Client, Lease
from saas.lib.file_fields import FilesField
from saas.lib.form_fields import DayField, LineField

LONGEST = 500
ONE_FILE = _("Un PDF o una foto (JPEG, PNG, WebP) de máximo 10 MB.")


def _leases_with(client: Client) -> Any:
    """The leases that a client signed, and those of the units that the client owns."""
    mine = Q(renter=client) | Q(co_renter=client) | Q(unit__ownerships__owner=client)
    return Lease.objects.filter(mine).select_related("unit").distinct().order_by("number")


class _About(forms.Form):
    """What a file is."""

    kind = forms.ChoiceField(label=_("Clase"), choices=FileKind.choices)
    title = LineField(label=_("Título"), max_length=120, error_messages={"required": _("Escriba un título.")})


class _Expiring(forms.Form):
    expires_on = DayField(label=_("Vence"), required=False, help_text=_("Si el documento tiene vencimiento. El cliente lo ve."))


class ShareForm(_About, _Expiring):
    """A file for one client."""

    lease = forms.ModelChoiceField(label=_("Contrato"), queryset=Lease.objects.none(), required=False, empty_label=_("Ninguno en particular"))
    file = FilesField(at_once=1, label=_("Archivo"), help_text=ONE_FILE)
    field_order = ["kind", "title", "lease", "expires_on", "file"]

    def __init__(self, *args: Any, client: Client, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lease"].queryset = _leases_with(client)  # type: ignore[attr-defined]


class LeaseShareForm(_About, _Expiring):
    """A file about a lease, for some of those who have to do with it."""

    clients = forms.ModelMultipleChoiceField(
        label=_("Con quién"), queryset=Client.objects.none(), widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"})
    )
    file = FilesField(at_once=1, label=_("Archivo"), help_text=ONE_FILE)
    field_order = ["clients", "kind", "title", "expires_on", "file"]

    def __init__(self, *args: Any, lease: Lease, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        theirs = Q(pk__in=[lease.renter_id, lease.co_renter_id]) | Q(ownerships__unit=lease.unit_id)
        self.fields["clients"].queryset = Client.objects.filter(theirs).distinct().order_by("name")  # type: ignore[attr-defined]


class AskForm(_About):
    """A file that a client is to hand in."""

    why = forms.CharField(
        label=_("Para qué"), max_length=LONGEST, help_text=_("El cliente lo lee."), widget=forms.Textarea(attrs={"rows": 3, "maxlength": LONGEST})
    )
    due_on = DayField(label=_("Fecha límite"))
    lease = forms.ModelChoiceField(label=_("Contrato"), queryset=Lease.objects.none(), required=False, empty_label=_("Ninguno en particular"))
    field_order = ["kind", "title", "why", "due_on", "lease"]

    def __init__(self, *args: Any, client: Client, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["title"].label = _("Qué documento")
        self.fields["lease"].queryset = _leases_with(client)  # type: ignore[attr-defined]
        self.fields["due_on"].widget.attrs["min"] = today.isoformat()

    def clean_due_on(self) -> date:
        due_on: date = self.cleaned_data["due_on"]
        if due_on < self.today:
            raise forms.ValidationError(_("La fecha límite no puede ser anterior a hoy."))
        return due_on


class RejectForm(forms.Form):
    """Why what came is not right."""

    reason = forms.CharField(
        label=_("Motivo del rechazo"), max_length=LONGEST, help_text=_("El cliente lo lee y puede entregarlo de nuevo."),
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": LONGEST}),
    )  # fmt: skip


class HandInForm(forms.Form):
    """The files that a client hands in."""

    attached = FilesField(at_once=FILES_AT_ONCE, label=_("Archivos"))
    text = forms.CharField(
        label=_("Comentario"), max_length=LONGEST, required=False, widget=forms.Textarea(attrs={"rows": 2, "maxlength": LONGEST})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        most = _("PDF o fotos (JPEG, PNG, WebP): máximo %(count)s archivos de 10 MB cada uno.") % {"count": FILES_AT_ONCE}
        self.fields["attached"].help_text = most
