"""Why a mail was given up on: said by the SMTP server at sending, or later by a delivery status that comes back (RFC 3464).

Promises to read only what cannot change any more (5xx, 5.x.x of an action that failed); what may still arrive is not a refusal.
It never repeats what a server wrote: that holds addresses. Reads text only; whose mail it was is for others to know.
"""

from __future__ import annotations

import re
import smtplib
from email import message_from_bytes
from email.message import Message

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

MOST = 256 * 1024  # bytes of a mail that are read: the status stands before the copy of what was sent
_STATUS = re.compile(r"\s*(5\.\d{1,3}\.\d{1,3})(?!\S)", re.ASCII)
# 530 to 539 speak of our own login at the server, and the codes below 510 of our commands: nobody's address is wrong.
_ABOUT_US = range(530, 540)


class Refusal(TextChoices):
    """Why a server takes no mail for somebody."""

    ADDRESS = "address", _("la dirección no existe o no recibe correo")
    FULL = "full", _("el buzón está lleno")
    BLOCKED = "blocked", _("su servidor de correo no acepta nuestros mensajes")
    OTHER = "other", _("su servidor de correo lo rechazó")


def at_sending(error: BaseException) -> Refusal | None:
    """Why the server refused for good, None if it did not: a 4xx, a broken connection, or a fault of our own login or sender."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        # One recipient a mail.
        answers: list[tuple[int, bytes | str]] = list(error.recipients.values())
    elif isinstance(error, smtplib.SMTPDataError):
        answers = [(error.smtp_code, error.smtp_error)]
    else:
        return None
    code, said = answers[0] if answers else (0, b"")
    if not 510 <= code < 600 or code in _ABOUT_US:
        return None
    text = said.decode("ascii", "replace") if isinstance(said, bytes) else said
    if "relay" in text.lower():
        return None  # the server does not know us as one who may send
    found = _STATUS.match(text)
    if found:
        return of_status(found[1])
    return Refusal.ADDRESS if code in (550, 551, 553) and isinstance(error, smtplib.SMTPRecipientsRefused) else Refusal.OTHER


def of_status(status: str) -> Refusal:
    """What an enhanced status (RFC 3463) such as 5.1.1 means to people."""
    _class, subject, detail = status.split(".")
    if subject == "1" or (subject, detail) == ("2", "1"):
        return Refusal.ADDRESS
    if (subject, detail) == ("2", "2"):
        return Refusal.FULL
    return Refusal.BLOCKED if subject == "7" else Refusal.OTHER


def in_report(raw: bytes) -> Refusal | None:
    """Why a mail that came back was given up on; None for any other mail: a delay, an answer, something malformed."""
    try:
        report = message_from_bytes(raw[:MOST])
        if report.get_content_type() != "multipart/report":
            return None
        # Only the report's own parts: the copy of what was sent may hold anything.
        told = [part for part in _messages(report.get_payload()) if part.get_content_type() == "message/delivery-status"]
        blocks = [block for part in told for block in _messages(part.get_payload())]
        return next((of_status(status) for status in map(_given_up, blocks) if status), None)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError):
        # What a stranger sent to break the reading is no report.
        return None


def _messages(payload: object) -> list[Message]:
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _given_up(block: Message) -> str:
    """The status of a recipient's block if it failed for good."""
    status = _STATUS.match(str(block.get("Status", "")))
    return status[1] if status and str(block.get("Action", "")).strip().lower() == "failed" else ""
