"""Ask PayU about attempts, at PayU's own pace, settle through the same door, and compare its books with ours.

A question that fails, or that was not asked for want of budget, says nothing: unknown is never declined. Every question
goes through `_ask`, which keeps the agency's budget and its breaker (pace).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from payments import accounts, pace, reversals, settlement
from payments.gateway import Answer, FindingKind, GatewayRefused, GatewayState, GatewayUnavailable
from payments.models import Attempt, AttemptState, Callback, CallbackSource, CallbackState, GatewayAccount, PaymentState, Review
from saas.jobs.defer import defer
from saas.lib import clock
from saas.lib.here import current_schema

# An approved attempt is asked about too: a second payment whose callback was lost shows only here.
AFTER_APPROVAL = (timedelta(hours=1), timedelta(hours=24))
COMPARED = timedelta(hours=48)  # what a nightly comparison looks back on
NIGHT = time(2)


def ask_and_settle(attempt_id: int, *, now: datetime) -> datetime | None:
    """Ask about one attempt and settle what comes. Returns when to ask again (UTC), or None when there is no need.

    Raises GatewayUnavailable (NotNow among it) or GatewayRefused; then nothing has changed.
    """
    attempt = Attempt.objects.select_related("account").get(pk=attempt_id)
    if attempt.state == AttemptState.APPROVED and attempt.settled_at and now < attempt.settled_at + AFTER_APPROVAL[0]:
        return attempt.settled_at + AFTER_APPROVAL[0]  # the callback told us: this question is saved for later
    ask_at_once(attempt_id, now=now)
    attempt.refresh_from_db()
    again = next_question(attempt, now=now)
    if again is None and attempt.state in (AttemptState.SENT, AttemptState.PENDING):
        settlement.expire(attempt_id, now=now)
    return again


def ask(attempt_id: int, *, now: datetime) -> Answer:
    """One question about an attempt, settled and kept. Raises GatewayUnavailable (NotNow among it) or GatewayRefused; then
    nothing has changed."""
    return _ask_about(Attempt.objects.select_related("account").get(pk=attempt_id), now=now)


def ask_at_once(attempt_id: int, *, now: datetime) -> None:
    """One question outside the schedule, unless the attempt was asked about a moment ago: then NotNow.

    Raises GatewayUnavailable or GatewayRefused; then nothing has changed.
    """
    attempt = Attempt.objects.select_related("account").get(pk=attempt_id)
    if attempt.asked_at is not None and now < attempt.asked_at + _between():
        raise pace.NotNow(attempt.asked_at + _between(), "se le preguntó por este pago hace un momento")
    _ask_about(attempt, now=now)


def next_question(attempt: Attempt, *, now: datetime) -> datetime | None:
    """When to ask about an attempt next: the schedule counts from its start, or from its approval."""
    if attempt.state == AttemptState.APPROVED:
        start = attempt.settled_at or now
        moments = [start + wait for wait in AFTER_APPROVAL]
    else:
        gateway = accounts.gateway_of(attempt.account)
        moments = [attempt.created_at + timedelta(seconds=seconds) for seconds in gateway.schedule]
        if attempt.state == AttemptState.PENDING and all(moment <= now for moment in moments):
            held = gateway.pending_for is None or now < attempt.created_at + gateway.pending_for
            return now + timedelta(days=1) if held else None
    return next((moment for moment in moments if moment > now), None)


def ask_about_stranger(callback_id: int, *, now: datetime) -> None:
    """One question about a rightly signed callback whose reference is none of ours: does PayU hold money under it?

    Raises GatewayUnavailable or GatewayRefused."""
    callback = Callback.objects.get(pk=callback_id)
    account = accounts.active_account()
    if account is None:
        return
    answer = _ask(account, callback.reference, now=now)
    if any(finding.paid for finding in answer.findings):
        Review.objects.get_or_create(
            key=f"stranger:{callback.reference}",
            defaults={
                "kind": "stranger",
                "text": f"PayU tiene un pago aprobado con la referencia {callback.reference}, que no se originó aquí. Averigüe de quién es.",
                "callback": callback,
            },
        )


# The comparison


@dataclass(frozen=True)
class Compared:
    """What came of comparing one attempt: COP approved at the gateway and credited here, and the difference in words."""

    reference: str
    there: Decimal
    here: Decimal
    difference: str = ""


def night_after(now: datetime) -> datetime:
    """The moment of the next nightly comparison: between 2:00 and 5:00 in Bogotá, each agency at its own."""
    local = clock.local(now)
    spread = timedelta(seconds=int(current_schema().encode().hex(), 16) % 10800)
    tonight = datetime.combine(local.date(), NIGHT, tzinfo=local.tzinfo) + spread
    return tonight if tonight > local else tonight + timedelta(days=1)


def compare_nightly(*, now: datetime) -> int:
    """Ask for the comparison of every attempt of the last two days, and for the next night's round while there are any.
    Returns of how many. Runs in one transaction."""
    night = clock.local(now).date()
    with transaction.atomic():
        found = list(attempts_since(now - COMPARED).values_list("pk", flat=True))
        for pk in found:
            defer("payments.compare_one", f"{night.isoformat()}:{pk}", now=now, attempt_id=pk)
        if found:
            plan_night(now=now)
    return len(found)


def plan_night(*, now: datetime) -> None:
    """Ask for the next night's comparison, once. In the transaction of what is to be compared."""
    moment = night_after(now)
    defer("payments.compare", clock.local(moment).date().isoformat(), now=now, due_at=moment)


