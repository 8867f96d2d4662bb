"""The calendar of due dates: a file for who is logged in, an address that shows dates and amounts alone, both RFC 5545."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from icalendar import Calendar

from clientarea import calendar_feed
from clientarea.models import CalendarFeed, Client
from payments.models import Invoice
from saas.lib import signing
from tenants import context
from tests.portal.pages import at, queries_of, text_of
from tests.world import NOW, Casts, make_invoice

FILE, CHOICES = "/area-de-clientes/vencimientos.ics", "/area-de-clientes/notificaciones/preferencias/"


def events(data: bytes) -> list[Any]:
    return list(Calendar.from_ical(data).walk("VEVENT"))


@pytest.fixture
def feed(cast: Casts, browse: Any) -> str:
    """The path of Rita's calendar in alfa."""
    rita = browse(cast.alfa.agency, cast.alfa.rita.user)
    assert rita.post(at("calendar_make")).status_code == 302
    (address,) = re.findall(r'value="(http://alfa\S+\.ics)"', rita.get(CHOICES).content.decode())
    return address[address.index("/calendario/") :]


def test_the_file_has_one_s_pending_invoices(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        make_invoice(cast.alfa.lease, 50, applied=Decimal(1_215_000))
        make_invoice(cast.alfa.lease, 51, voided_at=NOW)
        make_invoice(cast.alfa.lease, 52, applied=Decimal(215_000), due_on=date(2026, 12, 31), concept="Canon, con cuota; y \\ más " + "largo " * 20)
    answer = browse(cast.alfa.agency, cast.alfa.rita.user).get(FILE)
    assert (answer["Content-Type"], answer["Content-Disposition"]) == ("text/calendar; charset=utf-8", 'attachment; filename="vencimientos.ics"')
    assert answer["Cache-Control"] == "private, no-store"
    found = events(answer.content)
    assert [(e.decoded("dtstart"), e.decoded("dtend"), str(e["summary"])) for e in found] == [
        (date(2026, 10, 9), date(2026, 10, 10), "Vence un pago de $ 1.215.000"),
        (date(2026, 11, 30), date(2026, 12, 1), "Vence un pago de $ 1.215.000"),
        (date(2026, 12, 31), date(2027, 1, 1), "Vence un pago de $ 1.000.000"),
    ]
    assert str(found[2]["description"]) == "Factura FA-52. Canon, con cuota; y \\ más " + "largo " * 20 + "."
    assert str(found[1]["url"]) == f"http://alfa.plataforma.test{at('invoice', cast.alfa.invoice.pk)}"
    alarms = [a for e in found for a in e.walk("VALARM")]
    assert [(str(a["action"]), a.decoded("trigger")) for a in alarms] == [("DISPLAY", timedelta(hours=-15))] * 3


def test_its_lines_are_as_the_standard_wants_them(cast: Casts, browse: Any) -> None:
    with context.in_agency(cast.alfa.agency):
        make_invoice(cast.alfa.lease, 52, concept="Ñandú " * 33)
    data = browse(cast.alfa.agency, cast.alfa.rita.user).get(FILE).content
    assert data.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in data.replace(b"\r\n", b"")
    lines = data.split(b"\r\n")
    assert max(len(line) for line in lines) <= 75
    assert [line for line in lines if line.startswith(b" ")]  # folded
    data.decode("utf-8")
    for must in (b"BEGIN:VCALENDAR", b"VERSION:2.0", b"PRODID:-//Arriendo al dia//Vencimientos//ES", b"DTSTART;VALUE=DATE:20261130"):
        assert must in lines


def test_the_same_invoice_has_the_same_uid_and_no_two_agencies_share_one(cast: Casts, browse: Any, feed: str) -> None:
    def uids(agency: Any, path: str, user: Any = None) -> list[str]:
        return [str(event["uid"]) for event in events(browse(agency, user).get(path).content)]

    mine = uids(cast.alfa.agency, FILE, cast.alfa.rita.user)
    assert mine == uids(cast.alfa.agency, FILE, cast.alfa.rita.user) == uids(cast.alfa.agency, feed)
    theirs = uids(cast.beta.agency, FILE, cast.beta.rita.user)
    assert (len(mine), len(theirs), set(mine) & set(theirs)) == (2, 2, set())
    assert all(uid.endswith("@alfa.plataforma.test") for uid in mine)
    assert cast.alfa.agency.schema_name not in "".join(mine)


def test_with_nothing_pending_it_is_an_empty_calendar(cast: Casts, browse: Any) -> None:
    answer = browse(cast.alfa.agency, cast.alfa.nadie.user).get(FILE)
    assert (answer.status_code, events(answer.content)) == (200, [])


# The address


def test_the_address_shows_dates_and_amounts_and_nothing_else(cast: Casts, browse: Any, feed: str) -> None:
    answer = browse(cast.alfa.agency).get(feed)
    assert (answer.status_code, answer["Content-Type"], answer["X-Robots-Tag"]) == (200, "text/calendar; charset=utf-8", "noindex")
    found = events(answer.content)
    assert [(e.decoded("dtstart"), str(e["summary"])) for e in found] == [
        (date(2026, 10, 9), "Vence un pago de $ 1.215.000"), (date(2026, 11, 30), "Vence un pago de $ 1.215.000"),
    ]  # fmt: skip
    assert {key for e in found for key in e} == {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "TRANSP"}
    text = answer.content.decode()
    for never in ("Rita", "FA-", "Canon", "Calle", "1001", "area-de-clientes", "correo.example"):
        assert never not in text


def test_another_agency_knows_nothing_of_it(cast: Casts, browse: Any, feed: str) -> None:
    with context.in_agency(cast.beta.agency):
        assert not CalendarFeed.objects.exists()
        calendar_feed.make(cast.beta.rita, now=NOW)
    assert browse(cast.beta.agency).get(feed).status_code == 404
    assert browse(None).get(feed).status_code == 404


def test_it_ends_when_its_client_says_so(cast: Casts, browse: Any, feed: str) -> None:
    rita, anyone = browse(cast.alfa.agency, cast.alfa.rita.user), browse(cast.alfa.agency)
    berta = browse(cast.alfa.agency, cast.alfa.berta.user)
    berta.post(at("calendar_end"))
    berta.post(at("calendar_make"))
    assert anyone.get(feed).status_code == 200  # somebody else's is somebody else's
    rita.post(at("calendar_make"))
    assert anyone.get(feed).status_code == 404  # a new address ends the old one
    (address,) = re.findall(r'value="http://alfa[^/]+(/\S+\.ics)"', rita.get(CHOICES).content.decode())
    assert anyone.get(address).status_code == 200
    assert rita.get(at("calendar_end")).status_code == 405
    rita.post(at("calendar_end"))
    assert anyone.get(address).status_code == 404
    assert "Crear dirección para suscribirse" in text_of(rita.get(CHOICES))


def test_what_is_forged_or_of_an_archived_client_is_not_found(cast: Casts, browse: Any, feed: str) -> None:
    anyone = browse(cast.alfa.agency)
    with context.in_agency(cast.alfa.agency):
        code = CalendarFeed.objects.get().code
        forged = [
            signing.sign({"client": cast.alfa.rita.pk, "code": code}, purpose="payments.link"),
            signing.sign({"client": cast.alfa.berta.pk, "code": code}, purpose=calendar_feed.PURPOSE),
            signing.sign({"client": cast.alfa.rita.pk}, purpose=calendar_feed.PURPOSE),
            signing.sign({"client": cast.alfa.rita.pk, "code": ""}, purpose=calendar_feed.PURPOSE),
            "x",
        ]
    for token in forged:
        assert anyone.get(at("calendar_feed", token)).status_code == 404
    assert anyone.get(feed).status_code == 200
    assert anyone.post(feed).status_code == 405
    with context.in_agency(cast.alfa.agency):
        Client.objects.filter(pk=cast.alfa.rita.pk).update(archived_at=NOW)
    assert anyone.get(feed).status_code == 404


def test_queries_do_not_grow(cast: Casts, browse: Any, feed: str) -> None:
    anyone, rita = browse(cast.alfa.agency), browse(cast.alfa.agency, cast.alfa.rita.user)
    few = (len(queries_of(anyone, feed)), len(queries_of(rita, FILE)))
    with context.in_agency(cast.alfa.agency):
        Invoice.objects.bulk_create(
            Invoice(
                kind="rent", prefix="Z", number=n, lease=cast.alfa.lease, client=cast.alfa.rita, period=date(2026, 1, 1), issued_on=date(2026, 1, 1),
                due_on=date(2026, 2, 1), concept="x", base=1000, total=1000,
            )
            for n in range(250)
        )  # fmt: skip
    assert (len(queries_of(anyone, feed)), len(queries_of(rita, FILE))) == few == (2, few[1])
    assert few[1] <= 6
    assert len(events(anyone.get(feed).content)) == 200
