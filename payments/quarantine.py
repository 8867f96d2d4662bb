"""What happens beside a callback that was not believed: an unknown reference is asked about, a wrong key is told of, and
what anybody may send without knowing anything is kept only up to a number.

Never changes the state of a payment. What waits for a person (it has a note for staff) is never thrown away.
"""

from __future__ import annotations

from datetime import datetime

from payments import accounts
from payments.gateway import NoticeRefused
from payments.models import Callback, CallbackSource, CallbackState, Review
from saas.jobs.defer import defer
from saas.lib import clock

KEPT = 1000  # forged or unreadable callbacks of an agency: the newest
WRONG_KEY_AFTER = 5  # callbacks in a row about our own attempts, none with a right signature
_WORTHLESS = ("malformed", "unknown_reference", "signature", "merchant")


def watch(callback: Callback, *, now: datetime) -> None:
    """Do what a callback just put in quarantine asks for. In the transaction that put it there."""
    if callback.reason == "unknown_reference":
        _ask_about_stranger(callback, now=now)
    elif callback.reason == "signature":
        _tell_of_wrong_key(now=now)
    if callback.reason in _WORTHLESS:
        _keep_newest()


def _ask_about_stranger(callback: Callback, *, now: datetime) -> None:
    """Only the holder of the key can sign: whoever invents references gets no question asked."""
    account = accounts.active_account()
    if account is None:
        return
    try:
        said = accounts.gateway().read_callback(
            callback.body.encode("latin-1"), callback.content_type, credentials=accounts.credentials(account)
        )
    except NoticeRefused:
        return
    if said.signed:
        defer("payments.ask_stranger", callback.reference, now=now, callback_id=callback.pk)


def _tell_of_wrong_key(*, now: datetime) -> None:
    """When nothing that PayU says about our own attempts verifies any more, the key is wrong, not the callbacks."""
    last = (
        Callback.objects.filter(source=CallbackSource.POST, attempt__isnull=False)
        .exclude(state=CallbackState.NEW)
        .order_by("-pk")
        .values_list("reason", flat=True)[:WRONG_KEY_AFTER]
    )
    reasons = list(last)
    if len(reasons) == WRONG_KEY_AFTER and set(reasons) == {"signature"}:
        Review.objects.get_or_create(
            key=f"key:{clock.local(now).date().isoformat()}",
            defaults={
                "kind": "key",
                "text": "Las últimas confirmaciones de PayU no traen una firma válida. Revise la API key de la cuenta de PayU: "
                "mientras tanto, los pagos se confirman preguntándole a PayU.",
            },
        )


def _keep_newest() -> None:
    worthless = Callback.objects.filter(state=CallbackState.QUARANTINED, reason__in=_WORTHLESS, reviews=None)
    surplus = list(worthless.order_by("-pk").values_list("pk", flat=True)[KEPT : KEPT + 100])
    if surplus:
        Callback.objects.filter(pk__in=surplus).delete()
