"""*View as this client*: read-only, for half an hour, for the staff who asked, and every page written down."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from clientarea.models import Client, PortalView
from payments.models import Payment
from saas.accounts import viewing
from saas.accounts.models import Role, User
from saas.lib import clock
from tenants import context
from tests.desk.desks import assert_desk_only
from tests.portal.pages import at, begin, text_of
from tests.world import Cast, log_in


def _views(cast: Cast) -> list[tuple[int, str, str]]:
    with context.in_agency(cast.agency):
        return list(PortalView.objects.order_by("pk").values_list("client_id", "staff_name", "path"))


def _looking(browse: Any, cast: Cast, client: Client) -> Any:
    sara = browse(cast.agency, cast.sara)
    assert sara.post(at("desk_view_as", client.pk))["Location"] == at("home")
    return sara


def test_it_is_for_staff_alone(here: Cast, browse: Any) -> None:
    for path in (at("desk_view_as", here.oscar.pk), at("desk_view_end")):
        assert_desk_only(browse, here, path, method="post")
    sara = browse(here.agency, here.sara)
    assert sara.get(at("desk_view_as", here.rita.pk)).status_code == 405
    assert sara.post(at("desk_view_as", 99_999)).status_code == 404
    assert sara.get(at("invoices")).status_code == 404
    assert _views(here) == []


def test_staff_sees_what_the_client_sees_and_it_is_written_down(here: Cast, browse: Any) -> None:
    sara = _looking(browse, here, here.rita)
    home = sara.get(at("home"))
    assert "Hola, Rita" in text_of(home)
    assert "Está viendo lo que ve <strong>Rita Arrendataria Ñáñez</strong>" in home.content.decode()
    assert "FA-1" in text_of(sara.get(at("invoices")))
    assert "1001" in text_of(sara.get(at("profile")))
    assert sara.get(at("invoice", here.berta_invoice.pk)).status_code == 404  # somebody else's
    rita = here.rita.pk
    assert _views(here) == [
        (rita, "Sara Equipo", path) for path in (at("home"), at("invoices"), at("profile"), at("invoice", here.berta_invoice.pk))
    ]
    assert "Sara Equipo" in text_of(sara.get(at("desk_client", rita)))
    assert "Está viendo" not in sara.get(at("desk")).content.decode()


def test_nothing_can_be_done(here: Cast, browse: Any) -> None:
    with context.in_agency(here.agency):
        attempt = begin(here, here.invoice)
        before = list(Payment.objects.values_list("pk", "state"))
    sara = _looking(browse, here, here.rita)
    typed = {"email": "otra@correo.example"}
    for path in (at("profile"), at("invoice_pay", here.invoice.pk), at("case_new"), at("payment_retry", attempt.payment_id)):
        answer = sara.post(path, typed)
        assert answer.status_code == 403
        assert "Aquí solo puede mirar" in answer.content.decode()
    # Pages that do something by being opened.
    assert sara.get(at("payment_go", attempt.payment_id)).status_code == 403
    assert sara.get(at("payment_return"), {"referenceCode": attempt.reference}).status_code == 403
    with context.in_agency(here.agency):
        attempt.refresh_from_db()
        assert attempt.returned_at is None
        assert list(Payment.objects.values_list("pk", "state")) == before
        assert Client.objects.get(pk=here.rita.pk).email == "rita@correo.example"
    assert _views(here) == []


def test_it_ends_when_staff_says_so(here: Cast, browse: Any) -> None:
    sara = _looking(browse, here, here.rita)
    assert sara.post(at("desk_view_end"))["Location"] == at("desk_client", here.rita.pk)
    assert sara.get(at("invoices")).status_code == 404
    assert sara.get(at("home"))["Location"] == at("desk")
    assert sara.post(at("desk_view_end"))["Location"] == at("desk")


def test_it_ends_after_half_an_hour(here: Cast, browse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sara = _looking(browse, here, here.rita)
    now = clock.now()
    monkeypatch.setattr(viewing.clock, "now", lambda: now + timedelta(minutes=29))
    assert sara.get(at("invoices")).status_code == 200
    monkeypatch.setattr(viewing.clock, "now", lambda: now + timedelta(minutes=31))
    assert sara.get(at("invoices")).status_code == 404


def test_it_is_bound_to_who_asked(here: Cast, browse: Any) -> None:
    """The same session in other hands says nothing: another member of staff, or a client."""
    with context.in_agency(here.agency):
        other = User.objects.create_user(username="otro@alfa.example", role=Role.STAFF, name="Otro", password="x")  # noqa: S106
    for user, status in ((other, 404), (here.oscar.user, 200)):
        browser = browse(here.agency)
        assert user is not None
        log_in(browser, here.agency, user)
        with context.in_agency(here.agency):
            session = browser.session
            session["viewing"] = {"staff": here.sara.pk, "client": here.rita.pk, "until": clock.now().timestamp() + 600}
            session.save()
        answer = browser.get(at("invoices"))
        assert answer.status_code == status
        assert "FA-1" not in answer.content.decode()
    assert _views(here) == []
