"""Consent to the handling of personal data: which text is in force, and who accepted it when.

The text is `templates/accounts/consent_text.html`; a test ties its words to VERSION, so that a changed text is asked anew.
"""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest

from saas.accounts.models import Consent, User

VERSION = "2026-11"
SESSION_KEY = "consent"


def is_given(request: HttpRequest) -> bool:
    """Whether who asks accepted the text in force. The session remembers a yes."""
    if request.session.get(SESSION_KEY) == VERSION:
        return True
    if not Consent.objects.filter(user_id=request.user.pk or 0, version=VERSION).exists():
        return False
    request.session[SESSION_KEY] = VERSION
    return True


def give(user: User, *, ip: str | None, now: datetime) -> Consent:
    """Keep that `user` accepted the text in force. A second time changes nothing."""
    consent, _new = Consent.objects.get_or_create(user=user, version=VERSION, defaults={"accepted_at": now, "ip": ip})
    return consent
