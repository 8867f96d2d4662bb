"""The official PDF and XML of an invoice and its CUFE, as the accounting software made them: checked, kept privately, and given
out instead of ours.

A PDF is only ever served as a download; an XML is read without entities nor network, must be an electronic document, and is
kept as it came. The name that it was uploaded with is not kept.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from payments.models import Invoice, InvoicePaper, PaperKind
from saas.accounts.models import User
from saas.audit.changes import record
from saas.lib import crypto
from saas.lib.files import runs_programs

MAX_BYTES = 5 * 1024 * 1024
CUFE = re.compile(r"[0-9a-f]{96}")
TYPES = {PaperKind.PDF: "application/pdf", PaperKind.XML: "application/xml"}
_ROOTS = re.compile(rb"<(?:[A-Za-z0-9]+:)?(?:Invoice|CreditNote|AttachedDocument)[\s>]")


class PaperRefused(ValueError):  # noqa: N818
    """Why a file or a CUFE is not taken, in Spanish, for staff."""


@dataclass(frozen=True, repr=False)
class PaperFile:
    """A checked file."""

    kind: PaperKind
    data: bytes


def read_cufe(text: str) -> str:
    """A CUFE as it is kept: 96 hexadecimal digits in small letters, without spaces. Raises PaperRefused."""
    compact = re.sub(r"\s+", "", text).lower()
    if not CUFE.fullmatch(compact):
        raise PaperRefused("El CUFE tiene 96 caracteres: números y letras de la a a la f.")
    return compact


def read_pdf(upload: UploadedFile) -> PaperFile:
    """The uploaded PDF. Raises PaperRefused."""
    data = _read(upload)
    if not data.startswith(b"%PDF-") or b"%%EOF" not in data[-2048:]:
        raise PaperRefused("El archivo no es un PDF completo.")
    if runs_programs(data):
        raise PaperRefused("El PDF contiene programas. Imprímalo como PDF y adjunte la copia.")
    return PaperFile(PaperKind.PDF, data)


def read_xml(upload: UploadedFile) -> PaperFile:
    """The uploaded electronic document. Raises PaperRefused."""
    data = _read(upload)
    if b"<!DOCTYPE" in data.upper() or b"<!ENTITY" in data.upper() or b"\0" in data:
        raise PaperRefused("El XML trae definiciones que no se aceptan.")
    if not data.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") or not _ROOTS.search(data[:4096]) or not _well_formed(data):
        raise PaperRefused("El archivo no es el XML de una factura electrónica.")
    return PaperFile(PaperKind.XML, data)


def attach(invoice_id: int, *, files: list[PaperFile], cufe: str, staff: User, now: datetime) -> None:
    """Keep the official papers of an invoice; one of the same kind takes the place of the one before."""
    paths: list[str] = []
    old: list[str] = []
    try:
        with transaction.atomic():
            invoice = Invoice.objects.select_for_update(of=("self",)).get(pk=invoice_id)
            before, after = {"cufe": invoice.cufe}, {"cufe": cufe or invoice.cufe}
            for file in files:
                there = InvoicePaper.objects.filter(invoice=invoice, kind=file.kind).first()
                before[file.kind], after[file.kind] = there.sha256 if there else "", hashlib.sha256(file.data).hexdigest()
                if there is not None:
                    old.append(there.path)
                paths.append(default_storage.save(f"papers/{crypto.random_reference()}.{file.kind}", ContentFile(file.data)))
                kept = {"path": paths[-1], "size": len(file.data), "sha256": after[file.kind], "made_by": staff, "made_at": now}
                InvoicePaper.objects.update_or_create(invoice=invoice, kind=file.kind, defaults=kept)
            if cufe:
                invoice.cufe = cufe
                invoice.save(update_fields=["cufe"])
            record("invoice", invoice.pk, before=before, after=after, by=staff, now=now)
    except BaseException:
        for path in paths:
            default_storage.delete(path)  # nothing points to them
        raise
    for path in old:
        default_storage.delete(path)


def open_paper(invoice: Invoice, kind: PaperKind) -> IO[bytes] | None:
    """The stored paper, open for reading, or None if there is none."""
    paper = InvoicePaper.objects.filter(invoice=invoice, kind=kind).first()
    return default_storage.open(paper.path, "rb") if paper is not None and default_storage.exists(paper.path) else None


def _read(upload: UploadedFile) -> bytes:
    data = upload.read(MAX_BYTES + 1) if (upload.size or 0) <= MAX_BYTES else b" " * (MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise PaperRefused("El archivo pasa de 5 MB. Adjunte uno más liviano.")
    return data


def _well_formed(data: bytes) -> bool:
    from xml.parsers import expat

    try:
        expat.ParserCreate().Parse(data, True)
    except expat.ExpatError:
        return False
    return True
