"""The jobs of the book at the desk: read, import, undo, and make the workbooks that somebody asked for."""

from __future__ import annotations

import logging
from collections.abc import Callable

from saas.book import files as book_files
from saas.book import imports as book_imports
from saas.book import undo as book_undo
from saas.jobs.registry import Later, Task, handles
from saas.lib import clock

log = logging.getLogger(__name__)


@handles("book.read")
def read(task: Task) -> None:
    """Try a workbook."""
    _patiently(task, lambda: book_imports.read(task.payload["book_id"], now=clock.now()))


@handles("book.apply")
def apply(task: Task) -> None:
    """Import a workbook that was confirmed."""
    _patiently(task, lambda: book_imports.apply(task.payload["book_id"], now=clock.now()))


@handles("book.undo")
def undo(task: Task) -> None:
    """Undo an import."""
    _patiently(task, lambda: book_undo.undo(task.payload["book_id"], now=clock.now()))


@handles("book.file")
def make_file(task: Task) -> None:
    """Make a workbook to take away."""
    book_files.make(task.payload["file_id"], now=clock.now())


def _patiently(task: Task, work: Callable[[], None]) -> None:
    """A failure is tried again some times; then the import goes back to people, and the job is done."""
    try:
        work()
    except Later:
        raise
    except Exception as error:
        if task.attempts < book_imports.TRIES:
            raise
        log.exception("%s of import %s given up: %s", task.kind, task.payload["book_id"], type(error).__name__)
        book_imports.give_back(task.payload["book_id"])
