"""What a list is narrowed to, as its address asks for it (`?q=&state=`). Nonsense in an address narrows nothing."""

from __future__ import annotations

from typing import Any

from django import forms


class FilterForm(forms.Form):
    """The filters of a list. Every field of it is optional; one whose value is nonsense is left out, the others still count."""

    not_filters: tuple[str, ...] = ()  # fields that leave no row out, such as the order

    def chosen(self, name: str) -> Any:
        """The clean value of a filter, or the empty text."""
        self.is_valid()
        return self.cleaned_data.get(name) or ""

    @property
    def active(self) -> bool:
        """Whether any filter is in use."""
        return any(self.chosen(name) for name in self.fields if name not in self.not_filters)
