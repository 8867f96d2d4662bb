"""Mail: a subject, two templates (text and HTML in the brand of who sends), and one recipient.

Promises a stable Message-ID for the same key, so that a second copy after a crash is recognised as one, and refuses what
would add headers or recipients. It builds; sending is the caller's. Templates: saas/templates/mail/<name>.txt and .html;
what each needs in its context is written at the top of the .txt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from email.utils import formataddr
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.core.mail import EmailMultiAlternatives

# Of whom the platform itself writes; an agency's mails bring their own.
DEFAULT_BRAND = {"brand_colour": "#1f5fa8", "brand_foreground": "#ffffff"}


class MailError(ValueError):
    """The message would not be a proper one: a line break in a header, or an address that is none."""


def build_mail(
    *,
    subject: str,
    template: str,
    context: Mapping[str, Any],
    to: str,
    from_name: str,
    from_address: str,
    message_id_key: str,
    reply_to: str = "",
    stop_url: str = "",
) -> EmailMultiAlternatives:
    """A message for one person, ready to `send()`. The templates also get `subject`, `brand_name` (by default
    `from_name`), `brand_colour` and `brand_foreground`.

    `message_id_key` names what is told, e.g. `receipt:<schema>:<id>`: the same key gives the same Message-ID. `stop_url`, for
    a mail that can be switched off, is said at the foot and in the headers, where a POST to it is enough (RFC 8058). Raises
    MailError.
    """
    from django.core.mail import EmailMultiAlternatives
    from django.template.loader import render_to_string

    for label, value in (("subject", subject), ("sender", from_name)):
        if not value.strip() or any(sign in value for sign in "\r\n\0"):
            raise MailError(f"the {label} of a mail must be one line of text")
    for address in (to, from_address, *([reply_to] if reply_to else [])):
        _check_address(address)
    full = {**DEFAULT_BRAND, "brand_name": from_name, **context, "subject": subject, "stop_url": stop_url}
    headers = {"Message-ID": message_id(message_id_key, from_address), "Auto-Submitted": "auto-generated"}
    said = str(full.get("brand_foot", "")).strip()
    foot = f"\n--\n{said}\n" if said else ""
    if stop_url:
        if any(sign in stop_url for sign in "\r\n\0<>"):
            raise MailError("the address that ends a mail must be one line of text")
        headers |= {"List-Unsubscribe": f"<{stop_url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        foot += f"\n--\nPara no recibir más correos de este tipo: {stop_url}\n"
    message = EmailMultiAlternatives(
        subject=subject,
        body=render_to_string(f"mail/{template}.txt", full).strip() + "\n" + foot,
        from_email=formataddr((from_name, from_address)),
        to=[to],
        reply_to=[reply_to] if reply_to else None,
        headers=headers,
    )
    message.attach_alternative(render_to_string(f"mail/{template}.html", full), "text/html")
    return message


def message_id(key: str, from_address: str) -> str:
    """The Message-ID of a key: `<40 hexadecimal digits@the sender's domain>`, telling nothing of the key."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:40]
    return f"<{digest}@{from_address.rpartition('@')[2]}>"


def _check_address(address: str) -> None:
    from django.core.exceptions import ValidationError
    from django.core.validators import EmailValidator

    try:
        EmailValidator(allowlist=["localhost"])(address)
    except ValidationError:
        # The address is personal: it is not repeated.
        raise MailError("a mail needs one proper address, without a name or line breaks") from None
