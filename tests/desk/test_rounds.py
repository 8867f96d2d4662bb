"""Inviting several clients at once: a job does it, each once, and the page tells how far it is."""

from __future__ import annotations

from typing import Any

import pytest

from clientarea import invitations
from clientarea.models import Client, InvitationLine, InvitationRound
from saas.accounts.models import User
from saas.jobs.models import Job
from saas.jobs.run import run_job
from saas.lib import clock
from tenants import context
from tests.desk.desks import assert_desk_only
from tests.portal.pages import at, text_of
from tests.world import Cast, Casts, make_client

ROUND = "clientarea.invite_some"
MAIL = "clientarea.mail_activation"


@pytest.fixture
def here(cast: Casts) -> Cast:
    """alfa with Rita active, and Ana, Eva (no e-mail) and Paz without an account."""
    with context.in_agency(cast.alfa.agency):
        User.objects.filter(pk=cast.alfa.rita.user_id).update(activated_at=clock.now())
        for n, (name, email) in enumerate((("Ana Uno", "ana@correo.example"), ("Eva Dos", ""), ("Paz Tres", "paz@correo.example"))):
            make_client(str(5001 + n), name, with_user=False, email=email)
    return cast.alfa


def _run() -> int:
    """Do the rounds' jobs that wait; how many there were."""
    waiting = list(Job.objects.filter(kind=ROUND, done_at=None).values_list("pk", flat=True))
    for pk in waiting:
        assert run_job(pk, now=clock.now())
    return len(waiting)


def _lines() -> dict[str, str]:
    return dict(InvitationLine.objects.order_by("pk").values_list("client__name", "state"))


def test_they_are_for_staff_alone(here: Cast, cast: Casts, browse: Any) -> None:
    assert_desk_only(browse, here, at("desk_invite_many"), method="post")
    with context.in_agency(cast.beta.agency):
        InvitationRound.objects.create(pk=700_001, asked_by="x", asked_at=clock.now())
    assert_desk_only(browse, here, at("desk_round", 700_001))
    assert browse(here.agency, here.sara).get(at("desk_round", 700_001)).status_code == 404


def test_those_that_were_marked(here: Cast, browse: Any) -> None:
    sara = browse(here.agency, here.sara)
    with context.in_agency(here.agency):
        ids = list(Client.objects.filter(document__in=["5001", "5002", "1001"]).values_list("pk", flat=True))
    answer = sara.post(at("desk_invite_many"), {"cliente": [*ids, "x", "99999"]})
    with context.in_agency(here.agency):
        row = InvitationRound.objects.get()
        assert answer["Location"] == at("desk_round", row.pk)
        assert row.asked_by == "Sara Equipo"
        assert _lines() == {"Ana Uno": "waiting", "Eva Dos": "waiting"}  # Rita's account is active already
        assert not Job.objects.filter(kind=MAIL).exists()
    assert 'hx-trigger="every 1s"' in sara.get(at("desk_round", row.pk)).content.decode()
    with context.in_agency(here.agency):
        assert _run() == 1
        assert _lines() == {"Ana Uno": "sent", "Eva Dos": "refused"}
        assert Job.objects.filter(kind=MAIL).count() == 1
        assert _run() == 0
    page = sara.get(at("desk_round", row.pk))
    assert "2 de 2" in text_of(page)
    assert "Terminó: 1 invitado, 1 sin invitar. Sin invitar Eva Dos Este cliente no tiene correo." in " ".join(text_of(page).split())
    assert "every 1s" not in page.content.decode()
    part = sara.get(at("desk_round", row.pk), headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()


def test_all_of_a_filter(here: Cast, browse: Any) -> None:
    sara = browse(here.agency, here.sara)
    assert "Invitar a todos" in text_of(sara.get(at("desk_clients"), {"estado": "none"}))
    assert "Invitar a todos" not in text_of(sara.get(at("desk_clients"), {"estado": "active"}))
    sara.post(at("desk_invite_many"), {"todos": "1", "estado": "none", "q": "uno"})
    with context.in_agency(here.agency):
        assert _lines() == {"Ana Uno": "waiting"}


def test_nobody_to_invite(here: Cast, browse: Any) -> None:
    sara = browse(here.agency, here.sara)
    assert sara.post(at("desk_invite_many"), {"cliente": [str(here.rita.pk)]})["Location"] == at("desk_clients")
    assert "Marque al menos un cliente" in text_of(sara.get(at("desk_clients")))
    with context.in_agency(here.agency):
        assert not InvitationRound.objects.exists()


def test_a_long_round_goes_on_by_itself_and_each_is_invited_once(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invitations, "SLICE", 2)
    with context.in_agency(here.agency):
        row = invitations.begin_round(Client.objects.filter(document__startswith="500"), asked_by="Sara", now=clock.now())
        assert row is not None
        first = Job.objects.get(kind=ROUND)
        assert _run() == 1
        assert list(_lines().values()) == ["sent", "refused", "waiting"]
        Job.objects.filter(pk=first.pk).update(done_at=None)  # the worker died before it could say so
        assert _run() == 2
        assert list(_lines().values()) == ["sent", "refused", "sent"]
        assert Job.objects.filter(kind=MAIL).count() == 2
        assert _run() == 0
