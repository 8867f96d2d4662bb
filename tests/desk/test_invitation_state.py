"""What became of an invitation's mail: without news, its link followed, refused by the server, and its account active."""

from __future__ import annotations

import re
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
from django.core import mail

from clientarea.invitations import invite
from clientarea.models import Client
from saas.accounts.models import User
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
    assert "sin noticias" in words_of(sara.get(page))
    link = re.search(r"/area-de-clientes/activar/\S+", str(mail.outbox[-1].body))
    assert link is not None
    visitor = browse(cast.alfa.agency)
    visitor.get(link[0])
    assert "Abierto: alguien siguió el enlace" in words_of(sara.get(page))
    visitor.post(link[0], {"password": "otra-clave-larga-2", "again": "otra-clave-larga-2"})
    assert 'data-testid="invitation-state"' not in sara.get(page).content.decode()


def test_refused_by_the_server(cast: Casts, nora: Client, browse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_message: Any, **_how: Any) -> int:
        raise SMTPRecipientsRefused({})

    with context.in_agency(cast.alfa.agency):
        monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
        _send(Job.objects.get(kind="clientarea.mail_activation").pk)
        user = User.objects.get(pk=Client.objects.get(pk=nora.pk).user_id)
        assert user.mail_refused_at is not None
        monkeypatch.undo()
    page = words_of(browse(cast.alfa.agency, cast.alfa.sara).get(f"/oficina/clientes/{nora.pk}/"))
    assert "Rechazado: el servidor de ese correo no lo recibió" in page
