"""What became of an invitation's mail: sent, its link followed, and its account active (returned: tests/accounts/test_bounces.py)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail

from clientarea.invitations import invite
from clientarea.models import Client
from saas.jobs.models import Job
from saas.jobs.run import run_job
from saas.lib import clock
from tenants import context
from tests.accounts.steps import words_of
from tests.world import Casts, make_client


def _send(job_id: int) -> None:
    assert run_job(job_id, now=clock.now()) is True


@pytest.fixture
def nora(cast: Casts) -> Client:
    """A client of alfa who was invited; the job of her mail waits."""
    with context.in_agency(cast.alfa.agency):
        client = make_client("777", "Nora Nueva", with_user=False)
        invite(client, now=clock.now())
    return client


def test_sent_opened_and_active(cast: Casts, nora: Client, browse: Any) -> None:
    sara, page = browse(cast.alfa.agency, cast.alfa.sara), f"/oficina/clientes/{nora.pk}/"
    with context.in_agency(cast.alfa.agency):
        _send(Job.objects.get(kind="clientarea.mail_activation").pk)
    assert "Enviado: todavía nadie ha seguido el enlace" in words_of(sara.get(page))
    link = re.search(r"/area-de-clientes/activar/\S+", str(mail.outbox[-1].body))
    assert link is not None
    visitor = browse(cast.alfa.agency)
    visitor.get(link[0])
    assert "Abierto: alguien siguió el enlace" in words_of(sara.get(page))
    visitor.post(link[0], {"password": "otra-clave-larga-2", "again": "otra-clave-larga-2"})
    assert 'data-testid="invitation-state"' not in sara.get(page).content.decode()
