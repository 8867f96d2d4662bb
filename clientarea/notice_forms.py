"""The form of a client's choices: for each kind of notice that may be chosen, whether in the portal and whether by mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _

from clientarea.models import NoticeKind
from clientarea.notice_words import ABOUT, About
from clientarea.notices import ESSENTIAL, Wish


@dataclass(frozen=True)
class Row:
    """A kind on the page; without fields where nothing is to be chosen."""

    kind: NoticeKind
    about: About
    portal: BoundField | None = None
    mail: BoundField | None = None


class ChoicesForm(forms.Form):
    """Two boxes for each kind but the essential ones."""

    def __init__(self, *args: Any, wishes: Mapping[NoticeKind, Wish], **options: Any) -> None:
        super().__init__(*args, **options)
        for kind, wish in wishes.items():
            if kind not in ESSENTIAL:
                in_portal, by_mail = _("%(kind)s: en el portal"), _("%(kind)s: por correo")
                named = {"kind": kind.label}
                self.fields[f"portal_{kind}"] = forms.BooleanField(label=in_portal % named, required=False, initial=wish.portal)
                self.fields[f"mail_{kind}"] = forms.BooleanField(label=by_mail % named, required=False, initial=wish.mail)

    @property
    def rows(self) -> list[Row]:
        """The kinds in their order."""
        return [
            Row(kind, ABOUT[kind]) if kind in ESSENTIAL else Row(kind, ABOUT[kind], self[f"portal_{kind}"], self[f"mail_{kind}"])
            for kind in NoticeKind
        ]

    def wishes(self) -> dict[NoticeKind, Wish]:
        """The choices, from a valid form."""
        data = self.cleaned_data
        return {kind: Wish(data[f"portal_{kind}"], data[f"mail_{kind}"]) for kind in NoticeKind if kind not in ESSENTIAL}
