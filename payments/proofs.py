"""The paper that shows a payment received outside: checked by what it is, bounded, and kept privately beside the payment.

A picture is drawn anew, so that nothing hides in it; a PDF is kept as it came and only ever served as a download. The name
that it was uploaded with is not kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from payments import settlement
from payments.manual import ManualPayment
from payments.models import Payment, Proof, TransferProof
from saas.accounts.models import User
from saas.lib import crypto, files

MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 40_000_000
_PICTURES = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}
_ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}


class ProofRefused(ValueError):  # noqa: N818
    """Why a file is not taken, in Spanish, for staff."""


@dataclass(frozen=True, repr=False)
class ProofFile:
    """A checked file."""

    data: bytes
    content_type: str


def read_proof(upload: UploadedFile) -> ProofFile:
    """The uploaded file, if it is a PDF, JPEG or PNG of at most 5 MB, by its content. Raises ProofRefused."""
    if (upload.size or 0) > MAX_BYTES:
        raise ProofRefused("El archivo pasa de 5 MB. Adjunte uno más liviano.")
    data = upload.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ProofRefused("El archivo pasa de 5 MB. Adjunte uno más liviano.")
    if data.startswith(b"%PDF-"):
        if not files.is_pdf(data):
            raise ProofRefused("El PDF está incompleto. Adjúntelo de nuevo.")
        if files.is_active(data):
            raise ProofRefused("El PDF contiene programas u otros archivos adentro. Imprímalo como PDF y adjunte la copia.")
        return ProofFile(data, "application/pdf")
    kind = next((kind for start, kind in _PICTURES.items() if data.startswith(start)), None)
    if kind is None:
        raise ProofRefused("Adjunte un PDF, una foto JPEG o una imagen PNG.")
    try:
        return ProofFile(*files.redraw(data, kind, most_pixels=MAX_PIXELS))
    except files.TooManyPixels:
        raise ProofRefused("La imagen es demasiado grande. Adjunte una de menos de 40 megapíxeles.") from None
    except files.PictureError:
        raise ProofRefused("La imagen no se puede leer. Tómela o expórtela de nuevo.") from None


def register_payment(entry: ManualPayment, *, proof: ProofFile | None, staff: User, now: datetime) -> Payment:
    """Register a payment received outside, with its proof, in one transaction. Raises manual.EntryRefused."""
    path = ""
    try:
        with transaction.atomic():
            payment = settlement.settle_manual(entry, staff=staff, now=now)
            if proof is not None and not Proof.objects.filter(payment=payment).exists():
                kept = store(proof, name=f"soporte-pago-{payment.pk}")
                path = kept["path"]
                Proof.objects.create(payment=payment, **kept, made_by=staff, made_at=now)
            return payment
    except BaseException:
        if path:
            default_storage.delete(path)  # nothing points to it
        raise


def store(proof: ProofFile, *, name: str) -> dict[str, Any]:
    """Put a checked file where nobody else reads it; the fields of the row that points to it. `name` is without its ending."""
    ending = _ENDINGS[proof.content_type]
    path = default_storage.save(f"proofs/{crypto.random_reference()}.{ending}", ContentFile(proof.data))
    return {
        "path": path, "name": f"{name}.{ending}", "content_type": proof.content_type, "size": len(proof.data),
        "sha256": hashlib.sha256(proof.data).hexdigest(),
    }  # fmt: skip


def open_proof(proof: Proof | TransferProof) -> IO[bytes] | None:
    """The stored file, open for reading, or None if it is not there any more."""
    return default_storage.open(proof.path, "rb") if default_storage.exists(proof.path) else None
