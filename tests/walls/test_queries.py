"""No page of the client area, nor one that a client meets beside it, needs more than twelve queries, or more of them where the
agency has ten times the rows. Every statement inside the agency counts: also the session's, the account's and the wall's.

The list is the product's own: an address that is added is asked too, and one that this test cannot open fails it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clientarea.models import Ownership
from tenants import context
from tests.walls import a_life
from tests.walls.test_addresses import ALL, AREA
from tests.world import Casts

MOST = 12
ELSEWHERE = ("/oficina/", "/api/", "/visita/")  # the desk's, the agency's software's, the platform's
# Only a POST does anything there, as every other page's form says; their own tests send it.
ONLY_POSTS = {
    "calendar_end", "calendar_make", "case_rate", "notice_read", "notices_read", "payment_check", "payment_retry", "profile_email_check",
    "security_off", "security_session_end", "security_sessions_end", "set_language", "transfer_proof",
}  # fmt: skip
# Where such people, logged in and with nothing under way, find nothing, and where they are sent on.
NOT_NOW = {"brand_logo", "payment_return", "clearance_pdf"}
SENT_ON = {
    "account_login", "mfa_authenticate", "invoices_pay", "my_data_json", "my_data_pdf", "notice", "shared_invoice", "pay_link_return",
    "payment_state",
}  # fmt: skip


@pytest.fixture(autouse=True)
def empty_shelves(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def addresses(life: a_life.Life) -> list[tuple[str, str]]:
    """Every address that a client may meet, by name."""
    found = []
    for address, one in ALL:
        if address.startswith(ELSEWHERE):
            continue
        name, folder = str(one.name), "/" + address.removeprefix(AREA).partition("/<")[0] + "/"
        values = life.named.get(name) or life.named.get(folder) or []
        assert values or "<" not in address, f"nothing to put into {address}"
        found += [(name, reverse(name, args=args, urlconf=settings.AGENCY_URLCONF)) for args in (values if "<" in address else [()])]
    return found


def counted(browser: Browser, path: str) -> tuple[int, int]:
    """What `path` answers, and how many statements that took; of a page the second time, as its caches are then. Whose host it is
    a cache mostly knows, for seconds (tenants/hosts.py): asking that, in public, is left out; entering the agency is counted."""
    for _time in range(2):
        with CaptureQueriesContext(connection) as asked:
            answer = browser.get(path)
            if answer.streaming:
                answer.getvalue()
        if not answer.get("Content-Type", "").startswith("text/html"):
            break
    said = [query["sql"] for query in asked if "tenants_" not in query["sql"] and "search_path" not in query["sql"]]
    return answer.status_code, len(said) + 1


@pytest.mark.parametrize("who", ["renter", "owner", "both"])
def test_twelve_queries_at_most_and_no_more_with_ten_times_the_rows(cast: Casts, browse: Any, who: str) -> None:
    here = cast.alfa
    with context.in_agency(here.agency):
        if who == "both":
            Ownership.objects.filter(unit=here.lease.unit).update(owner=here.rita)
            here = replace(here, oscar=here.rita)
        life = a_life.start(here, here.rita, here.oscar)
    browser = browse(here.agency, (here.oscar if who == "owner" else here.rita).user)
    few = {path: counted(browser, path) for _name, path in addresses(life)}
    with context.in_agency(here.agency):
        a_life.go_on(life, 9)
    many = {path: counted(browser, path) for _name, path in addresses(life)}
    assert {path: (few[path], many[path]) for path in many if max(few[path][1], many[path][1]) > MOST} == {}
    grown = {path: (few[path], many[path]) for path in many if many[path][1] > few[path][1]}
    # A paper that became a long one is asked of a worker: it is another answer, and within the bound.
    assert {path: found for path, found in grown.items() if (found[0][0], found[1][0]) != (200, 302)} == {}
    opened = {name for name, path in addresses(life) if few[path][0] == 200}
    if who == "both":  # whoever rents and owns opens all there is
        sent_on = {name for name, path in addresses(life) if few[path][0] == 302}
        assert {str(one.name) for address, one in ALL if not address.startswith(ELSEWHERE)} - opened == ONLY_POSTS | NOT_NOW | SENT_ON
        assert sent_on >= SENT_ON
        assert {name for name, path in addresses(life) if few[path][0] == 405} >= ONLY_POSTS - {"security_off"}
