"""Where an owner is paid: the account's number is sealed and shown by its last digits; each change is kept in the history,
without the number. `bank_file` is the one place that opens it: what the bank is told to pay.

The layout is plain (docs/payments.md): a row for each transfer, `;` between, a heading, UTF-8 with its mark.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from clientarea.models import Client
from payments.daily import harmless, plain_number
from payments.models import AccountKind, OwnerBank, PayoutOrder
from payments.payouts import owner_bank_mail
from saas.accounts.models import User
from saas.audit import changes
from saas.lib import crypto
from saas.lib.here import current_schema

MODEL = "payments.OwnerBank"
crypto.seals(MODEL, "account")
HEADINGS = ("Referencia", "Tipo de documento", "Documento", "Beneficiario", "Banco", "Tipo de cuenta", "Cuenta", "Valor", "Concepto")


def bank_of(owner: Client) -> OwnerBank | None:
    """Where an owner is paid, if it is known."""
    return OwnerBank.objects.filter(owner=owner).first()


def save_bank(owner: Client, *, bank: str, kind: AccountKind, account: str, staff: User, now: datetime) -> OwnerBank:
    """Keep where an owner is paid, and have the owner told of what changed. `account` is digits."""
    with transaction.atomic():
        row = OwnerBank.objects.select_for_update().filter(owner=owner).first()
        before = {"bank": row.bank, "kind": row.kind, "account": f"**** {row.ending}"} if row else {}
        changed = row is None or number_of(row) != account
        if row is None:
            row = OwnerBank.objects.create(owner=owner, bank=bank, kind=kind, ending=account[-4:])
        row.bank, row.kind, row.ending = bank, kind, account[-4:]
        row.account = crypto.encrypt(account, schema=current_schema(), model=MODEL, pk=row.pk, field="account")
        row.save()
        # Another number with the same ending is a change too, and the history must show it.
        told = f"**** {row.ending}" + (" (otra cuenta)" if changed and before.get("account") == f"**** {row.ending}" else "")
        after = {"bank": bank, "kind": str(kind), "account": told}
        made = changes.record("owner_bank", owner.pk, before=before, after=after, by=staff, now=now)
        owner_bank_mail.ask(owner, made, now=now)
        return row


def number_of(row: OwnerBank) -> str:
    """The account's number, opened. Keep it out of pages and logs."""
    return crypto.decrypt(row.account, schema=current_schema(), model=MODEL, pk=row.pk, field="account") if row.account else ""


def shown(owner: Client) -> tuple[str, str]:
    """The bank and the account as papers show them: `**** 1234`. Empty when they are not known."""
    row = bank_of(owner)
    return (row.bank, f"**** {row.ending}") if row else ("", "")


def bank_file(orders: Sequence[PayoutOrder], totals: Mapping[int, Decimal]) -> bytes:
    """What the bank is told to pay. Orders without an account or with nothing to pay are left out."""
    banks = {row.owner_id: row for row in OwnerBank.objects.filter(owner__in=[order.owner_id for order in orders])}
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(HEADINGS)
    for order in orders:
        row, owner = banks.get(order.owner_id), order.owner
        if row is None or not totals[order.pk]:
            continue
        document = re.sub(r"\W", "", owner.document) + owner.document_check
        cells = (order.reference, owner.document_type, document, owner.name, row.bank, row.get_kind_display())
        writer.writerow([*(harmless(cell) for cell in cells), number_of(row), plain_number(totals[order.pk]), "Canon de arrendamiento"])
    return b"\xef\xbb\xbf" + out.getvalue().encode()
