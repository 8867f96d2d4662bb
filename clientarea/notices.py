"""Tell a client something, once: a row in the list of notices, and the job of its mail where the client wants it.

`tell` belongs in the transaction of the fact. Essential kinds cannot be switched off: the receipt of a payment and what
answers a PQRS reach the client whatever was chosen. Nothing is mailed from here; a job does it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from clientarea.models import Client, Notice, NoticeChoice, NoticeKind
from saas.audit.changes import record
from saas.jobs.defer import defer

ESSENTIAL = frozenset({NoticeKind.PAYMENT, NoticeKind.CASE})
GENERIC = "clientarea.notice_mail"  # the job that mails what the list says
MOST_SHOWN = 99  # of the unread: beyond it the page says "99+"


@dataclass(frozen=True)
class Wish:
    """How a client wants to be told of a kind."""

    portal: bool = True
    mail: bool = True


@dataclass(frozen=True)
class Letter:
    """The job that mails what is told: its kind, ids for it (the generic one needs none), and when, if not at once."""

    job: str = GENERIC
    ids: Mapping[str, Any] = field(default_factory=dict)
    not_before: datetime | None = None


def tell(
    *,
    client: Client,
    kind: NoticeKind,
    key: str,
    now: datetime,
    data: Mapping[str, Any] | None = None,
    link: str = "",
    letter: Letter | None = None,
) -> bool:
    """Tell a client of a fact, once for each `key`. Returns whether it is new; the same key again does nothing.

    `data` is what clientarea/notice_words.py puts into the words of the kind; amounts and dates as they are. `link` is a
    path of the client area. `letter` is the mail; None where another job already brings it, or none is to be sent. Must be
    called in the transaction of the fact.
    """
    with transaction.atomic():
        wish = wish_of(client, kind)
        plain = {name: _plain(value) for name, value in (data or {}).items()}
        notice, new = Notice.objects.get_or_create(
            key=key, defaults={"client": client, "kind": kind, "data": plain, "link": link, "listed": wish.portal, "created_at": now}
        )
        if new and letter and wish.mail and may_mail(client):
            defer(letter.job, f"notice:{key}", now=now, due_at=letter.not_before, **(letter.ids or {"notice_id": notice.pk}))
        return new


@dataclass(frozen=True)
class News:
    """What one client of many is told: `tell` says what its parts are."""

    client: Client
    key: str
    data: Mapping[str, Any]
    link: str = ""


def tell_all(kind: NoticeKind, news: Sequence[News], *, now: datetime) -> None:
    """`tell` for many at once and without a mail, in two statements. A key that was told before stays as it is."""
    chosen = NoticeChoice.objects.filter(client__in={each.client.pk for each in news}, kind=kind)
    unlisted = set() if kind in ESSENTIAL or not news else {row.client_id for row in chosen if not row.portal}
    Notice.objects.bulk_create(
        [
            Notice(
                client=each.client, kind=kind, key=each.key, data={name: _plain(value) for name, value in each.data.items()}, link=each.link,
                listed=each.client.pk not in unlisted, created_at=now,
            )
            for each in news
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def wants_mail(client: Client, kind: NoticeKind) -> bool:
    """Whether there is an address to write to, and mail of that kind is wanted there."""
    return may_mail(client) and wish_of(client, kind).mail


def may_mail(client: Client) -> bool:
    """Whether there is an address to write to."""
    return bool(client.email) and client.archived_at is None


def wish_of(client: Client, kind: str) -> Wish:
    """How a client wants to be told of a kind."""
    if kind in ESSENTIAL:
        return Wish()
    chosen = NoticeChoice.objects.filter(client=client, kind=kind).first()
    return Wish(chosen.portal, chosen.mail) if chosen else Wish()


def wishes_of(client: Client) -> dict[NoticeKind, Wish]:
    """How a client wants to be told, by kind."""
    chosen = {row.kind: Wish(row.portal, row.mail) for row in client.notice_choices.all()}
    return {kind: Wish() if kind in ESSENTIAL else chosen.get(kind, Wish()) for kind in NoticeKind}


def choose(client: Client, wishes: Mapping[NoticeKind, Wish], *, by: Any, now: datetime) -> None:
    """Keep what a client chose of the kinds that may be chosen, and who chose it when. `by` None: a link of a mail."""
    with transaction.atomic():
        Client.objects.select_for_update().get(pk=client.pk)
        before = wishes_of(client)
        after = {kind: wish for kind, wish in wishes.items() if kind not in ESSENTIAL}
        for kind, wish in after.items():
            if wish != before[kind]:
                NoticeChoice.objects.update_or_create(
                    client=client, kind=kind, defaults={"portal": wish.portal, "mail": wish.mail}
                )
        record("notices", client.pk, before=_told({k: before[k] for k in after}), after=_told(after), by=by, now=now)


def stop_mail(client: Client, kind: NoticeKind, *, now: datetime) -> None:
    """No more mail of a kind for a client, who said so by the link of a mail. Essential kinds stay."""
    choose(client, {kind: Wish(wish_of(client, kind).portal, mail=False)}, by=None, now=now)


def notices_of(client: Client) -> QuerySet[Notice]:
    """A client's list, newest first."""
    return Notice.objects.filter(client=client, listed=True)


def unread() -> Coalesce:
    """How many notices of a client are unread, for the query that reads the client."""
    mine = Notice.objects.filter(client=OuterRef("pk"), listed=True, read_at=None).order_by()
    return Coalesce(Subquery(mine.values("client").annotate(count=Count("pk")).values("count")), 0)


def unread_words(count: int) -> str:
    """How many notices are unread, as the navigation says it: "" for none, "3", "99+"."""
    return "" if not count else str(count) if count <= MOST_SHOWN else f"{MOST_SHOWN}+"


def mark_read(notices: QuerySet[Notice], *, now: datetime) -> int:
    """Mark those notices as read; when they were first read stays. Returns how many were unread."""
    return notices.filter(read_at=None).order_by().update(read_at=now)


def _told(wishes: Mapping[NoticeKind, Wish]) -> dict[str, str]:
    def words(wish: Wish) -> str:
        return ", ".join(word for word, on in (("portal", wish.portal), ("correo", wish.mail)) if on) or "ninguno"

    return {kind.value: words(wish) for kind, wish in wishes.items()}


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return value.isoformat() if isinstance(value, date) else str(value)
