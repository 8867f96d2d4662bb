"""Consent to the handling of personal data, and to the platform's terms: which version is asked of whom, and who accepted it when.

What is asked of a role is said by the request (`request.wanted_text`, put by tenants/hosts.py): accounts know nothing of agencies.
Each consent is a row of the agency's own schema with the name of the version, so that it needs no other table to be proof.
"""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest

from saas.accounts.models import Consent, Role, User

VERSION = "2026-11"  # of the texts that come with the program (tenants/texts/)
SESSION_KEY = "consent"


def wanted(request: HttpRequest) -> str:
    """The version that who asks must have accepted; "" for none."""
    role = getattr(request.user, "role", "")
    say = getattr(request, "wanted_text", None)
    if say is not None:
        return str(say(role))
    return VERSION if role == Role.CLIENT else ""


def is_given(request: HttpRequest) -> bool:
    """Whether who asks accepted what is asked of them. The session remembers a yes."""
    version = wanted(request)
    if not version or not request.user.pk or request.session.get(SESSION_KEY) == version:
        return True
    if not Consent.objects.filter(user_id=request.user.pk, version=version).exists():
        return False
    request.session[SESSION_KEY] = version
    return True


def give(user: User, *, ip: str | None, now: datetime, version: str = VERSION) -> Consent:
    """Keep that `user` accepted `version`. A second time changes nothing."""
    consent, _new = Consent.objects.get_or_create(user=user, version=version, defaults={"accepted_at": now, "ip": ip})
    return consent
