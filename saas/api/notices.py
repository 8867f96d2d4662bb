"""Outgoing notices: written in the transaction of the fact, one row for each address that wants the kind, with its job.

Whatever brings the fact about (a page, a callback, a job) calls `publish` where the fact is decided. A notice says ids and
amounts; who wants to know more asks the API. Delivering is saas/api/delivery.py.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from saas.api.models import TEST, Notice, NoticeAddress, NoticeState, OutgoingKind
from saas.api.purging import purge_after
from saas.jobs.defer import defer, defer_all

TRIED_FOR = timedelta(days=3)
KEPT = timedelta(days=90)
JOB = "api.deliver"


def publish(kind: OutgoingKind, *, now: datetime, facts: Callable[[], Sequence[Mapping[str, Any]]]) -> None:
    """Say that each of some facts of `kind` is so. Call it in their transaction; `facts` is asked only if somebody listens."""
    listening = list(NoticeAddress.objects.filter(active=True, kinds__contains=[kind.value]).order_by("pk"))
    told = [_body(kind.value, data, now=now) for data in facts()] if listening else []
    _write([(address, body, event) for body, event in told for address in listening], kind.value, now=now)


def send_test(address: NoticeAddress, *, now: datetime) -> Notice:
    """A notice that says nothing, to see whether the address listens."""
    with transaction.atomic():
        body, event = _body(TEST, {}, now=now)
        (notice,) = _write([(address, body, event)], TEST, now=now)
        return notice


def send_again(pk: int, *, now: datetime) -> Notice:
    """Begin to deliver a notice anew, whatever became of it; while it is under way already, it is tried now."""
    with transaction.atomic():
        notice = Notice.objects.select_for_update().get(pk=pk)
        notice.state, notice.failures, notice.rounds = NoticeState.WAITING, 0, notice.rounds + 1
        notice.give_up_at = now + TRIED_FOR
        notice.save(update_fields=["state", "failures", "rounds", "give_up_at"])
        # Somebody who asks for it has mended what was wrong.
        NoticeAddress.objects.filter(pk=notice.address_id).update(failures=0, resting_until=None)
        _ask(notice, now=now)
    return notice


def purge(*, now: datetime) -> int:
    """Forget notices older than KEPT, tries with them. Returns how many rows went."""
    gone, _rows = Notice.objects.filter(made_at__lt=now - KEPT).delete()
    return gone


def _body(kind: str, data: Mapping[str, Any], *, now: datetime) -> tuple[str, uuid.UUID]:
    event = uuid.uuid4()
    return json.dumps({"id": str(event), "kind": kind, "at": now.isoformat(), "data": data}, ensure_ascii=False), event


def _write(told: Sequence[tuple[NoticeAddress, str, uuid.UUID]], kind: str, *, now: datetime) -> list[Notice]:
    """The rows and their jobs: three statements, however many there are."""
    if not told:
        return []
    notices = Notice.objects.bulk_create(
        Notice(address=address, event=event, kind=kind, body=body, made_at=now, give_up_at=now + TRIED_FOR) for address, body, event in told
    )
    defer_all(JOB, [(_key(notice), _ids(notice)) for notice in notices], now=now)
    purge_after(now + KEPT, now=now)
    return notices


def _ask(notice: Notice, *, now: datetime) -> None:
    defer(JOB, _key(notice), now=now, **_ids(notice))


def _key(notice: Notice) -> str:
    return f"{notice.pk}:{notice.rounds}"


def _ids(notice: Notice) -> dict[str, Any]:
    return {"notice_id": notice.pk, "round": notice.rounds}
