"""What the journeys of the manual need in an agency's books: `python -m tests.journeys.seed WHAT SLUG ...` in the stack's
environment. `invoices SLUG USUARIO COUNT FIRST`: open rent invoices from number FIRST on; `parts SLUG`: the agency takes parts;
`answer SLUG RADICADO`: the staff answers a case.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from decimal import Decimal

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saas.settings")
django.setup()

from clientarea.access import leases_of  # noqa: E402
from clientarea.models import Client  # noqa: E402
from payments.models import Invoice, InvoiceKind  # noqa: E402
from payments.policy import save_policy  # noqa: E402
from pqrs import handling  # noqa: E402
from pqrs.models import Case  # noqa: E402
from saas.accounts.models import Role, User  # noqa: E402
from saas.lib import clock  # noqa: E402
from tenants import context  # noqa: E402
from tenants.models import Agency  # noqa: E402


def invoices(usuario: str, count: str, first: str) -> None:
    """Open invoices of a renter, due in ten days, $ 500.000 each."""
    client = Client.objects.get(user__username=usuario)
    lease = leases_of(client).order_by("pk").first()
    today = clock.today()
    for number in range(int(first), int(first) + int(count)):
        Invoice.objects.create(
            kind=InvoiceKind.RENT, prefix="MA", number=number, lease=lease, client=client, period=today.replace(day=1), issued_on=today,
            due_on=today + timedelta(days=10), concept="Canon de prueba", base=Decimal(500_000), administration=Decimal(0),
            total=Decimal(500_000),
        )  # fmt: skip


def parts() -> None:
    """The agency takes parts from $ 50.000 on."""
    save_policy(partial=True, minimum=Decimal(50_000))


def answer(number: str) -> None:
    """Staff answers a case."""
    by = User.objects.filter(role=Role.STAFF).order_by("pk")[0]
    handling.answer(Case.objects.get(number=number), text="Ya enviamos al plomero.", by=by, now=clock.now())


def main(what: str, slug: str, *rest: str) -> None:
    """Do one of them."""
    with context.in_agency(Agency.objects.get(slug=slug)):
        {"invoices": invoices, "parts": parts, "answer": answer}[what](*rest)


if __name__ == "__main__":
    main(*sys.argv[1:])
