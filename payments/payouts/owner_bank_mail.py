"""The mail that tells an owner that the agency's staff changed the account their money goes to: the check on whoever may change an
account and pay to it. It cannot be switched off, and that it was sent, or that there was nowhere to send it, is in the history.

Says accounts by their last digits alone. A second copy has the same Message-ID.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from clientarea import mailing
from clientarea.models import Client
from payments.models import AccountKind
from saas.audit import changes
from saas.audit.models import Change
from saas.jobs.defer import defer
from saas.lib import clock, mail
from tenants import branding
from tenants.models import Agency

SUBJECT, FIELD = "owner_bank", "owner_told"
NOWHERE = "sin correo: no se le pudo avisar"
RETURNED = "su correo fue devuelto: no se le pudo avisar"
_LABELS = {"bank": "Banco", "kind": "Tipo", "account": "Cuenta", FIELD: "Aviso al propietario"}


def ask(owner: Client, made: Sequence[Change], *, now: datetime) -> None:
    """Have the owner told of changes that were made just now, in their transaction. None are told of nothing."""
    if made and owner.email:
        first = min(change.pk for change in made)
        defer("payments.owner_bank_mail", str(first), now=now, owner_id=owner.pk, change_ids=[change.pk for change in made])
    elif made:
        changes.record(SUBJECT, owner.pk, before={}, after={FIELD: NOWHERE}, by=None, now=now)


def send(owner_id: int, change_ids: Sequence[int], *, agency: Agency, now: datetime) -> None:
    """Tell the owner, at the address of now. Raises what the mail server raises: the job tries again."""
    owner = Client.objects.get(pk=owner_id)
    made = list(Change.objects.filter(pk__in=change_ids, subject=SUBJECT, subject_id=owner_id).order_by("pk"))
    if not made or not owner.email:
        return
    message = mail.build_mail(
        subject=f"Cambió la cuenta donde le giramos · {agency.name}",
        template="owner_bank",
        context={
            **branding.mail_brand(agency),
            "name": owner.name,
            "when": clock.long_datetime(made[0].at),
            "rows": [tuple(in_words(change).values()) for change in made],
            "phone": agency.phone,
            "email": agency.reply_to or agency.email,
        },
        to=owner.email,
        **branding.mail_sender(agency),
        message_id_key=f"owner-bank:{agency.schema_name}:{made[0].pk}",
    )
    sent = mailing.send(message, owner, agency=agency, now=now)
    said = f"{owner.email}, por el cambio del {clock.long_datetime(made[0].at)}" if sent else RETURNED
    changes.note(SUBJECT, owner_id, field=FIELD, said=said, by=None, now=now)


def in_words(change: Change) -> dict[str, str]:
    """What changed, what it was before, and what it is now, for people."""
    return {"what": _LABELS[change.field], "before": _told(change.field, change.before), "after": _told(change.field, change.after)}


def _told(field: str, value: str) -> str:
    return str(AccountKind(value).label) if field == "kind" and value else value
