"""Row 17 of the fault table: files that the disk does not take. The kernel refuses them (a limit on this process' files), nobody
pretends to. A disk that is really full is what the chaos runs fill (docs/chaos.md); what its jobs do is in tests/jobs."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from payments import documents, receipts, settlement
from payments.models import Receipt, ReceiptFile
from saas.jobs import run
from saas.jobs.models import Job
from saas.lib import clock
from tenants import context
from tests.payments.money import body_of, credited, receive, start
from tests.world import Casts


@contextmanager
def no_file_over(size: int) -> Iterator[None]:
    """Until it ends no file of this process may grow beyond `size` bytes: a write is cut off there, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def files_in(folder: str) -> list[str]:
    path = Path(default_storage.path(folder))
    return sorted(file.name for file in path.rglob("*") if file.is_file()) if path.is_dir() else []


def test_row_17_a_file_is_stored_whole_or_not_at_all(inside_alfa: Any) -> None:
    with no_file_over(100), pytest.raises(OSError, match="too large"):
        default_storage.save("row17/a.pdf", ContentFile(b"x" * 100_000))
    assert files_in("row17") == []
    assert default_storage.save("row17/a.pdf", ContentFile(b"x" * 100_000)) == "row17/a.pdf"
    assert files_in("row17") == ["a.pdf"]
    assert default_storage.size("row17/a.pdf") == 100_000
    default_storage.delete("row17/a.pdf")


def test_row_17_a_receipt_whose_pdf_has_no_room_keeps_its_money_and_its_page_says_so(
    cast: Casts, browse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = cast.alfa
    browser = browse(here.agency, here.rita.user)
    with context.in_agency(here.agency):
        attempt = start(here)
        settlement.settle_callback(receive(body_of(attempt)), now=clock.now())
        receipt, before = Receipt.objects.get(), files_in("receipts")
        job = Job.objects.get(kind="payments.receipt_pdf")
        documents.receipt_pdf(receipts.receipt_document(receipt, here.agency))  # a process' first rendering puts fonts on the disk
        with no_file_over(100):
            assert run.run_job(job.pk, now=clock.now()) is True
        job.refresh_from_db()
        assert (job.done_at, job.dead_at, job.attempts) == (None, None, 1)
        assert (receipt.number, credited(attempt), ReceiptFile.objects.count(), files_in("receipts")) == (1, Decimal(1215000), 0, before)
        assert not Job.objects.filter(kind="payments.receipt_mail").exists()
    page = browser.get(f"/area-de-clientes/pagos/{attempt.payment_id}/")
    assert (page.status_code, "El PDF se está preparando" in page.content.decode()) == (200, True)
    page = browser.get(f"/area-de-clientes/pagos/{attempt.payment_id}/comprobante/")
    assert (page.status_code, "El comprobante se está preparando" in page.content.decode()) == (200, True)
    # Whoever comes back when it takes long gets it all the same, drawn for that download alone.
    monkeypatch.setattr("payments.receipts.SETTLING", timedelta())
    with no_file_over(100):
        page = browser.get(f"/area-de-clientes/pagos/{attempt.payment_id}/comprobante/")
    assert (page.status_code, page["Content-Type"], page.content[:5]) == (200, "application/pdf", b"%PDF-")
    with context.in_agency(here.agency):
        assert not ReceiptFile.objects.exists()
        assert run.run_job(job.pk, now=job.due_at) is True
        file = receipts.open_pdf(Receipt.objects.get())
        assert file is not None
        assert file.read(5) == b"%PDF-"
        assert Job.objects.filter(kind="payments.receipt_mail").count() == 1
