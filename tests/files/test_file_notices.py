"""*Documentos* in the list of notices: what the agency shares, asks for and rejects, by the channels that the client chose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clientarea import files, notices
from clientarea.models import Notice, NoticeKind
from clientarea.notice_words import words_of
from clientarea.notices import Wish
from tenants import context
from tests.files.test_files import PAPER, ask, run_mails, share
from tests.portal.pages import at
from tests.world import NOW, Cast, Casts


@pytest.fixture(autouse=True)
def empty_shelves(settings: Any, tmp_path: Path) -> None:
    """No files yet."""
    settings.MEDIA_ROOT = tmp_path


def told(cast: Cast) -> list[tuple[str, str, str]]:
    """What Rita's list says, the oldest first. Call it inside the agency."""
    rows = Notice.objects.filter(client=cast.rita, listed=True).order_by("pk")
    return [(words_of(row).title, words_of(row).text, row.link) for row in rows]


def test_what_is_shared_asked_for_or_rejected_is_in_the_list_and_what_the_client_does_is_not(cast: Casts) -> None:
    alfa, title, here = cast.alfa, "Póliza de arrendamiento", at("client_files")
    with context.in_agency(alfa.agency):
        share(alfa)
        asked = ask(alfa)
        files.hand_in(asked, [PAPER], now=NOW)
        files.reject(asked, reason="Está ilegible.", by=alfa.sara, now=NOW)
        files.hand_in(asked, [PAPER], now=NOW)
        files.accept(asked, by=alfa.sara, now=NOW)
        assert told(alfa) == [
            ("La inmobiliaria compartió un documento con usted", "Contrato firmado", here),
            ("La inmobiliaria le pide un documento", title, here), ("Debe entregar de nuevo un documento", title, here),
        ]  # fmt: skip
    with context.in_agency(cast.beta.agency):
        assert told(cast.beta) == []


@pytest.mark.parametrize(("wish", "listed", "mails"), [(Wish(True, False), 1, 0), (Wish(False, True), 0, 1), (Wish(False, False), 0, 0)])
def test_each_channel_of_a_shared_file_is_the_client_s_choice(cast: Casts, wish: Wish, listed: int, mails: int) -> None:
    with context.in_agency(cast.alfa.agency):
        notices.choose(cast.alfa.rita, {NoticeKind.DOCUMENT: wish}, by=cast.alfa.rita.user, now=NOW)
        share(cast.alfa)
        assert (len(told(cast.alfa)), len(run_mails())) == (listed, mails)
