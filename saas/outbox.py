"""Where mail goes when no mail server is set: a folder, one .eml file each. The demo shows it at /correo/.

Never in production: a message holds activation links.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage as StandardMessage
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class FileBackend(BaseEmailBackend):
    """Writes each message to settings.OUTBOX_DIR under a name that sorts by time."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.OUTBOX_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{time.time_ns()}-{secrets.token_hex(4)}"
            temporary = folder / f".{name}.tmp"
            temporary.write_bytes(message.message().as_bytes())
            temporary.rename(folder / f"{name}.eml")  # whole or not at all
        return len(email_messages)


@dataclass(frozen=True)
class Letter:
    """A message of the outbox."""

    name: str
    subject: str
    sender: str
    to: str
    date: str
    text: str
    links: tuple[str, ...]
    attachments: tuple[str, ...]


def letters(limit: int = 100) -> list[Letter]:
    """The newest messages first, at most `limit`."""
    folder = Path(settings.OUTBOX_DIR)
    if not folder.is_dir():
        return []
    return [_read(path) for path in sorted(folder.glob("*.eml"), reverse=True)[:limit]]


def _read(path: Path) -> Letter:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(message, StandardMessage)  # noqa: S101  (what policy.default makes)
    body = message.get_body(preferencelist=("plain",))
    text = body.get_content() if body else ""
    return Letter(
        name=path.stem,
        subject=str(message["subject"] or ""),
        sender=str(message["from"] or ""),
        to=str(message["to"] or ""),
        date=str(message["date"] or ""),
        text=text,
        links=tuple(re.findall(r"https?://\S+", text)),
        attachments=tuple(part.get_filename() or "adjunto" for part in message.iter_attachments()),
    )
