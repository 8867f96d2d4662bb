"""PayU's POST: kept as it came, answered at once, believed later (settlement). Nothing here decides anything. What is said to an
agency that is deleted is kept in public, without what it tells of a person (tenants/gone.py)."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_ipv46_address
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from payments import accounts
from payments.gateway import Notice, NoticeRefused
from payments.payu import notice
from saas.accounts import doors
from saas.jobs.defer import JOBS_ASKED, nudge_after_commit
from saas.lib import clock
from saas.lib.here import current_schema
from tenants import gone
from tenants.hosts import agency_with_key, deleted_with_key

MAX_BYTES = 64 * 1024


@doors.gateway
@csrf_exempt
@require_POST
def payu_callback(request: HttpRequest, key: str) -> HttpResponse:
    """Store what PayU says to the agency with `key` and answer 200 with an empty body.

    413 or 400 for what cannot be a callback, 404 for a key that never was anybody's; then nothing is written. If the database
    is away the error goes up as a 500 and PayU tries again.
    """
    agency = agency_with_key(key)
    owner = agency or deleted_with_key(key)
    if owner is None:
        return HttpResponse(status=404)
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return HttpResponse(status=400)
    if length > MAX_BYTES:
        return HttpResponse(status=413)
    content_type = request.META.get("CONTENT_TYPE", "")[:100]
    try:
        body = request.read(MAX_BYTES + 1)
        said = accounts.gateway().read_callback(body, content_type)
    except NoticeRefused as error:
        return HttpResponse(status=error.status)
    if agency is None:
        gone.keep(owner, notice.without_person(body, content_type), reference=said.reference, now=clock.now())
        return HttpResponse(status=200)
    store(body.decode("latin-1"), said, content_type=content_type, address=_address(request), schema=agency.schema_name)
    return HttpResponse(status=200)


# The row, its job and the bell, in one statement and so in one transaction: of all that a callback costs, most is going to and fro.
_STORE = """
    WITH said AS (
        INSERT INTO {schema}.payments_callback
            (source, digest, body, content_type, reference, remote_address, received_at, times, state, reason)
        VALUES ('post', %(digest)s, %(body)s, %(content_type)s, %(reference)s, %(address)s, %(now)s, 1, 'new', '')
        ON CONFLICT (digest) DO UPDATE SET times = payments_callback.times + 1
        RETURNING id, times
    ), asked AS (
        SELECT 'payments.settle' AS kind, id::text AS key, jsonb_build_object('callback_id', id) AS payload FROM said WHERE times = 1
    ), """ + JOBS_ASKED + """
    SELECT said.id, job.id FROM said LEFT JOIN job ON true
"""  # noqa: S608  (texts of ours: the schema is quoted, the rest are parameters)


def store(body: str, said: Notice, *, content_type: str, address: str | None, schema: str = "") -> int:
    """Put what the gateway says, as it came and as it was read, in an agency's inbox, and ask for it to be settled. Returns
    the inbox row's id.

    The same saying again only counts up. The agency is the one that has `schema`, or the one where we are.
    """
    where = schema or current_schema()
    values = {
        "digest": said.digest, "body": body, "content_type": content_type, "reference": said.reference[:60], "address": address,
        "now": clock.now(), "schema": where,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_STORE.format(schema=connection.ops.quote_name(where)), values)
        row_id, job_id = cursor.fetchone()
    if job_id is not None:
        nudge_after_commit(where, job_id)
    return int(row_id)


def _address(request: HttpRequest) -> str | None:
    address: str = request.META.get("REMOTE_ADDR", "")
    try:
        validate_ipv46_address(address)
    except ValidationError:
        return None
    return address
