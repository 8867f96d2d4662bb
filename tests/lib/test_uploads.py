"""What is uploaded is bounded while it arrives, and what else was typed comes through."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.test import RequestFactory

from saas.lib.uploads import TooBig


@pytest.fixture(autouse=True)
def small(settings: Any) -> None:
    settings.UPLOAD_FILE_BYTES = 1000
    settings.UPLOAD_REQUEST_BYTES = 200_000


def _sent(*files: bytes) -> Any:
    uploads = [SimpleUploadedFile(f"{n}.pdf", data) for n, data in enumerate(files)]
    return RequestFactory().post("/", {"text": "Hola", "attached": uploads})


def test_a_file_that_is_too_big_is_thrown_away_and_the_rest_comes_through() -> None:
    request = _sent(b"x" * 1000, b"y" * 100_000, b"z")
    assert request.POST["text"] == "Hola"
    first, second, third = request.FILES.getlist("attached")
    assert (first.read(), third.read()) == (b"x" * 1000, b"z")
    assert isinstance(second, TooBig)
    assert (second.name, second.size) == ("1.pdf", 0)


def test_files_too_big_for_memory_are_bounded_too(settings: Any) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10
    good, bad = _sent(b"x" * 1000, b"y" * 1001).FILES.getlist("attached")
    assert good.read() == b"x" * 1000
    assert isinstance(bad, TooBig)


def test_a_request_that_is_far_too_big_is_refused_whole(alfa: Any, browse: Any) -> None:
    browser: Browser = browse(alfa)
    answer = browser.post("/area-de-clientes/ingresar/", {"attached": SimpleUploadedFile("a.pdf", b"x" * 200_001)})
    assert answer.status_code == 400
