"""A bound on what may be uploaded, kept while it arrives: whatever page it is sent to, and before anyone is known.

A file that is too big is read to its end and thrown away, so that the form can say so with everything else that was typed.
A request that is far too big is refused whole.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler


class TooBig(SimpleUploadedFile):
    """What is left of a file that was too big: its name."""

    def __init__(self, name: str, content_type: str | None) -> None:
        super().__init__(name, b"", content_type or "application/octet-stream")


class BoundedHandler(FileUploadHandler):
    """The first of FILE_UPLOAD_HANDLERS: lets through UPLOAD_FILE_BYTES of each file and UPLOAD_REQUEST_BYTES in all."""

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None) -> None:  # noqa: N803
        if content_length > settings.UPLOAD_REQUEST_BYTES:
            raise RequestDataTooBig("the request is larger than UPLOAD_REQUEST_BYTES")

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.arrived = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.arrived += len(raw_data)
        return raw_data if self.arrived <= settings.UPLOAD_FILE_BYTES else None

    def file_complete(self, file_size: int) -> UploadedFile | None:
        if self.arrived <= settings.UPLOAD_FILE_BYTES:
            return None
        return TooBig(self.file_name or "archivo", self.content_type)
