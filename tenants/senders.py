"""How an agency's mails are signed: the name they come from, where answers go, what stands at their foot, and its instructions to pay.

An address for answers counts once someone has typed the six digits that were mailed to it. The digits are worked out from what is asked, the
schema and the moment, so that neither the job nor the row holds them; they end after LIFE, after TRIES wrong ones, and with their use.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from saas.audit.changes import Author, record
from saas.jobs.defer import defer
from saas.lib.here import current_schema
from tenants import context, hosts
from tenants.models import Agency
from tenants.own import SUBJECT

FIELDS = ("mail_name", "mail_foot", "pay_text")
LIFE = timedelta(minutes=15)
TRIES = 5


class CodeError(ValueError):
    """The code was not taken. Its message is for people."""


def change(agency: Agency, values: dict[str, str], *, by: Author, now: datetime) -> None:
    """Give the agency those checked values (FIELDS), with their history. Call it inside the agency."""
    _write(agency, {field: values[field] for field in FIELDS}, by=by, now=now)


def ask(agency: Agency, email: str, *, by: Author, now: datetime) -> None:
    """Mail a code to an address where answers shall go. Empty: answers go to the agency's own e-mail again, at once."""
    if not email:
        _write(agency, {"reply_to": "", "reply_wish": {}}, by=by, now=now)
        return
    wish = {"email": email, "asked_at": now.isoformat(), "tries": 0}
    with transaction.atomic():
        _write(agency, {"reply_wish": wish}, by=by, now=now)
        defer("tenants.mail_reply_code", f"{now:%Y%m%d%H%M%S}", now=now, email=email, asked_at=wish["asked_at"])


def waiting(agency: Agency, *, now: datetime) -> str:
    """The address that can still be confirmed, or ""."""
    wish = agency.reply_wish
    asked_at = parse_datetime(wish.get("asked_at", ""))
    return str(wish["email"]) if asked_at is not None and asked_at + LIFE > now and wish["tries"] < TRIES else ""


def confirm(agency: Agency, code: str, *, by: Author, now: datetime) -> str:
    """Spend the code, and send answers to the address that it confirms. Raises CodeError; a wrong try is counted for good."""
    with transaction.atomic():
        with context.in_public():
            fresh = Agency.objects.select_for_update().get(pk=agency.pk)
        email = waiting(fresh, now=now)
        if email and constant_time_compare(code_of(email, fresh.reply_wish["asked_at"]), "".join(code.split())):
            _write(fresh, {"reply_to": email, "reply_wish": {}}, by=by, now=now)
            return email
        if email:
            _write(fresh, {"reply_wish": {**fresh.reply_wish, "tries": fresh.reply_wish["tries"] + 1}}, by=by, now=now)
        left = bool(email) and fresh.reply_wish["tries"] + 1 < TRIES
    if left:
        raise CodeError(_("Ese no es el código. Revise el último correo que le enviamos."))
    raise CodeError(_("El código venció o se escribió mal demasiadas veces. Pida otro."))


def code_of(email: str, asked_at: str) -> str:
    """The six digits for an address asked at a moment, in the agency that we are inside."""
    digest = salted_hmac(f"tenants.senders:{current_schema()}", f"{email}:{asked_at}", algorithm="sha256").hexdigest()
    return f"{int(digest, 16) % 1_000_000:06d}"


def _write(agency: Agency, values: dict[str, Any], *, by: Author, now: datetime) -> None:
    with transaction.atomic():
        with context.in_public():
            row = Agency.objects.select_for_update().get(pk=agency.pk)
            Agency.objects.filter(pk=agency.pk).update(**values)
            transaction.on_commit(lambda: hosts.forget(agency))
        told = [name for name in values if name != "reply_wish"]
        record(SUBJECT, agency.pk, before={name: getattr(row, name) for name in told}, after={name: values[name] for name in told}, by=by, now=now)
