"""What an agency wants of its reminders: read, and changed with a record of who did it. Until it chooses, nobody is reminded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from payments.models import ReminderPolicy
from saas.accounts.models import User
from saas.audit.changes import record
from saas.lib import seen

SUBJECT = "reminder_policy"
FIELDS = ("soon", "days_before", "late", "days_after", "repeat_days", "most", "weekly", "soon_text", "late_text")
SOON_TEXT = _("Le recordamos la fecha de su próximo pago. Si ya lo hizo, no tenga en cuenta este mensaje.")
LATE_TEXT = _("A esta fecha no vemos el pago de lo siguiente. Si ya lo hizo, no tenga en cuenta este mensaje; si necesita un acuerdo, escríbanos.")


def current() -> ReminderPolicy:
    """The agency's policy; the default, which is off, where it chose none."""
    return ReminderPolicy.objects.first() or ReminderPolicy()


def values_of(policy: ReminderPolicy) -> dict[str, Any]:
    """What of a policy can be chosen, by name."""
    return {name: getattr(policy, name) for name in FIELDS}


def save(values: Mapping[str, Any], *, mark: str, by: User, now: datetime) -> ReminderPolicy:
    """Keep what was chosen, by somebody who saw the values of `mark`. Raises seen.StaleError."""
    with transaction.atomic():
        policy, _made = ReminderPolicy.objects.get_or_create(pk=1)
        policy = ReminderPolicy.objects.select_for_update().get(pk=policy.pk)
        before = values_of(policy)
        seen.check(before, mark)
        for name in FIELDS:
            setattr(policy, name, values[name])
        policy.save()
        record(SUBJECT, policy.pk, before=before, after=values_of(policy), by=by, now=now)
        return policy
