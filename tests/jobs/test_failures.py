"""What is written down of a job that failed: enough to find it, and nothing of a person."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from clientarea.models import Client
from saas.jobs.defer import defer
from saas.jobs.models import Job
from saas.jobs.registry import HANDLERS, Permanent, Task
from saas.jobs.run import run_job
from saas.lib import failures
from saas.lib.logs import JsonFormatter
from tenants import context
from tests.world import NOW, Cast, Casts, make_client

PERSON = ("Rita", "Arrendataria", "rita@correo.example", "1001", "rita")


@pytest.fixture
def here(cast: Casts) -> Any:
    with context.in_agency(cast.alfa.agency):
        yield cast.alfa


def run(handler: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> tuple[str, str]:
    """A job fails so: what its row says, and what the log does in production."""
    monkeypatch.setitem(HANDLERS, "test.fails", handler)
    defer("test.fails", "a", now=NOW)
    job = Job.objects.get(kind="test.fails")
    with caplog.at_level(logging.ERROR):
        assert run_job(job.pk, now=NOW)
    job.refresh_from_db()
    return job.last_error, "\n".join(JsonFormatter().format(record) for record in caplog.records)


def says_nobody(*texts: str) -> None:
    for text in texts:
        assert [word for word in PERSON if word in text] == []


@pytest.mark.parametrize("wrapped", ["as it is", "by another"])
def test_a_person_in_a_message_reaches_neither_the_row_nor_the_log(
    here: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, wrapped: str
) -> None:
    def sends(task: Task) -> None:
        client = Client.objects.get(pk=here.rita.pk)
        try:
            raise ValueError(f"no mail for {client.name} <{client.email}>, document {client.document}")
        except ValueError as error:
            if wrapped == "as it is":
                raise
            raise RuntimeError(f"not sent: {error}") from error

    row, log = run(sends, monkeypatch, caplog)
    says_nobody(row, log)
    begins = "ValueError: no mail for … document … [" if wrapped == "as it is" else "RuntimeError: not sent: no mail for … document … ["
    assert row.startswith(begins)
    assert row.endswith(" sends]")
    assert "tests/jobs/test_failures.py:" in row
    assert begins in log


def test_what_the_database_quotes_is_left_out_and_its_rule_is_named(
    here: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def doubles(task: Task) -> None:
        with transaction.atomic():
            make_client(here.rita.document, here.rita.name, with_user=False)

    row, log = run(doubles, monkeypatch, caplog)
    says_nobody(row, log)
    assert row.startswith("IntegrityError: …")
    assert "(23505 clientarea_client " in row


def test_what_is_set_aside_at_once_says_why_without_a_person(here: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def refuses(task: Task) -> None:
        raise Permanent(f"nothing to tell {here.rita.name}")

    row, log = run(refuses, monkeypatch, caplog)
    says_nobody(row, log)
    assert row == "nothing to tell …"


def test_a_full_disk_says_so() -> None:
    with pytest.raises(OSError, match="No space") as caught:
        Path("/dev/full").write_bytes(b"x")
    assert failures.told(caught.value).startswith("OSError: … No space left on device [tests/jobs/test_failures.py:")


def test_an_error_without_a_message_is_its_type() -> None:
    assert failures.told(IntegrityError()) == "IntegrityError"
