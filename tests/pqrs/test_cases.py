"""Cases: radicados without gaps, due dates by law, bounds, and what a client's message does."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction

from clientarea.models import Client
from pqrs import cases, handling
from pqrs.models import Case, CaseCounter, CaseEvent, CaseState, Message
from saas.jobs.models import Job
from tenants import context
from tenants.models import Agency, Bell
from tests.world import NOW, Cast, Casts

BOGOTA = ZoneInfo("America/Bogota")


def open_one(cast: Cast, *, now: datetime = NOW, **fields: Any) -> Case:
    """Rita files a claim about repairs."""
    return cases.open_case(**{"client": cast.rita, "kind": "claim", "subject": "repairs", "description": "Hay una gotera.", "now": now, **fields})


def test_an_opened_case(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        case = open_one(cast.alfa, lease=cast.alfa.lease, description="  Hay una gotera.\r\nOtra línea.\0 ")
        case.refresh_from_db()
        assert (case.number, case.state, case.due_on, case.opened_at) == ("2026-000001", "pending", date(2026, 12, 15), NOW)
        assert (case.client, case.unit, case.lease) == (cast.alfa.rita, cast.alfa.lease.unit, cast.alfa.lease)
        assert case.description == "Hay una gotera.\nOtra línea."


def test_radicados_follow_each_other_per_agency_and_year_in_bogota(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        last_night = datetime(2026, 12, 31, 23, 30, tzinfo=BOGOTA)
        numbers = [open_one(cast.alfa).number, open_one(cast.alfa, client=cast.alfa.berta).number, open_one(cast.alfa, now=last_night).number]
        numbers.append(open_one(cast.alfa, now=last_night + timedelta(hours=1)).number)
        assert numbers == ["2026-000001", "2026-000002", "2026-000003", "2027-000001"]
    with context.in_agency(cast.beta.agency):
        assert open_one(cast.beta).number == "2026-000001"


def test_a_failure_leaves_no_gap(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        open_one(cast.alfa)
        with transaction.atomic():
            assert open_one(cast.alfa).number == "2026-000002"
            transaction.set_rollback(True)
        with pytest.raises(ValueError, match="nada"):
            open_one(cast.alfa, kind="nada")
        assert open_one(cast.alfa).number == "2026-000002"
        assert CaseCounter.objects.get(year=2026).value == Case.objects.count() == 2


@pytest.mark.parametrize("text", ["", " \r\n\0 ", "x" * 5001])
def test_texts_are_bounded(cast: Casts, text: str) -> None:
    with context.in_agency(cast.alfa.agency):
        case = open_one(cast.alfa)
        with pytest.raises(cases.CaseError):
            open_one(cast.alfa, description=text)
        with pytest.raises(cases.CaseError):
            cases.add_message(case, text=text, now=NOW)
        assert (Case.objects.count(), Message.objects.count()) == (1, 0)


def test_cases_a_day_are_bounded(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        for _ in range(cases.CASES_A_DAY):
            open_one(cast.alfa)
        with pytest.raises(cases.CaseError, match="10 PQRS"):
            open_one(cast.alfa, now=NOW + timedelta(hours=23))
        open_one(cast.alfa, client=cast.alfa.berta)
        assert open_one(cast.alfa, now=NOW + timedelta(hours=25)).number == "2026-000012"


def test_messages_a_day_are_bounded(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        case = open_one(cast.alfa)
        for _ in range(cases.MESSAGES_A_DAY):
            cases.add_message(case, text="Hola", now=NOW)
        with pytest.raises(cases.CaseError):
            cases.add_message(case, text="Hola", now=NOW)
        assert case.messages.count() == cases.MESSAGES_A_DAY


@pytest.mark.parametrize("state", [CaseState.PENDING, CaseState.IN_PROGRESS, CaseState.REOPENED])
def test_a_message_to_an_open_case_leaves_its_state_and_term(cast: Casts, state: str) -> None:
    with context.in_agency(cast.alfa.agency):
        case = open_one(cast.alfa)
        Case.objects.update(state=state)
        message = cases.add_message(case, text=" Sigue goteando ", now=NOW + timedelta(days=3))
        case.refresh_from_db()
        assert (case.state, case.due_on) == (state, date(2026, 12, 15))
        assert (message.from_staff, message.author, message.text) == (False, "Rita Arrendataria Ñáñez", "Sigue goteando")


def test_a_message_to_an_answered_case_opens_it_again_with_a_new_term(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        case = open_one(cast.alfa)
        handling.answer(case, text="Listo", by=cast.alfa.sara, now=datetime(2026, 12, 4, 9, tzinfo=BOGOTA))
        cases.add_message(case, text="No quedó", now=datetime(2026, 12, 18, 9, tzinfo=BOGOTA))
        case.refresh_from_db()
        assert (case.state, case.due_on) == ("reopened", date(2027, 1, 13))


@pytest.mark.parametrize(("days", "reopened"), [(0, True), (15, True), (16, False)])
@pytest.mark.parametrize("closed", [False, True])
def test_reopening_ends_fifteen_days_after_the_answer(cast: Casts, days: int, reopened: bool, closed: bool) -> None:
    with context.in_agency(cast.alfa.agency):
        case = open_one(cast.alfa)
        handling.answer(case, text="Listo", by=cast.alfa.sara, now=NOW)
        if closed:
            handling.close(case, reason="", by=cast.alfa.sara, now=NOW)
        late = (NOW + timedelta(days=days)).replace(hour=23, minute=59)
        case.refresh_from_db()
        assert cases.may_reopen(case, now=late) is reopened
        if reopened:
            cases.add_message(case, text="No quedó", now=late)
        else:
            with pytest.raises(cases.CaseError, match="ya no se puede reabrir"):
                cases.add_message(case, text="No quedó", now=late)
        case.refresh_from_db()
        assert case.state == ("reopened" if reopened else "closed" if closed else "answered")
        assert case.messages.filter(from_staff=False).count() == int(reopened)


def test_a_closed_case_without_an_answer_takes_no_message(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        case = open_one(cast.alfa)
        Case.objects.update(state=CaseState.CLOSED)
        with pytest.raises(cases.CaseError, match="radique una nueva"):
            cases.add_message(case, text="Hola", now=NOW)
        case.refresh_from_db()
        assert (case.state, case.messages.count()) == ("closed", 0)


def test_radicados_of_one_moment_have_no_gap_and_no_double(committed: None) -> None:
    alfa = Agency.objects.get(slug="alfa")
    gate = threading.Barrier(4)
    year = datetime(2031, 5, 5, 10, tzinfo=BOGOTA)  # whose counter is not there yet

    def file(document: str) -> None:
        try:
            with context.in_agency(alfa):
                client = Client.objects.create(document_type="CC", document=document, name="Alguien")
                gate.wait(10)
                for _ in range(3):
                    cases.open_case(client=client, kind="claim", subject="other", description="x", now=year)
        finally:
            connection.close()

    threads = [threading.Thread(target=file, args=[f"31000{n}"]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with context.in_agency(alfa):
        filed = Case.objects.filter(number__startswith="2031-")
        numbers = sorted(filed.values_list("number", flat=True))
        with connection.cursor() as cursor:  # what happened to a case cannot be deleted, but by who owns the table
            cursor.execute("ALTER TABLE pqrs_caseevent DISABLE TRIGGER USER")
            CaseEvent.objects.filter(case__in=filed).delete()
            cursor.execute("ALTER TABLE pqrs_caseevent ENABLE TRIGGER USER")
        Job.objects.all().delete()
        filed.delete()
        CaseCounter.objects.filter(year=2031).delete()
        Client.objects.filter(document__startswith="31000").delete()
    Bell.objects.all().delete()
    assert numbers == [f"2031-{n:06d}" for n in range(1, 13)]
