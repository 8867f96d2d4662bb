"""How often an agency's gateway is asked: so many questions a minute, and none for a while once it does not answer.

The budget and the breaker are the agency's own and live in the cache: losing them costs a few questions, never money. With
the cache away a question is allowed; each attempt's own schedule (reconcile) keeps the pace all the same.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core.cache import cache

from payments.gateway import GatewayUnavailable

log = logging.getLogger(__name__)
OPEN_AFTER = 5  # failures in a row
FIRST_REST = timedelta(seconds=30)
LONGEST_REST = timedelta(minutes=15)
PROBE = 20  # seconds in which one question tries whether the gateway is back; longer than its deadline
_FAILURES, _OPEN, _PROBE = "payu:failures", "payu:open", "payu:probe"


class NotNow(GatewayUnavailable):
    """The question was not asked: ask it at `until` (UTC). Nothing is known by it."""

    def __init__(self, until: datetime, why: str) -> None:
        super().__init__(f"No se le preguntó a PayU: {why}. Se preguntará de nuevo.")
        self.until = until


def permit(*, now: datetime) -> None:
    """Return if the agency that we are inside may ask its gateway now, and count the question. Raises NotNow."""
    try:
        _permit(now)
    except NotNow:
        raise
    except Exception as error:  # the cache is away
        log.warning("pace: %s", type(error).__name__)


def answered() -> None:
    """The gateway answered, whatever it said: the breaker closes."""
    try:
        cache.delete_many([_FAILURES, _OPEN, _PROBE])
    except Exception as error:
        log.warning("pace: %s", type(error).__name__)


def failed(*, now: datetime) -> None:
    """The gateway did not answer. After OPEN_AFTER times in a row it is left alone, twice as long each time."""
    try:
        cache.add(_FAILURES, 0, timeout=3600)
        failures = cache.incr(_FAILURES)
        if failures >= OPEN_AFTER:
            rest = min(FIRST_REST * 2 ** min(failures - OPEN_AFTER, 10), LONGEST_REST)
            cache.set(_OPEN, (now + rest).timestamp(), timeout=3600)
            cache.delete(_PROBE)
    except Exception as error:
        log.warning("pace: %s", type(error).__name__)


def _permit(now: datetime) -> None:
    opened = cache.get(_OPEN)
    if opened is not None:
        until = datetime.fromtimestamp(opened, UTC)
        if now < until:
            raise NotNow(until, "no está respondiendo")
        # Half-open: one question goes, the others wait for what becomes of it.
        if not cache.add(_PROBE, 1, timeout=PROBE):
            raise NotNow(now + timedelta(seconds=PROBE), "se está probando si ya responde")
    minute = now.replace(second=0, microsecond=0)
    key = f"payu:asked:{minute:%Y%m%d%H%M}"
    cache.add(key, 0, timeout=180)
    if cache.incr(key) > settings.PAYU_QUESTIONS_A_MINUTE:
        raise NotNow(minute + timedelta(minutes=1), "ya se le preguntó bastante en este minuto")
