"""The first steps on the desk's first page: what is done is read from the rows, only the dueño is told, and what comes next says how."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from payments.invoicing.models import Resolution
from payments.models import GatewayAccount, Invoice
from saas import desk_start
from saas.accounts.models import Role, StaffRole, User
from tenants import context
from tests.portal.pages import at
from tests.world import NOW, Cast, Casts


def _done(cast: Cast) -> set[str]:
    with context.in_agency(cast.agency):
        return {step.page for step in desk_start.steps(cast.agency, cast.sara) if step.done}


def test_each_step_is_done_by_its_own_rows(cast: Casts) -> None:
    alfa, beta = cast.alfa, _done(cast.beta)
    begun = {"desk_book", "desk_payu", "desk_run_new", "desk_clients"}
    with context.in_agency(alfa.agency):
        User.objects.filter(role=Role.STAFF).exclude(pk=alfa.sara.pk).update(role=Role.CLIENT)
        Resolution.objects.all().delete()
    assert _done(alfa) == begun
    with context.in_agency(alfa.agency):
        Invoice.objects.all().delete()
        GatewayAccount.objects.update(active=False)
    assert _done(alfa) == {"desk_book", "desk_clients"}
    with context.in_agency(alfa.agency):
        Resolution.objects.create(series="rent", prefix="FA", first=1, last=9, given=0, made_by=alfa.sara, made_at=NOW)
        User.objects.create_user(
            username="olga@alfa.example", role=Role.STAFF, staff_role=StaffRole.VIEWER, name="Olga", email="olga@alfa.example", password="x"
        )
    assert _done(alfa) == {"desk_book", "desk_clients", "desk_numbering", "desk_team"}
    alfa.agency.logo = "alfa/logo.png"
    assert "desk_settings" in _done(alfa)
    assert _done(cast.beta) == beta


@pytest.mark.parametrize("role", [StaffRole.COLLECTIONS, StaffRole.SERVICE, StaffRole.VIEWER])
def test_only_the_head_is_told(cast: Casts, browse: Any, role: StaffRole) -> None:
    alfa = cast.alfa
    sara = browse(alfa.agency, alfa.sara)
    page = sara.get(at("desk"))
    assert 'data-testid="start"' in page.content.decode()
    assert page.context["steps_left"][0].page == "desk_settings"
    assert f'<a class="btn btn-primary" href="{at("desk_settings")}">Poner mi marca</a>' in page.content.decode()
    with context.in_agency(alfa.agency):
        User.objects.filter(pk=alfa.sara.pk).update(staff_role=role)
    page = sara.get(at("desk")).content.decode()
    assert 'data-testid="start"' not in page
    # Who may only look reads so before filling a form in.
    assert ("Su cargo es de consulta" in page) == (role == StaffRole.VIEWER)


def test_nothing_is_left_at_the_end(cast: Casts, browse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = desk_start.steps
    monkeypatch.setattr(desk_start, "steps", lambda agency, user: [replace(step, done=True) for step in real(agency, user)])
    assert 'data-testid="start"' not in browse(cast.alfa.agency, cast.alfa.sara).get(at("desk")).content.decode()
