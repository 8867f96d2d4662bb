"""Long papers: short ones at once, long ones by a worker while a page follows; made once for the same data, kept for a day,
bound to the client and the agency, and tried again when they fail.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from clientarea import paper_pages, papers
from clientarea.models import Paper
from pqrs.cases import add_message, open_case
from saas.jobs.models import Job
from saas.jobs.run import run_job
from saas.lib import clock, progress
from saas.lib.pdf import PdfError
from tenants import context
from tests.portal.pages import assert_closed, at, tags, text_of
from tests.world import NOW, Cast, Casts, make_invoice

RANGE = "?account=arrendamientos&since=2026-01-01&until=2026-11-23"
MAKE, PURGE = "clientarea.make_paper", "clientarea.purge_paper"


@pytest.fixture(autouse=True)
def empty_shelves(settings: Any, tmp_path: Path) -> None:
    """No files yet."""
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def rita(cast: Casts, browse: Any) -> Any:
    """Rita of alfa, with a long account."""
    with context.in_agency(cast.alfa.agency):
        lengthen(cast.alfa)
    return browse(cast.alfa.agency, cast.alfa.rita.user)


def lengthen(cast: Cast, *, first: int = 100) -> None:
    """More lines than a page waits for. Call it inside the agency."""
    for n in range(papers.AT_ONCE + 1):
        make_invoice(cast.lease, first + n, period=date(2026, 3, 1) + timedelta(days=n), total=1000)


def run(kind: str, *, now: Any = None) -> None:
    """Run the jobs of a kind that wait. Call it inside the agency."""
    for job in Job.objects.filter(kind=kind, done_at=None).order_by("pk"):
        assert run_job(job.pk, now=now or clock.now())


def words_of(data: bytes) -> str:
    """The text of a PDF."""
    return " ".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(data))


def content(answer: Any) -> bytes:
    """The bytes of an answer that streams."""
    return b"".join(answer.streaming_content)


def test_a_short_paper_comes_at_once(cast: Casts, browse: Any) -> None:
    answer = browse(cast.alfa.agency, cast.alfa.rita.user).get(at("statement_pdf") + RANGE)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    with context.in_agency(cast.alfa.agency):
        assert not Paper.objects.exists()
        assert not Job.objects.exists()


def test_a_long_paper_is_made_by_a_worker_and_followed(cast: Casts, rita: Any) -> None:
    answer = rita.get(at("statement_pdf") + RANGE)
    with context.in_agency(cast.alfa.agency):
        (paper,) = Paper.objects.all()
        assert (paper.client, paper.kind, paper.state, paper.path) == (cast.alfa.rita, "payments.statement_pdf", "waiting", "")
        assert paper.asked == {"account": "arrendamientos", "since": "2026-01-01", "until": "2026-11-23"}
        assert {(j.kind, str(j.payload)) for j in Job.objects.all()} == {
            (MAKE, f"{{'paper_id': {paper.pk}}}"), (PURGE, f"{{'paper_id': {paper.pk}}}"),
        }  # fmt: skip
    page = at("paper", paper.pk)
    assert (answer.status_code, answer["Location"]) == (302, page)
    whole = rita.get(page).content.decode()
    assert "Estamos preparando su documento" in whole
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in whole
    assert f'hx-get="{page}" hx-trigger="every 1s"' in whole
    part = rita.get(page, headers={"HX-Request": "true"}).content.decode()
    assert part.strip().startswith("<section") and "<html" not in part  # noqa: PT018
    assert rita.get(at("paper_file", paper.pk)).status_code == 404
    with context.in_agency(cast.alfa.agency):
        run(MAKE)
        paper.refresh_from_db()
        assert (paper.state, paper.size) == ("made", default_storage.size(paper.path))
    whole = rita.get(page).content.decode()
    assert "Su documento está listo" in whole
    assert "hx-trigger" not in whole[whole.index("paper-state") :].split("</section>")[0]
    assert "http-equiv" not in whole
    file = rita.get(at("paper_file", paper.pk))
    assert file["Content-Disposition"] == 'attachment; filename="estado-de-cuenta-arrendamientos-2026-01-01-2026-11-23.pdf"'
    assert (file["Content-Type"], file["Cache-Control"]) == ("application/pdf", "private, no-store")
    words = words_of(content(file))
    assert "FA-100" in words
    assert f"FA-{100 + papers.AT_ONCE}" in words


def test_asked_again_it_is_the_same_until_the_data_change(cast: Casts, rita: Any) -> None:
    first = rita.get(at("statement_pdf") + RANGE)["Location"]
    assert rita.get(at("statement_pdf") + RANGE)["Location"] == first
    with context.in_agency(cast.alfa.agency):
        assert Job.objects.filter(kind=MAKE).count() == 1
        run(MAKE)
    # Made, it comes at once.
    answer = rita.get(at("statement_pdf") + RANGE)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    with context.in_agency(cast.alfa.agency):
        assert Paper.objects.count() == 1
        make_invoice(cast.alfa.lease, 99, total=7)
    assert rita.get(at("statement_pdf") + RANGE)["Location"] != first
    assert rita.get(at("statement_pdf") + RANGE.replace("01-01", "01-02"))["Location"] != first
    with context.in_agency(cast.alfa.agency):
        assert Paper.objects.count() == 3


def test_making_it_twice_keeps_one_file(cast: Casts, rita: Any) -> None:
    rita.get(at("statement_pdf") + RANGE)
    with context.in_agency(cast.alfa.agency):
        paper = Paper.objects.get()
        for _again in range(2):
            papers.make(paper.pk, agency=cast.alfa.agency)
        assert len(default_storage.listdir("papers")[1]) == 1


def test_what_fails_says_so_and_is_tried_again(cast: Casts, rita: Any, monkeypatch: Any) -> None:
    page = rita.get(at("statement_pdf") + RANGE)["Location"]

    def broken(*_args: Any, **_more: Any) -> bytes:
        raise PdfError("Rita's data")

    with context.in_agency(cast.alfa.agency), monkeypatch.context() as patch:
        patch.setattr("payments.statements.papers.render", broken)
        run(MAKE)
        paper = Paper.objects.get()
        assert (paper.state, paper.path) == ("failed", "")
    assert "No pudimos preparar el documento" in text_of(rita.get(page))
    assert "http-equiv" not in rita.get(page).content.decode()
    assert rita.get(at("statement_pdf") + RANGE)["Location"] == page
    answer = rita.post(page)
    assert (answer.status_code, answer["Location"]) == (302, page)
    rita.post(page)  # pressed twice
    with context.in_agency(cast.alfa.agency):
        assert Job.objects.filter(kind=MAKE, done_at=None).count() == 1
        run(MAKE)
        paper.refresh_from_db()
        assert (paper.state, paper.tries) == ("made", 2)
    assert rita.get(at("paper_file", paper.pk)).status_code == 200


def test_after_a_day_it_is_gone(cast: Casts, rita: Any) -> None:
    page = rita.get(at("statement_pdf") + RANGE)["Location"]
    with context.in_agency(cast.alfa.agency):
        run(MAKE)
        job = Job.objects.get(kind=PURGE)
        paper = Paper.objects.get()
        assert job.due_at - paper.asked_at == timedelta(hours=24)
        assert run_job(job.pk, now=job.due_at - timedelta(seconds=1)) is False
        assert run_job(job.pk, now=job.due_at) is True
        papers.purge(paper.pk)
        assert not Paper.objects.exists()
        assert default_storage.listdir("papers")[1] == []
    assert rita.get(page).status_code == 404
    assert rita.get(at("statement_pdf") + RANGE)["Location"] != page


def test_a_file_that_was_lost_is_not_offered(cast: Casts, rita: Any) -> None:
    rita.get(at("statement_pdf") + RANGE)
    with context.in_agency(cast.alfa.agency):
        run(MAKE)
        paper = Paper.objects.get()
        default_storage.delete(paper.path)
    assert rita.get(at("paper_file", paper.pk)).status_code == 404
    # Asked for again it is made anew.
    answer = rita.get(at("statement_pdf") + RANGE)
    assert answer.status_code == 302
    with context.in_agency(cast.alfa.agency):
        run(MAKE)
        assert Paper.objects.get().state == "made"
    assert rita.get(at("statement_pdf") + RANGE).status_code == 200


def test_a_long_workbook_and_a_short_one(cast: Casts, rita: Any, monkeypatch: Any) -> None:
    assert rita.get(at("statement_xlsx") + RANGE)["Content-Type"] == papers.XLSX
    monkeypatch.setattr(papers, "AT_ONCE", 0)
    page = rita.get(at("statement_xlsx") + RANGE)["Location"]
    with context.in_agency(cast.alfa.agency):
        run(MAKE)
    assert "Su documento está listo" in text_of(rita.get(page))
    file = rita.get(page + "archivo/")
    assert (file["Content-Type"], content(file)[:2]) == (papers.XLSX, b"PK")


def test_who_leaves_the_page_finds_the_paper_among_the_documents(cast: Casts, browse: Any, rita: Any) -> None:
    shelf = at("client_files")
    assert "Sus descargas" not in text_of(rita.get(shelf))
    page = rita.get(at("statement_pdf") + RANGE)["Location"]
    waits = rita.get(page).content.decode()
    assert f'<a class="back-link" href="{at("statement")}?account=arrendamientos&amp;since=2026-01-01&amp;until=2026-11-23">' in waits
    with context.in_agency(cast.alfa.agency):
        paper = Paper.objects.get()
    assert tags(rita.get(shelf), "paper-kept") == [
        f'<a class="list-group-item list-group-item-action desk-row" href="{page}" data-testid="paper-kept">'
    ]
    assert "estado-de-cuenta-arrendamientos-2026-01-01-2026-11-23.pdf" in text_of(rita.get(shelf))
    assert "En preparación" in text_of(rita.get(shelf))
    with context.in_agency(cast.alfa.agency):
        run(MAKE)
    (link,) = tags(rita.get(shelf), "paper-kept")
    assert f'href="{at("paper_file", paper.pk)}"' in link
    assert "Listo" in text_of(rita.get(shelf))
    # Nobody else's, and not after a day, whether or not its file is gone by then.
    assert tags(browse(cast.alfa.agency, cast.alfa.oscar.user).get(shelf), "paper-kept") == []
    assert tags(browse(cast.beta.agency, cast.beta.rita.user).get(shelf), "paper-kept") == []
    with context.in_agency(cast.alfa.agency):
        Paper.objects.update(asked_at=clock.now() - papers.KEPT)
    assert "Sus descargas" not in text_of(rita.get(shelf))


def test_the_others_go_the_same_way(cast: Casts, browse: Any, rita: Any, monkeypatch: Any) -> None:
    alfa = cast.alfa
    with context.in_agency(alfa.agency):
        case = open_case(client=alfa.rita, kind="claim", subject="other", description="Gotea", unit=None, lease=None, now=NOW)
        for n in range(3):
            add_message(case, text=f"Sigue goteando {n}", attached=[], now=NOW)
    monkeypatch.setattr(papers, "AT_ONCE", 5)
    sara = browse(alfa.agency, alfa.sara)
    asked = [
        (rita, at("my_data_pdf"), "FA-100", f"mis-datos-{clock.today():%Y-%m-%d}.pdf", at("my_data"), True),
        (rita, at("case_pdf", case.number), "Sigue goteando 2", f"pqrs-{case.number}.pdf", at("case", case.number), True),
        (sara, at("desk_case_pdf", case.number), "Sigue goteando 2", f"pqrs-{case.number}.pdf", at("desk_case", case.number), False),
    ]
    for browser, path, said, name, back, in_files in asked:
        page = browser.get(path)["Location"]
        shown = browser.get(page)
        assert "Estamos preparando su documento" in text_of(shown)
        assert f'<a class="back-link" href="{back}">' in shown.content.decode()
        assert tags(shown, "paper-back") == [f'<a class="btn" href="{back}" data-testid="paper-back">']
        # Who leaves is told what happens: a client's is among the documents, the desk's is asked for again.
        assert "No tiene que quedarse aquí" in text_of(shown)
        assert (at("client_files") + "#descargas" in shown.content.decode()) is in_files
        with context.in_agency(alfa.agency):
            run(MAKE)
        assert "Su documento está listo" in text_of(browser.get(page))
        file = browser.get(page + "archivo/")
        assert file["Content-Disposition"] == f'attachment; filename="{name}"'
        assert said in words_of(content(file))
        with context.in_agency(alfa.agency):
            Paper.objects.all().delete()


def test_nobody_else_s(cast: Casts, browse: Any, rita: Any) -> None:
    page = rita.get(at("statement_pdf") + RANGE)["Location"]
    with context.in_agency(cast.alfa.agency):
        run(MAKE)
        paper = Paper.objects.get()
        case = open_case(client=cast.alfa.rita, kind="claim", subject="other", description="x", unit=None, lease=None, now=NOW)
    paths = [page, at("paper_file", paper.pk)]
    for someone in (cast.alfa.oscar, cast.alfa.berta, cast.alfa.nadie):
        assert [browse(cast.alfa.agency, someone.user).get(path).status_code for path in paths] == [404, 404]
        assert browse(cast.alfa.agency, someone.user).post(page).status_code == 404
    assert [browse(cast.beta.agency, cast.beta.rita.user).get(path).status_code for path in paths] == [404, 404]
    for path in paths:
        assert_closed(browse, cast.alfa, path)
    # A paper that is no case's is not the desk's, whichever case it is asked through.
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    for name in ("desk_case_paper", "desk_case_paper_file"):
        assert sara.get(at(name, case.number, paper.pk)).status_code == 404


def test_the_same_id_in_the_other_agency_is_another_paper(cast: Casts, browse: Any, rita: Any) -> None:
    with context.in_agency(cast.beta.agency):
        lengthen(cast.beta, first=500)
    theirs = browse(cast.beta.agency, cast.beta.rita.user)
    page = rita.get(at("statement_pdf") + RANGE)["Location"]
    assert theirs.get(at("statement_pdf") + RANGE)["Location"] == page
    for cast_ in (cast.alfa, cast.beta):
        with context.in_agency(cast_.agency):
            run(MAKE)
    ours, other = (words_of(content(browser.get(page + "archivo/"))) for browser in (rita, theirs))
    assert ("FA-100" in ours, "FA-500" in ours, "Inmobiliaria Alfa" in ours) == (True, False, True)
    assert ("FA-100" in other, "FA-500" in other, "Inmobiliaria Beta" in other) == (False, True, True)


def test_not_for_flooding(cast: Casts, rita: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(paper_pages, "LIMITS", {"paper": "2/h/user"})
    for day in ("01", "02"):
        assert "/descargas/" in rita.get(at("statement_pdf") + RANGE.replace("01-01", f"01-{day}"))["Location"]
    assert rita.get(at("statement_pdf") + RANGE.replace("01-01", "01-03"))["Location"] == at("statement")
    # What was asked for already is still there.
    assert "/descargas/" in rita.get(at("statement_pdf") + RANGE)["Location"]
    with context.in_agency(cast.alfa.agency):
        assert Paper.objects.count() == 2


def test_the_database_refuses_a_paper_made_of_nothing(cast: Casts) -> None:
    with context.in_agency(cast.alfa.agency):
        values: dict[str, Any] = {"client": cast.alfa.rita, "asked_at": NOW, "content_type": papers.PDF}
        values |= dict.fromkeys(("kind", "name", "title"), "x")
        cases: list[dict[str, Any]] = [
            {"state": "made", "made_at": NOW}, {"state": "made", "path": "x"}, {"state": "failed", "path": "x"},
        ]  # fmt: skip
        for n, wrong in enumerate(cases):
            with pytest.raises(IntegrityError, match="paper_made"), transaction.atomic():
                Paper.objects.create(**values, key=str(n), **wrong)


def test_staff_looking_as_the_client_gets_the_client_s(cast: Casts, browse: Any, rita: Any) -> None:
    sara = browse(cast.alfa.agency, cast.alfa.sara)
    sara.post(at("desk_view_as", cast.alfa.rita.pk))
    page = sara.get(at("statement_pdf") + RANGE)["Location"]
    assert "Estamos preparando su documento" in text_of(sara.get(page))
    assert rita.get(at("statement_pdf") + RANGE)["Location"] == page


def test_a_request_is_quick_whatever_the_length(cast: Casts, rita: Any, monkeypatch: Any) -> None:
    """Nothing is drawn while the page waits."""

    def never(*_args: Any, **_more: Any) -> bytes:
        raise AssertionError("drawn in the request")

    monkeypatch.setattr("saas.lib.pdf.render_pdf", never)
    assert rita.get(at("statement_pdf") + RANGE).status_code == 302


# How far it is


def far_of(browser: Any, page: str) -> tuple[str, str]:
    """What the page says of how far a paper is, and the bar."""
    answer = browser.get(page)
    words = text_of(answer)
    said = words[words.index("Estamos preparando su documento") :].removeprefix("Estamos preparando su documento ")
    return said[: said.index(" Es largo")], tags(answer, "paper-progress")[0].partition('data-testid="paper-progress"')[2]


def test_the_page_says_how_far_it_is(cast: Casts, rita: Any) -> None:
    page = rita.get(at("statement_pdf") + RANGE)["Location"]
    assert far_of(rita, page) == ("En fila: todavía no empieza", ">")  # nothing is known: the bar has no value
    with context.in_agency(cast.beta.agency):
        progress.teller("paper:1:1", "keep")(0, 0)  # the other agency's paper of the same id
    assert far_of(rita, page) == ("En fila: todavía no empieza", ">")
    steps: list[tuple[tuple[str, int, int], str, str]] = [
        (("gather", 0, 0), "Paso 1 de 4: reunimos sus datos", '0.00"'),
        (("gather", 7, 21), "Paso 1 de 4: reunimos sus datos (7 de 21 partes)", '0.33"'),
        (("layout", 0, 0), "Paso 2 de 4: componemos las páginas", '1.00"'),
        (("layout", 1, 0), "Paso 2 de 4: componemos las páginas (va 1)", '1.00"'),
        (("layout", 12, 0), "Paso 2 de 4: componemos las páginas (van 12)", '1.00"'),
        (("write", 0, 0), "Paso 3 de 4: escribimos el archivo", '2.00"'),
        (("keep", 0, 0), "Paso 4 de 4: lo guardamos", '3.00"'),
    ]  # fmt: skip
    for (stage, done, total), said, value in steps:
        with context.in_agency(cast.alfa.agency):
            progress.teller("paper:1:1", stage)(done, total)
        assert far_of(rita, page) == (said, f' max="4" value="{value}>')
    assert '<label for="paper-progress">' in rita.get(page).content.decode()
    with context.in_agency(cast.alfa.agency):
        run(MAKE)
    assert tags(rita.get(page), "paper-progress") == []


@pytest.mark.parametrize(
    ("name", "stages"), [("my_data_pdf", ["gather", "layout", "write", "keep"]), ("my_data_json", ["gather", "write", "keep"])]
)
def test_a_worker_says_what_it_is_at(cast: Casts, rita: Any, monkeypatch: Any, name: str, stages: list[str]) -> None:
    rita.get(at(name))
    heard: list[tuple[str, int, int]] = []
    monkeypatch.setattr(papers, "_tell", lambda _paper, *said: heard.append(said))
    with context.in_agency(cast.alfa.agency):
        run(MAKE)
        paper = Paper.objects.get()
        data = default_storage.open(paper.path).read()
    order = [stage for n, (stage, _done, _total) in enumerate(heard) if n == 0 or heard[n - 1][0] != stage]
    assert [stage for n, stage in enumerate(order) if stage not in order[:n]] == stages
    parts = [(done, total) for stage, done, total in heard if stage == "gather" and total]
    assert parts == [(n, len(parts)) for n in range(len(parts))]
    assert len(parts) > 15
    if "layout" in stages:
        assert max(done for stage, done, _total in heard if stage == "layout") == len(pypdfium2.PdfDocument(data))
