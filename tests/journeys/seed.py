"""What the journeys of the manual need in an agency's books: `python -m tests.journeys.seed WHAT SLUG ...` in the stack's
environment. `books SLUG`: two renters of their own get accounts (STATE/manual.json), they and who is both in the demo get open invoices from
MA-9000, MA-9010 and MA-9020 on, and the agency takes parts; `answer SLUG RADICADO`: the staff answers a case; `almost_due SLUG
DOCUMENTO`: a client's case arrived so long ago that its term ends on the next business day; `first SLUG`: an agency without
anything gets its PayU account and a renter with an account, a lease and an invoice (STATE/first.json).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saas.settings")
django.setup()

from django.conf import settings  # noqa: E402

from clientarea.access import leases_of  # noqa: E402
from clientarea.models import Client, Lease, Unit  # noqa: E402
from deploy.dev.demo import PAYU  # noqa: E402
from payments.accounts import save_account  # noqa: E402
from payments.models import Invoice, InvoiceKind  # noqa: E402
from payments.policy import save_policy  # noqa: E402
from pqrs import cases, handling  # noqa: E402
from pqrs.deadlines import LEGAL, due_date  # noqa: E402
from pqrs.models import Case, CaseKind, CaseSubject  # noqa: E402
from saas.accounts import consents  # noqa: E402
from saas.accounts.models import Role, User  # noqa: E402
from saas.lib import clock  # noqa: E402
from saas.lib.businessdays import add_business_days  # noqa: E402
from tenants import context  # noqa: E402
from tenants.models import Agency  # noqa: E402

COUNT = 8


def books(both: str) -> None:
    """COUNT open invoices of $ 500.000 for each of three renters, the last with the usuario `both`; parts from $ 50.000 on."""
    save_policy(partial=True, minimum=Decimal(50_000))
    renters = Client.objects.filter(user=None, leases__isnull=False, ownerships=None).exclude(email="").distinct().order_by("pk")[:2]
    people = [_with_account(client) for client in renters]
    for place, client in enumerate([*renters, Client.objects.get(user__username=both)]):
        _invoices(client, 9000 + 10 * place)
    (Path(settings.STATE_DIR) / "manual.json").write_text(json.dumps(people), encoding="utf-8")


def _with_account(client: Client) -> dict[str, str]:
    password = "una-persona-mas-2026"
    user = User.objects.create_user(username=client.document, role=Role.CLIENT, name=client.name, email=client.email, password=password)
    Client.objects.filter(pk=client.pk).update(user=user)
    consents.give(user, ip=None, now=clock.now())
    return {"name": client.name, "usuario": user.username, "contraseña": password}


def _invoices(client: Client, first: int) -> None:
    today = clock.today()
    lease = leases_of(client).order_by("pk").first()
    for number in range(first, first + COUNT):
        Invoice.objects.create(
            kind=InvoiceKind.RENT, prefix="MA", number=number, lease=lease, client=client, period=today.replace(day=1), issued_on=today,
            due_on=today + timedelta(days=10), concept="Canon de prueba", base=Decimal(500_000), administration=Decimal(0),
            total=Decimal(500_000),
        )  # fmt: skip


def answer(number: str) -> None:
    """Staff answers a case."""
    by = User.objects.filter(role=Role.STAFF).order_by("pk")[0]
    handling.answer(Case.objects.get(number=number), text="Ya enviamos al plomero.", by=by, now=clock.now())


def almost_due(document: str) -> None:
    """A claim that its client wrote on the day from which the legal term ends on the first business day after today."""
    today = clock.today()
    due = add_business_days(today, 1)
    days = next(n for n in range(1, 60) if due_date(today - timedelta(days=n), days=LEGAL[CaseKind.CLAIM].days) == due)
    cases.open_case(
        client=Client.objects.get(document=document), kind=CaseKind.CLAIM, subject=CaseSubject.REPAIRS,
        description="El calentador no enciende desde hace una semana.", now=clock.now() - timedelta(days=days),
    )  # fmt: skip


def first() -> None:
    """The agency's PayU account, and one renter with an account, a lease and the invoice MA-1 of $ 500.000."""
    save_account(PAYU)
    document = "52100200"
    client = Client.objects.create(
        document_type="CC", document=document, name="Nélida Primera", email="nelida@correo.example", mobile="+573001234567",
        folded="nelida primera 52100200",
    )  # fmt: skip
    unit = Unit.objects.create(code="IN-1", kind="Apartamento", address="Calle 1 # 2-3", city="Bogotá D.C.")
    today = clock.today()
    Lease.objects.create(
        number="CA-1", unit=unit, renter=client, rent=500_000, administration=0, starts_on=today - timedelta(days=30),
        ends_on=today + timedelta(days=300), payment_day=5, use="housing", commission=Decimal(8),
    )  # fmt: skip
    person = _with_account(client)
    _invoices(client, 1)
    (Path(settings.STATE_DIR) / "first.json").write_text(json.dumps(person), encoding="utf-8")


def main(what: str, slug: str, *rest: str) -> None:
    """Do one of them."""
    acts: dict[str, Callable[..., None]] = {"books": books, "answer": answer, "almost_due": almost_due, "first": first}
    with context.in_agency(Agency.objects.get(slug=slug)):
        acts[what](*rest)


if __name__ == "__main__":
    main(*sys.argv[1:])
