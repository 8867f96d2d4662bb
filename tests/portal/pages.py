"""What the tests of the client area's pages share: addresses, texts without markup, and the ways of being refused."""

from __future__ import annotations

import html
import re
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from payments import checkout
from payments.models import Attempt, Invoice
from saas.lib import clock
from tests.world import Cast, payer_of

NBSP = "\u00a0"
PAYER = {
    "name": "Rita Arrendataria", "email": "rita@correo.example", "phone": "300 123 4567", "document_type": "CC", "document": "1.001",
}  # fmt: skip


def at(name: str, *args: object) -> str:
    """The address of a page on an agency's host."""
    return reverse(name, args=args, urlconf=settings.AGENCY_URLCONF)


def text_of(response: HttpResponse) -> str:
    """What a person reads on a page, on one line, with ordinary spaces."""
    body = response.content.decode()
    body = body[body.index("<main") : body.index("</main>")] if "<main" in body else body
    plain = html.unescape(re.sub(r"<[^>]+>", " ", body)).replace(NBSP, " ")
    return " ".join(plain.split())


def tags(response: HttpResponse, test_id: str) -> list[str]:
    """The opening tags that carry a data-testid."""
    return re.findall(rf'<[a-z]+[^>]*data-testid="{test_id}"[^>]*>', response.content.decode())


def begin(cast: Cast, invoice: Invoice) -> Attempt:
    """A payment of `invoice` by its client that began now. Call it inside the agency."""
    return checkout.start_payment(
        client=invoice.client, lines=[(invoice, invoice.balance)], payer=payer_of(invoice.client), now=clock.now()
    )


def assert_closed(browse: Any, cast: Cast, path: str) -> None:
    """Anonymous people are sent to log in; staff finds nothing."""
    answer = browse(cast.agency).get(path)
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, at("account_login"))
    assert browse(cast.agency, cast.sara).get(path).status_code == 404


def queries_of(browser: Browser, path: str) -> list[str]:
    """What a page asks of the database, less the look-up of the host, which a cache mostly answers."""
    browser.get(path)
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(path).status_code == 200
    return [query["sql"] for query in asked if "tenants_" not in query["sql"] and "search_path" not in query["sql"]]
