"""Finding clients, units and leases by what people know them by: a name without its accents, a document, a code, an address.

Reads only. What is typed is looked for as it stands: `%` and `_` mean themselves.
"""

from __future__ import annotations

import re

from django.db.models import Func, Q, QuerySet, Value
from django.db.models.functions import Lower
from django.http import QueryDict

from clientarea.accounts import ACCOUNT_STATES, ARCHIVED
from clientarea.models import Client, Lease, Unit
from saas.lib.text import fold

_ACCENTS = Value("áéíóúüñ"), Value("aeiouun")


def search(clients: QuerySet[Client], words: str) -> QuerySet[Client]:
    """Those whose name holds every word, without accents, or whose document, e-mail or telephone begins with what was typed."""
    found = Q()
    for word in fold(words).split():
        found &= Q(folded__contains=word)
    document = re.sub(r"[\s.,-]", "", words).upper()
    if not document:
        return clients.filter(found)
    found |= Q(document__startswith=document)
    if "@" in words:
        found |= Q(email__startswith=words.strip().lower())
    digits = re.sub(r"[\s().+-]", "", words).removeprefix("57")
    if digits.isascii() and digits.isdigit() and len(digits) >= 6:
        found |= Q(mobile__startswith=f"+57{digits}") | Q(landline__startswith=f"+57{digits}")
    return clients.filter(found)


def chosen(query: QueryDict) -> QuerySet[Client]:
    """The clients that a list's query (`q`, `estado`) asks for. Those that are archived only when asked for."""
    typed, wanted = query.get("q", "").strip()[:100], query.get("estado", "")
    clients = Client.objects.select_related("user").order_by("folded", "pk")
    if typed:
        clients = search(clients, typed)
    if wanted == ARCHIVED:
        return clients.exclude(archived_at=None)
    clients = clients.filter(archived_at=None)
    return clients.filter(ACCOUNT_STATES[wanted][1]) if wanted in ACCOUNT_STATES else clients


def search_units(units: QuerySet[Unit], words: str) -> QuerySet[Unit]:
    """Those whose code begins with what was typed, or in whose address, neighbourhood or city each word begins one."""
    named = Q()
    for word in fold(words).split():
        named &= Q(plain__contains=f" {word}")
    place = Func(Value(" "), Lower("address"), Value(" "), Lower("neighbourhood"), Value(" "), Lower("city"), function="concat")
    return units.annotate(plain=Func(place, *_ACCENTS, function="translate")).filter(
        Q(code__startswith=words.strip().upper()) | named
    )


def search_leases(leases: QuerySet[Lease], words: str) -> QuerySet[Lease]:
    """Those whose number begins with what was typed."""
    return leases.filter(number__startswith=words.strip().upper())
