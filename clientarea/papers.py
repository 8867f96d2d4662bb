"""Papers of a client's data: a short one is answered at once, a long one is made by a worker while a page shows that it is.

Whoever has a paper says how it is put together (`@puts_together`), for the page and for the worker alike. The same paper of
the same data is made once and kept for a day; it belongs to its client, and lies in the agency's own folder.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from clientarea.file_models import Paper, PaperState
from clientarea.models import Client
from saas.jobs.defer import defer
from saas.lib import clock, progress
from saas.lib.languages import in_spanish
from tenants.models import Agency

log = logging.getLogger(__name__)
AT_ONCE = 60  # lines: a line of a table takes about 5 ms, so a page waits a third of a second at most
KEPT = timedelta(hours=24)
PDF = "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
JSON = "application/json"
_ENDINGS = {PDF: "pdf", XLSX: "xlsx", JSON: "json"}
# What making each takes, in its order: reading the data, laying out the pages, writing the file, keeping it.
_DATA = ("gather", "write", "keep")
STAGES = {PDF: ("gather", "layout", "write", "keep"), XLSX: _DATA, JSON: _DATA}
Asked = Mapping[str, Any]


class CannotMake(ValueError):  # noqa: N818
    """Why there is no such paper, and what to do. For people."""


@dataclass(frozen=True)
class Draft:
    """A paper put together and not drawn yet. `says` is all that decides what it says; `lines` how long it is, in lines of a
    PDF's table. `draw` makes the file, and is what takes time."""

    name: str
    title: str
    says: object
    lines: int
    draw: Callable[[], bytes]
    content_type: str = PDF


@dataclass(frozen=True)
class Page:
    """A page of the client area and what it is called."""

    url: str
    label: str


PutTogether = Callable[[Client, Agency, Asked], Draft]
AskedOn = Callable[[Asked], Page]
_KINDS: dict[str, tuple[PutTogether, AskedOn]] = {}


def puts_together(kind: str, *, asked_on: AskedOn) -> Callable[[PutTogether], PutTogether]:
    """Register the decorated function for papers of `kind`. It gets what was asked for: texts, ids and dates as texts.
    `asked_on` is the client's page where such a paper is asked for, to go back to."""

    def register(function: PutTogether) -> PutTogether:
        if _KINDS.setdefault(kind, (function, asked_on))[0] is not function:
            raise RuntimeError(f"two ways to put {kind} together")
        return function

    return register


def asked_on(paper: Paper) -> Page:
    """Where its client asked for a paper."""
    return _KINDS[paper.kind][1](paper.asked)


def draft(kind: str, client: Client, agency: Agency, asked: Asked) -> Draft:
    """The paper of that kind, put together now, in Spanish like all papers. Raises CannotMake and Http404."""
    with in_spanish():
        made = _KINDS[kind][0](client, agency, asked)
    return replace(made, draw=in_spanish()(made.draw))


def known(kind: str, client: Client, asked: Asked, made: Draft) -> Paper | None:
    """The paper that says the same and is there, or on its way. One whose file was lost is forgotten."""
    paper = Paper.objects.filter(client=client, key=_key(kind, asked, made)).first()
    if paper is not None and paper.state == PaperState.MADE and not default_storage.exists(paper.path):
        paper.delete()
        return None
    return paper


def ask(kind: str, client: Client, asked: Asked, made: Draft, *, now: datetime) -> Paper:
    """Have a worker make the paper, unless it was asked for already."""
    with transaction.atomic():
        paper, new = Paper.objects.get_or_create(
            client=client, key=_key(kind, asked, made),
            defaults={
                "kind": kind, "asked": dict(asked), "name": made.name, "title": made.title, "asked_at": now,
                "content_type": made.content_type,
            },
        )  # fmt: skip
        if new:
            _order(paper, now=now)
        return paper


