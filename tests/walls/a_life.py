"""Whatever a client of an agency can have, any number of times: for the tests that ask every address of the client area.

`begin` makes one of each; `go_on` adds more of each to the same people, and more around what is there: payments to the same
invoice, messages to the same case. Call both inside the agency.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from clientarea import calendar_feed, files, notice_mail, papers
from clientarea.models import CalendarFeed, Client, Notice, NoticeChoice, NoticeKind, Ownership, Paper, Unit
from payments import links
from payments.models import Contact, Invoice, InvoiceKind, Payout, Receipt, Reminder
from payments.statements import clearance
from pqrs import attachments, handling
from pqrs.models import Attachment, Case
from saas.accounts.links import make_token
from saas.accounts.models import Consent
from saas.audit.changes import record
from saas.lib import clock
from saas.lib.files import CheckedFile
from tests.payments.money import say
from tests.payouts.steps import collect
from tests.portal.pages import at, begin
from tests.pqrs.files import PDF, upload
from tests.walls.test_addresses import rows_of_clients
from tests.world import NOW, TODAY, Cast, make_invoice, make_lease

NUMBERS = count(2000)


@dataclass(frozen=True)
class Life:
    """A renter and an owner (who may be one and the same), and what stands in their addresses, by the address' name."""

    cast: Cast
    renter: Client
    owner: Client
    case: Case
    named: dict[str, list[tuple[Any, ...]]]


def start(cast: Cast, renter: Client, owner: Client) -> Life:
    """One of each."""
    rows = rows_of_clients(cast)
    case = Case.objects.create(
        number=f"2026-{next(NUMBERS):06d}", client=renter, kind="claim", subject="other", description="x", opened_at=NOW, received_on=TODAY,
        due_on=TODAY,
    )  # fmt: skip
    life = Life(cast, renter, owner, case, {})
    go_on(life, 1)
    paid = Receipt.objects.filter(client=renter).order_by("pk")[0]
    cast.invoice.refresh_from_db()
    begun = begin(cast, cast.invoice)
    token = links.token_of(cast.invoice)
    file = Attachment.objects.filter(message__case=case).order_by("pk")[0]
    agency = cast.agency
    doc = clearance.clearance_document(owner, agency, [], on=TODAY)
    stop = notice_mail.stop_url(renter, NoticeKind.INVOICE, agency)
    feed = calendar_feed.url_of(CalendarFeed.objects.get(client=renter), agency)
    assert renter.user is not None
    life.named.update({
        "app_icon": [("192",)], "calendar_feed": [(_last(feed).removesuffix(".ics"),)], "verify": [(paid.code,)],
        "clearance_check": [(_last(doc.verify_url),)], "pay_link": [(token,)], "stop_mail": [(_last(stop),)],
        **dict.fromkeys(("pay_link_go", "pay_link_return", "pay_link_result"), [(token, begun.reference)]),
        "account_new_password": [(make_token(renter.user, purpose="clave"),)], "account_activate": [(make_token(renter.user, purpose="activacion"),)],
        **dict.fromkeys(("security_off", "security_session_end"), [(1,)]),
        **dict.fromkeys(("case", "case_pdf", "case_rate"), [(case.number,)]), "case_file": [(case.number, file.pk)],
        **dict.fromkeys(("owner_certificate", "renter_certificate"), [(TODAY.year,)]),
        "my_data_section": [(key,) for key in ("facturas", "mensajes", "solicitudes", "recordatorios", "cambios", "sesiones")],
        **{f"/{folder}/": [(pk,) for pk in pks] for folder, pks in rows.items()},
    })  # fmt: skip
    return life


def go_on(life: Life, times: int) -> None:
    """So many more of each."""
    cast, renter, owner = life.cast, life.renter, life.owner
    assert renter.user is not None
    for _ in range(times):
        n = next(NUMBERS)
        unit = Unit.objects.create(code=f"IN-{n}", kind="Local", address=f"Calle {n} # 1-1", city="Cali")
        Ownership.objects.create(unit=unit, owner=owner, share=100)
        lease = make_lease(f"CA-{n}", unit, renter)
        make_invoice(lease, next(NUMBERS), due_on=clock.today() + timedelta(days=3))
        make_invoice(cast.lease, next(NUMBERS), kind=InvoiceKind.COMMISSION, client=owner)
        for state in ("4", "6", "7"):
            say(begin(cast, make_invoice(cast.lease, next(NUMBERS))), state=state)
        collect(cast, cast.invoice, Decimal(10_000))
        Payout.objects.create(
            prefix="CE", number=n, owner=owner, lease=cast.lease, period=TODAY.replace(day=1), paid_on=TODAY, collected=1, commission=0,
            commission_iva=0, withholdings=0, other=0, net=1,
        )  # fmt: skip
        Case.objects.create(
            number=f"2026-{n:06d}", client=renter, kind="claim", subject="other", description="x", opened_at=NOW, received_on=TODAY, due_on=TODAY
        )
        handling.ask(life.case, text="x", by=cast.sara, now=clock.now(), attached=attachments.check([upload("a.pdf", PDF)]))
        sheet = CheckedFile("a.pdf", PDF, "application/pdf")
        terms: dict[str, Any] = {"kind": "policy", "title": f"Póliza {n}", "lease": lease, "by": cast.sara, "now": NOW}
        files.share([renter], sheet, expires_on=TODAY, **terms)
        files.ask(renter, why="x", due_on=TODAY, **terms)
        files.hand_in(files.ask(renter, why="x", due_on=TODAY, **terms), [sheet], now=NOW)
        Paper.objects.create(
            client=renter, kind="saas.my_data", key=f"k{n}", name="a.pdf", title="Mis datos", asked_at=NOW, made_at=NOW, state="made",
            path=default_storage.save("papers/a.pdf", ContentFile(PDF)), content_type=papers.PDF, size=len(PDF),
        )  # fmt: skip
        Notice.objects.create(client=renter, kind="payment", key=f"k{n}", data={}, link=at("payments"), created_at=NOW)
        Consent.objects.create(user=renter.user, version=f"v{n}", accepted_at=NOW)
        record("client", renter.pk, before={"email": "a"}, after={"email": f"{n}@b.example"}, by=cast.sara, now=NOW)
        session = SessionStore()
        session.create()
        UserSession.objects.create(user=renter.user, session_key=session.session_key, ip="127.0.0.1", user_agent="Firefox")
        contact = Contact.objects.create(client=renter, on=TODAY - timedelta(days=n), state="listed", made_at=NOW)
        Reminder.objects.create(contact=contact, invoice=cast.overdue, kind="late", turn=n)
    NoticeChoice.objects.get_or_create(client=renter, kind=NoticeKind.INVOICE, defaults={"portal": True, "mail": False})
    assert Invoice.objects.get(pk=cast.invoice.pk).balance > 0


def _last(url: str) -> str:
    return url.rstrip("/").rpartition("/")[2]
