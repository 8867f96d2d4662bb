"""Receipts: numbered in the transaction that takes the money, made into a PDF and mailed afterwards.

The receipt is its row; the PDF is a file that can be made again from it, with the hash of what was stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import IO

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.urls import reverse

from payments import announcing, documents, outgoing
from payments.models import Attempt, Invoice, Payment, PaymentSource, Receipt, ReceiptFile
from saas.jobs.defer import defer
from saas.lib import clock, crypto
from saas.lib.documents import format_document
from tenants import branding
from tenants.models import Agency
from tenants.paper import issuer as issuer

PREFIX = "CP"
SETTLING = timedelta(minutes=5)  # how long a worker may take to store a PDF before it is drawn for who asks


def issue(
    *, payment: Payment, attempt: Attempt | None, applied: Sequence[tuple[Invoice, Decimal]], now: datetime
) -> Receipt:
    """Number the receipt of a payment, without gaps, tell the client, and ask for its PDF and its mail. Call it once, inside the
    transaction that takes the money: the database refuses a second receipt of a payment, and the whole transaction with it."""
    client = payment.client
    covered = sum((amount for _, amount in applied), Decimal(0))
    receipt = Receipt.objects.create(
        prefix=PREFIX,
        number=next_number("receipt"),
        payment=payment,
        client=client,
        amount=payment.amount,
        issued_at=now,
        code=crypto.random_reference(10),
        content={
            "client": client.name,
            "client_document": client.full_document,
            "payer": payment.payer_name or client.name,
            "payer_document": format_document(payment.payer_document_type, payment.payer_document, "")
            if payment.payer_document
            else "",
            "paid_on": (payment.paid_on or clock.local(now).date()).isoformat(),
            "means": payment.means,
            "reference": attempt.reference if attempt else payment.reference,
            "cus": attempt.cus if attempt else "",
            "authorisation": attempt.authorisation if attempt else "",
            "test": attempt.test if attempt else False,
            "lines": [[invoice.full_number, invoice.concept, str(amount)] for invoice, amount in applied],
            "credit": str(payment.amount - covered),
        },
    )
    announcing.announce_payment(receipt, now)
    defer("payments.receipt_pdf", str(receipt.pk), now=now, receipt_id=receipt.pk)
    outgoing.payment_approved(receipt, applied, now=now)  # whatever brought the money, it has a receipt
    return receipt


def next_number(series: str) -> int:
    """The next number of a series; its row stays locked until the transaction ends, so a rollback leaves no gap."""
    with connection.cursor() as cursor:
        # One statement: all payments of an agency wait for each other here.
        cursor.execute(
            "INSERT INTO payments_counter AS counter (name, value) VALUES (%s, 1)"
            " ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value",
            [series],
        )
        number: int = cursor.fetchone()[0]
    return number


def receipt_file(receipt: Receipt) -> ReceiptFile | None:
    """The stored PDF's row, or None while it is being made."""
    return ReceiptFile.objects.filter(receipt=receipt).first()


def on_its_way(receipt: Receipt, *, now: datetime) -> bool:
    """Whether a worker is about to store the PDF. Of imported payments none was asked for: theirs is drawn when it is wanted."""
    return receipt.payment.source != PaymentSource.IMPORTED and now - receipt.issued_at < SETTLING


def open_pdf(receipt: Receipt) -> IO[bytes] | None:
    """The stored PDF, open for reading, or None if it is not there (yet, or any more)."""
    row = receipt_file(receipt)
    if row is None or not default_storage.exists(row.path):
        return None
    return default_storage.open(row.path, "rb")


def make_pdf(receipt_id: int, *, agency: Agency, now: datetime) -> ReceiptFile:
    """Render and store a receipt's PDF, and ask for its mail. Safe to repeat: a file that is there and whole is kept."""
    receipt = Receipt.objects.select_related("payment", "client").get(pk=receipt_id)
    row = receipt_file(receipt)
    if row is not None and _whole(row):
        return row
    data = documents.receipt_pdf(receipt_document(receipt, agency))
    digest = hashlib.sha256(data).hexdigest()
    path = default_storage.save(f"receipts/{receipt.full_number}-{digest[:12]}.pdf", ContentFile(data))
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Need not wait for the disk: this can be made again. If the server stops and forgets it, it has forgotten too that the
            # job is done, which is written after it; so the job is run again.
            cursor.execute("SET LOCAL synchronous_commit = off")
        row = ReceiptFile(receipt=receipt, path=path, sha256=digest, size=len(data))
        ReceiptFile.objects.bulk_create([row], update_conflicts=True, unique_fields=["receipt"], update_fields=["path", "sha256", "size"])
        # What was paid before it came here, in the agency's book, is told to nobody again.
        if receipt.client.email and receipt.payment.source != PaymentSource.IMPORTED:
            defer("payments.receipt_mail", str(receipt.pk), now=now, receipt_id=receipt.pk)
    return row


def verify_url(receipt: Receipt, agency: Agency) -> str:
    """The public address that confirms a receipt."""
    return branding.origin(agency) + reverse("verify", args=[receipt.code], urlconf=settings.AGENCY_URLCONF)


def receipt_document(receipt: Receipt, agency: Agency) -> documents.ReceiptDocument:
    """What a receipt's PDF says, from its row."""
    content = receipt.content
    return documents.ReceiptDocument(
        issuer=issuer(agency),
        number=receipt.full_number,
        issued_at=receipt.issued_at,
        paid_on=clock.parse_date(content["paid_on"]),
        payer=content["payer"],
        payer_document=content["payer_document"],
        client=content["client"],
        client_document=content["client_document"],
        means=content["means"],
        reference=content["reference"],
        cus=content["cus"],
        authorisation=content["authorisation"],
        lines=tuple((number, concept, Decimal(amount)) for number, concept, amount in content["lines"]),
        credit=Decimal(content["credit"]),
        total=receipt.amount,
        code=receipt.code,
        verify_url=verify_url(receipt, agency),
        test=content["test"],
    )


def _whole(row: ReceiptFile) -> bool:
    if not default_storage.exists(row.path):
        return False
    with default_storage.open(row.path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest() == row.sha256