def ask_unread(kind: str, client: Client, *, name: str, title: str, content_type: str, now: datetime) -> Paper:
    """Have a worker make a paper of so much that not even what it says is read in a request. While one waits, it is that one;
    afterwards it is made anew, of what is there then."""
    with transaction.atomic():
        Client.objects.select_for_update().get(pk=client.pk)  # one at a time: a second click finds the first one's
        waiting = Paper.objects.filter(client=client, kind=kind, state=PaperState.WAITING).first()
        if waiting is not None:
            return waiting
        key = hashlib.sha256(f"{kind} {secrets.token_hex(16)}".encode()).hexdigest()
        paper = Paper.objects.create(client=client, kind=kind, key=key, name=name, title=title, content_type=content_type, asked_at=now)
        _order(paper, now=now)
        return paper


def _order(paper: Paper, *, now: datetime) -> None:
    defer("clientarea.make_paper", f"{paper.pk}:1", now=now, paper_id=paper.pk)
    defer("clientarea.purge_paper", str(paper.pk), now=now, due_at=now + KEPT, paper_id=paper.pk)


def try_again(paper: Paper, *, now: datetime) -> None:
    """Have a paper that failed made again. One that did not fail is left as it is."""
    with transaction.atomic():
        failed = Paper.objects.select_for_update().filter(pk=paper.pk, state=PaperState.FAILED).first()
        if failed is not None:
            failed.state, failed.tries, failed.asked_at = PaperState.WAITING, failed.tries + 1, now
            failed.save(update_fields=["state", "tries", "asked_at"])
            defer("clientarea.make_paper", f"{failed.pk}:{failed.tries}", now=now, paper_id=failed.pk)


def make(paper_id: int, *, agency: Agency) -> None:
    """Make a paper that waits, and keep its file. Safe to repeat: the first that is done counts. What fails is written down
    for who asked, who may try again."""
    waiting = Paper.objects.filter(pk=paper_id, state=PaperState.WAITING)
    paper = waiting.select_related("client").first()
    if paper is None:
        return
    try:
        with progress.heard_by(partial(_tell, paper)):
            progress.say("gather")
            made = draft(paper.kind, paper.client, agency, paper.asked)
            progress.say(STAGES[paper.content_type][1])
            data = made.draw()
            progress.say("keep")
    except Exception as error:
        # The type only: a message may carry personal data.
        log.error("paper %s (%s) could not be made: %s", paper.pk, paper.kind, type(error).__name__)
        waiting.update(state=PaperState.FAILED)
        return
    path = default_storage.save(f"papers/{secrets.token_hex(16)}.{_ENDINGS[paper.content_type]}", ContentFile(data))
    if not waiting.update(state=PaperState.MADE, made_at=clock.now(), path=path, size=len(data)):
        default_storage.delete(path)  # another was quicker


@dataclass(frozen=True)
class Far:
    """How far a paper's making is: in its `stage`, the `step`th `of` those that there are. Within it, `done` of `total`, or
    so many pages laid out (`total` 0). `step` 0: no worker has begun."""

    stage: str
    step: int
    of: int
    done: int
    total: int

    @property
    def value(self) -> float:
        """How many steps are behind it, and of the one that it is in, the part that is known to be done."""
        return max(self.step - 1, 0) + (min(self.done / self.total, 1) if self.total else 0)


def far(paper: Paper) -> Far:
    """How far the making of a paper that waits is, as its worker last said."""
    stages = STAGES[paper.content_type]
    stage, done, total = progress.far(_work(paper))
    return Far(stage, stages.index(stage) + 1 if stage in stages else 0, len(stages), done, total)


def _tell(paper: Paper, stage: str, done: int, total: int) -> None:
    progress.teller(_work(paper), stage)(done, total)


def _work(paper: Paper) -> str:
    return f"paper:{paper.pk}:{paper.tries}"


def purge(paper_id: int) -> None:
    """Delete a paper and its file. Again, it does nothing."""
    paper = Paper.objects.filter(pk=paper_id).first()
    if paper is not None:
        if paper.path:
            default_storage.delete(paper.path)
        paper.delete()


def _key(kind: str, asked: Asked, made: Draft) -> str:
    says = hashlib.sha256(repr(made.says).encode()).hexdigest()
    whole = json.dumps([kind, dict(sorted(asked.items())), says])
    return hashlib.sha256(whole.encode()).hexdigest()
