"""The documentation page of the API: drawn on the server from the same OpenAPI document that programs read.

In Spanish, readable without scripts and without anything from elsewhere. It shows nobody's data and asks the database for nothing
of its own.
"""

from __future__ import annotations

import json

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from saas.accounts.doors import everyone
from saas.api.models import OutgoingKind
from saas.api.problems import TITLES, body_of
from saas.api.reference import read
from saas.api.schema import ERRORS, document
from saas.api.scopes import Scope

NOTICE = {
    "id": "0b9f6c1e-6f0b-4a86-9c0e-5d0f5a7e2c11", "kind": OutgoingKind.PAYMENT_APPROVED.value, "at": "2026-11-23T15:04:05-05:00",
    "data": {
        "payment": 903, "client": 41, "amount": "2220000.00", "source": "gateway", "receipt": 871, "receipt_number": "RC-871",
        "invoices": [{"invoice": 5812, "amount": "2220000.00"}],
    },
}  # fmt: skip

RECIPE = """\
import hashlib, hmac

def is_ours(body: bytes, header: str, secret: str, now: float) -> bool:
    stamp, *marks = (part.partition("=")[2] for part in header.split(","))
    signed = stamp.encode() + b"." + body
    mine = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    fresh = abs(now - int(stamp)) < 300
    return fresh and any(hmac.compare_digest(mine, mark) for mark in marks)
"""


@everyone
@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """*Documentación de la API*."""
    origin = f"{request.scheme}://{request.get_host()}"
    resources = list(dict.fromkeys(scope.partition(":")[0] for scope in Scope.values))
    groups = sorted(read(document(), origin=origin), key=lambda group: resources.index(group.anchor.removeprefix("grupo-")))
    problem = body_of(422, "Revise los datos marcados en `errors`.", {"due_on": ["No puede vencer antes de hoy."]})
    context = {
        "groups": groups, "origin": origin, "here": f"{origin}{request.path}", "scopes": Scope.choices, "kinds": OutgoingKind.choices,
        "errors": [(code, TITLES[int(code)], text) for code, text in ERRORS.items()], "a_minute": settings.API_REQUESTS_A_MINUTE,
        "problem": json.dumps(problem, indent=2, ensure_ascii=False), "notice": json.dumps(NOTICE, indent=2, ensure_ascii=False), "recipe": RECIPE,
    }  # fmt: skip
    return render(request, "api/docs.html", context)
