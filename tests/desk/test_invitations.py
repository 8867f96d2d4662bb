"""Inviting a client: one account, a mail asked for, and clear words when it cannot be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from clientarea.invitations import InvitationError, invite
from clientarea.models import Client
from saas.accounts.models import Role, User
from saas.jobs.models import Job
from tenants import context
from tenants.models import Agency
from tests.world import NOW, Casts

KIND = "clientarea.mail_activation"


def make_ana(**fields: Any) -> Client:
    """Ana, a client without an account."""
    values = {"document_type": "PA", "document": "AB12345", "name": "Ana Nueva", "email": "Ana@Correo.example", "folded": "ana nueva"}
    return Client.objects.create(**{**values, **fields})


def _invite_path(client: Client) -> str:
    return f"/oficina/clientes/{client.pk}/invitar/"


def test_a_first_invitation_makes_the_account(inside_alfa: Agency) -> None:
    ana = make_ana()
    user = invite(ana, now=NOW)
    ana.refresh_from_db()
    assert (ana.user, ana.invited_at) == (user, NOW)
    assert (user.username, user.email, user.name, user.role) == ("ab12345", "ana@correo.example", "Ana Nueva", Role.CLIENT)
    assert (user.has_usable_password(), user.activated_at, user.is_active) == (False, None, True)
    assert [(job.kind, job.payload) for job in Job.objects.all()] == [(KIND, {"user_id": user.pk})]


def test_a_second_invitation_is_a_new_mail_for_the_same_account(inside_alfa: Agency) -> None:
    ana = make_ana()
    first = invite(ana, now=NOW)
    assert invite(ana, now=NOW + timedelta(seconds=5)).pk == first.pk
    assert Job.objects.count() == 1  # a double click
    ana.email = "otra@correo.example"
    ana.save()
    again = invite(ana, now=NOW + timedelta(days=8))
    ana.refresh_from_db()
    assert (again.pk, again.email, ana.invited_at) == (first.pk, "otra@correo.example", NOW + timedelta(days=8))
    assert (Job.objects.filter(kind=KIND).count(), User.objects.count()) == (2, 1)


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda: make_ana(email=""), "no tiene correo"),
        (lambda: make_ana(user=User.objects.create_user(username="ab12345", role=Role.CLIENT, name="Ana", password="x")), "ya activó"),
        (lambda: make_ana(user=User.objects.create_user(username="ab12345", role=Role.CLIENT, name="Ana")), "desactivada"),
    ],
)
def test_who_cannot_be_invited(inside_alfa: Agency, prepare: Any, said: str) -> None:
    ana = prepare()
    User.objects.update(is_active=said != "desactivada", activated_at=NOW if said == "ya activó" else None)
    with pytest.raises(InvitationError, match=said):
        invite(ana, now=NOW)
    ana.refresh_from_db()
    assert ana.invited_at is None
    assert not Job.objects.exists()


def test_nobody_else_s_account_is_taken(inside_alfa: Agency) -> None:
    staff = User.objects.create_user(username="ab12345", role=Role.STAFF, name="Equipo", password="una-clave-larga-1")
    ana = make_ana()
    with pytest.raises(InvitationError, match="otra cuenta"):
        invite(ana, now=NOW)
    User.objects.filter(pk=staff.pk).update(role=Role.CLIENT, staff_role="")
    Client.objects.create(document_type="CC", document="777", name="Otro", user=staff)
    with pytest.raises(InvitationError, match="otra cuenta"):
        invite(ana, now=NOW)
    ana.refresh_from_db()
    assert (ana.user, Job.objects.count()) == (None, 0)


def test_the_button_of_the_desk(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        ana = make_ana()
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    page = f"/oficina/clientes/{ana.pk}/"
    assert "Enviar invitación" in sara.get(page).content.decode()
    answer = sara.post(_invite_path(ana))
    assert (answer.status_code, answer["Location"]) == (302, page)
    text = sara.get(page).content.decode()
    assert "Enviamos a Ana@Correo.example un enlace" in text
    assert "Enviar otra vez" in text
    with context.in_agency(cast.alfa.agency):
        assert Job.objects.filter(kind=KIND).count() == 1
    with context.in_agency(cast.beta.agency):
        assert not Job.objects.exists()
        assert not User.objects.filter(username="ab12345").exists()


def test_without_an_e_mail_the_desk_says_so(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        ana = make_ana(email="")
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    text = sara.get(f"/oficina/clientes/{ana.pk}/").content.decode()
    assert "Enviar invitación" not in text
    assert "regístrelo para poder invitarlo" in text
    sara.post(_invite_path(ana))
    assert "Este cliente no tiene correo" in sara.get(f"/oficina/clientes/{ana.pk}/").content.decode()
    with context.in_agency(cast.alfa.agency):
        assert not Job.objects.exists()
        assert not User.objects.filter(username="ab12345").exists()


def test_who_may_not_invite(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        ana = make_ana()
    assert browse(cast.alfa.agency, cast.alfa.rita.user).post(_invite_path(ana)).status_code == 404
    assert browse(cast.alfa.agency).post(_invite_path(ana)).status_code == 302
    assert browse(cast.alfa.agency, cast.alfa.sara).get(_invite_path(ana)).status_code == 405
    assert browse(cast.beta.agency, cast.beta.sara).post(_invite_path(ana)).status_code == 404
    with context.in_agency(cast.alfa.agency):
        assert not Job.objects.exists()
        assert Client.objects.get(pk=ana.pk).user is None
