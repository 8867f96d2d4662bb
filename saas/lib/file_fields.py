"""A form field for files to upload, checked by their bytes (saas/lib/files.py)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from saas.lib.files import ACCEPT, CheckedFile, FileError, check


class FilesInput(forms.FileInput):
    """A control that takes up to `at_once` files."""

    allow_multiple_selected = True

    def __init__(self, at_once: int) -> None:
        super().__init__(attrs={"accept": ACCEPT, **({"multiple": True} if at_once > 1 else {})})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[UploadedFile]:
        return files.getlist(name) if hasattr(files, "getlist") else list(files.get(name, []))


class FilesField(forms.Field):
    """Files to upload: its clean value is a list of CheckedFile."""

    def __init__(self, *, at_once: int, **options: Any) -> None:
        self.at_once = at_once
        super().__init__(widget=FilesInput(at_once), **options)

    def clean(self, value: Any) -> list[CheckedFile]:
        super().clean(value)
        try:
            return check(value or [], at_once=self.at_once)
        except FileError as error:
            # A browser does not keep chosen files; the texts it gets back.
            again = _("Elija de nuevo los archivos; lo demás sigue escrito.")
            raise forms.ValidationError([str(error), again]) from error