def attempts_since(moment: datetime) -> QuerySet[Attempt]:
    """The attempts that began or settled since `moment`, and those still open, in the order of their making."""
    return Attempt.objects.filter(
        Q(created_at__gte=moment) | Q(settled_at__gte=moment) | Q(state__in=[AttemptState.SENT, AttemptState.PENDING])
    ).order_by("pk")


def compare(attempt_id: int, *, now: datetime) -> Compared:
    """Ask about one attempt, settle what was missing, and write a difference that is left down for staff.

    Raises GatewayUnavailable (NotNow among it) or GatewayRefused; then nothing has changed.
    """
    attempt = Attempt.objects.select_related("account").get(pk=attempt_id)
    answer = _ask_about(attempt, now=now)
    attempt = Attempt.objects.select_related("payment").get(pk=attempt_id)
    charges = [f for f in answer.findings if f.kind is not FindingKind.REFUND and f.gateway_transaction_id]
    back = (GatewayState.REFUNDED, GatewayState.CHARGEBACK)
    held = [f.amount or Decimal(0) for f in charges if f.state is GatewayState.APPROVED or f.state in back]
    there, here = sum(held, Decimal(0)), attempt.amount * attempt.credited
    text = ""
    if here != there:
        text = f"Por la referencia {attempt.reference} PayU tiene aprobados ${there:,.0f} y aquí se registraron ${here:,.0f}. Revíselo con PayU."
    elif any(f.state in back for f in charges) and attempt.payment.state != PaymentState.REVERSED:
        text = f"PayU devolvió el pago de la referencia {attempt.reference}, y aquí sigue aprobado. Revíselo con PayU."
    text = text.replace(",", ".")
    if text:
        Review.objects.get_or_create(
            key=f"difference:{attempt.pk}:{there}:{here}",
            defaults={"kind": "difference", "text": text, "payment": attempt.payment, "attempt": attempt},
        )
    return Compared(attempt.reference, there, here, text)


def tell_of_refusal(error: GatewayRefused, *, today: date) -> None:
    """PayU does not take the agency's credentials: staff must know, once a day."""
    Review.objects.get_or_create(key=f"credentials:{today.isoformat()}", defaults={"kind": "credentials", "text": str(error)})


def _ask_about(attempt: Attempt, *, now: datetime) -> Answer:
    answer = _ask(attempt.account, attempt.reference, now=now)
    with transaction.atomic():
        settlement.settle_answer(attempt.pk, answer, now=now)
        _keep(attempt, answer, now=now)
        Attempt.objects.filter(pk=attempt.pk).update(asked_at=now, asked_times=F("asked_times") + 1)
    return answer


def _ask(account: GatewayAccount, reference: str, *, now: datetime) -> Answer:
    """One question, within the budget if it goes over the network; then no transaction is open while we wait."""
    gateway, credentials = accounts.gateway_of(account), accounts.credentials(account)
    if not gateway.paced:
        return gateway.ask_by_reference(credentials, reference)
    pace.permit(now=now)
    try:
        answer = gateway.ask_by_reference(credentials, reference)
    except GatewayUnavailable:
        pace.failed(now=now)
        raise
    except GatewayRefused:
        pace.answered()
        raise
    pace.answered()
    return answer


def _between() -> timedelta:
    """The least time between two questions about one attempt: that between the first two of the schedule."""
    first, second = (*settings.PAYU_POLL_SECONDS, settings.PAYU_POLL_SECONDS[-1] * 2)[:2]
    return timedelta(seconds=max(second - first, 1))


def _keep(attempt: Attempt, answer: Answer, *, now: datetime) -> None:
    """Put an answer in the inbox, for people to read: without anybody's data, and the same one only counted again.
    Call it under the attempt's lock, so that two same answers at once are one row."""
    body = json.dumps({"known": answer.known, "findings": [reversals.evidence_of(f) for f in answer.findings]}, sort_keys=True)
    digest = hashlib.sha256(f"query:{attempt.reference}:{body}".encode()).hexdigest()
    again = Callback.objects.filter(digest=digest).update(times=F("times") + 1, processed_at=now)
    if not again:
        Callback.objects.create(
            source=CallbackSource.QUERY, digest=digest, body=body, content_type="application/json", reference=attempt.reference,
            attempt=attempt, state=CallbackState.SETTLED, processed_at=now,
        )  # fmt: skip
