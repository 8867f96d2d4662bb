"""What the tests of the book at the desk share: bring a workbook, run its jobs, and look at the cells of one."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from openpyxl import load_workbook

from clientarea.models import BookFile, BookImport
from saas.jobs.models import Job
from saas.jobs.run import run_job
from saas.lib import clock
from tenants import context
from tenants.models import Agency
from tests.importing.books import Book
from tests.portal.pages import at
from tests.world import Cast


class Desk:
    """A browser whose thread is inside its agency again after each request, where the test goes on."""

    def __init__(self, browser: Any, agency: Agency) -> None:
        self.browser = browser
        self.agency = agency

    def get(self, *args: Any, **kwargs: Any) -> Any:
        answer = self.browser.get(*args, **kwargs)
        context.enter(self.agency)
        return answer

    def post(self, *args: Any, **kwargs: Any) -> Any:
        answer = self.browser.post(*args, **kwargs)
        context.enter(self.agency)
        return answer


def data_of(book: Book | Path | bytes, folder: Path) -> bytes:
    """The bytes of a workbook."""
    if isinstance(book, bytes):
        return book
    return (book if isinstance(book, Path) else book.save(folder / "libro.xlsx")).read_bytes()


def upload(sara: Any, data: bytes, name: str = "libro.xlsx") -> Any:
    """Bring a workbook by the page."""
    return sara.post(at("desk_book_bring"), {"file": SimpleUploadedFile(name, data)})


def work() -> int:
    """Run the book's jobs that wait, in the agency that we are inside; how many there were."""
    waiting = list(Job.objects.filter(kind__startswith="book.", done_at=None, dead_at=None).order_by("pk").values_list("pk", flat=True))
    for pk in waiting:
        assert run_job(pk, now=clock.now())
        job = Job.objects.get(pk=pk)
        assert (job.done_at is not None, job.last_error) == (True, ""), job.last_error
    with connection.cursor() as cursor:  # as each job's own transaction would have ended
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return len(waiting)


def brought(sara: Any, cast: Cast, book: Book | Path | bytes, folder: Path) -> BookImport:
    """A workbook that was brought and read. Call it inside the agency."""
    answer = upload(sara, data_of(book, folder))
    assert answer.status_code == 302, answer.content.decode()
    assert work() == 1, list(Job.objects.values())
    return BookImport.objects.latest("pk")


def imported(sara: Any, cast: Cast, book: Book | Path | bytes, folder: Path) -> BookImport:
    """A workbook that was brought, read, confirmed and imported."""
    made = brought(sara, cast, book, folder)
    assert made.state == "preview", made.error
    sara.post(at("desk_book_confirm", made.pk), {"digest": made.digest})
    assert work() == 1
    made.refresh_from_db()
    assert made.state == "applied", made.error
    return made


def cells_of(data: bytes) -> dict[str, list[tuple[Any, ...]]]:
    """Every cell of a workbook, by sheet."""
    book = load_workbook(io.BytesIO(data), data_only=False)
    return {sheet.title: [tuple(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}


def made_file() -> bytes:
    """The newest workbook that was made to take away."""
    with default_storage.open(BookFile.objects.latest("pk").path, "rb") as file:
        return file.read()
