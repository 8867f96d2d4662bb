"""What a person does to sign up, for tests: fill in the form, have the jobs run, open the mail's link."""

from __future__ import annotations

import re
from typing import Any

from django.core import mail
from django.test import Client as Browser
from django.utils import timezone

from saas.jobs.models import Job
from saas.jobs.registry import HANDLERS
from tenants import context
from tenants.models import Signup, SignupState
from tests.walls.robot import solve
from tests.world import NOW
from workers import base

PASSWORD = "girasoles-del-norte-7"
TYPED = {
    "agency_name": "Inmobiliaria Ñandú S.A.S.",
    "nit": "900.123.456",
    "nit_check": "8",
    "slug": "nandu-bogota",
    "person_name": "María Fernanda Ñáñez",
    "email": "Maria@Nandu.example",
    "password": PASSWORD,
    "again": PASSWORD,
    "terms": "on",
}


def typed(browser: Browser, **other: str) -> dict[str, str]:
    """What the form sends, with the *no soy robot* puzzle solved."""
    return {**TYPED, "captcha": solve(browser.get("/no-soy-robot/").json()), **other}


def run_jobs() -> list[str]:
    """Run what is due in public as the worker does. Returns the kinds that were run."""
    ran = []
    with context.in_public():
        while job := Job.objects.filter(done_at=None, dead_at=None, due_at__lte=timezone.now()).order_by("pk").first():
            assert job.kind in HANDLERS
            base.run_one("public", job.pk)
            ran.append(job.kind)
    return ran


def link_in_mail(position: int = -1) -> str:
    """The path of the link in a mail that was sent."""
    found = re.search(r"https?://[^/\s]+(/registro/confirmar/\S+)", str(mail.outbox[position].body))
    assert found, mail.outbox[position].body
    return found[1]


def a_signup(slug: str = "nandu-bogota", **fields: Any) -> Signup:
    """A confirmed sign-up whose agency is not made yet."""
    values: dict[str, Any] = {
        "agency_name": "Ñandú", "slug": slug, "nit": "900123456", "nit_check": "8", "person_name": "María Ñáñez",
        "email": "maria@nandu.example", "password": "md5$salt$hash", "terms_version": "1", "accepted_at": NOW, "confirmed_at": NOW,
        "state": SignupState.CREATING,
    }  # fmt: skip
    return Signup.objects.create(**{**values, **fields})
