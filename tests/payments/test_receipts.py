"""A receipt from the money to the paper and the mail: what it says, that it is made once, and that it can be made again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

import pypdfium2
import pytest
from django.core import mail
from django.core.files.storage import default_storage

from payments import receipt_mail, receipts
from payments.gateway import GatewayState
from payments.models import Attempt, Receipt, ReceiptFile
from payments.settlement import settle_answer
from saas.jobs.models import Job
from tenants import context
from tests.payments.money import answer, finding, start
from tests.world import NOW, Cast, Casts


@pytest.fixture
def here(cast: Casts) -> Iterator[Cast]:
    with context.in_agency(cast.alfa.agency):
        yield cast.alfa


def text_of(data: bytes) -> str:
    """The words of a PDF, with its spaces made plain."""
    document = pypdfium2.PdfDocument(data)
    return " ".join(" ".join(page.get_textpage().get_text_bounded() for page in document).split())


def paid(here: Cast) -> tuple[Attempt, Receipt]:
    attempt = start(here)
    settle_answer(attempt.pk, answer(finding(attempt, GatewayState.APPROVED)), now=NOW)
    return attempt, Receipt.objects.get()


def test_the_paper_says_who_paid_what_and_how(here: Cast) -> None:
    attempt, receipt = paid(here)
    row = receipts.make_pdf(receipt.pk, agency=here.agency, now=NOW)
    file = receipts.open_pdf(receipt)
    assert file is not None
    with file:
        data = file.read()
    assert (row.size, row.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    text = text_of(data)
    for words in (
        here.agency.name, "CP-1", here.rita.name, "PSE", "1234567", attempt.reference, here.invoice.full_number,
        "$ 1.215.000", "un millón doscientos quince mil pesos", " ".join(re.findall("....", receipt.code)),
    ):  # fmt: skip
        assert words.lower() in text.replace("\u00a0", " ").lower(), words


def test_the_paper_is_made_once_and_again_if_it_is_lost(here: Cast) -> None:
    _attempt, receipt = paid(here)
    first = receipts.make_pdf(receipt.pk, agency=here.agency, now=NOW)
    second = receipts.make_pdf(receipt.pk, agency=here.agency, now=NOW)
    assert (second.path, second.made_at) == (first.path, first.made_at)
    default_storage.delete(first.path)
    assert receipts.open_pdf(receipt) is None
    receipts.make_pdf(receipt.pk, agency=here.agency, now=NOW)
    assert receipts.open_pdf(receipt) is not None
    assert ReceiptFile.objects.count() == 1
    assert Job.objects.filter(kind="payments.receipt_mail").count() == 1


def test_row_16_the_mail_brings_the_paper_and_a_second_copy_bears_the_same_id(here: Cast) -> None:
    _attempt, receipt = paid(here)
    receipts.make_pdf(receipt.pk, agency=here.agency, now=NOW)
    receipt_mail.send(receipt.pk, agency=here.agency, now=NOW)
    receipt_mail.send(receipt.pk, agency=here.agency, now=NOW)
    first, second = mail.outbox
    assert first.to == [here.rita.email]
    assert first.subject == "Recibimos su pago · comprobante CP-1"
    assert [name for name, _content, _kind in first.attachments] == ["comprobante-CP-1.pdf"]
    assert "$ 1.215.000" in str(first.body).replace("\u00a0", " ")
    # A second copy after a crash is recognised as the same one.
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]
