"""The form of an agency's reminders. It validates and saves nothing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from payments.models import ReminderPolicy
from payments.reminders.policy import FIELDS, LATE_TEXT, SOON_TEXT


class ReminderForm(forms.ModelForm):
    """What is sent, when, how often, and with what words."""

    seen = forms.CharField(widget=forms.HiddenInput)

    class Meta:
        model = ReminderPolicy
        fields = FIELDS
        help_texts = {
            "soon": _("Un solo mensaje por factura de arrendamiento."),
            "late": _("Para las facturas de arrendamiento con saldo. No se avisa de un pago que está en proceso."),
            "days_before": _("De 1 a 15."),
            "days_after": _("De 1 a 60."),
            "repeat_days": _("De 3 a 60, mientras la factura siga vencida."),
            "most": _("De 1 a 12."),
            "weekly": _("De 1 a 3. La ley permite además, como máximo, uno al día."),
        }
        labels = {"soon_text": _("Texto propio del aviso por vencer"), "late_text": _("Texto propio del aviso de vencida")}
        widgets = {name: forms.Textarea(attrs={"rows": 3}) for name in ("soon_text", "late_text")}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, text in (("soon_text", SOON_TEXT), ("late_text", LATE_TEXT)):
            self.fields[name].help_text = _("Sin texto propio dice: «%(text)s»") % {"text": text}

    def clean_soon_text(self) -> str:
        return _clean(self.cleaned_data["soon_text"])

    def clean_late_text(self) -> str:
        return _clean(self.cleaned_data["late_text"])


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\0", "").strip()
