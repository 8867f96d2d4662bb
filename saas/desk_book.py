"""The desk's pages of the book: bring a workbook, look at what it would do, confirm it, follow it, undo it; take the book away.

The dueño brings, confirms and undoes; cartera looks and takes the book away; consulta looks. The work is done by jobs
(workers/book.py): a page may be closed and nothing stops.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from clientarea.importing.report import Fate, ProblemKind
from clientarea.importing.workbook import BookError
from clientarea.models import WORKING, BookFile, BookFileKind, BookImport, BookLine, ImportState
from saas.accounts.doors import staff_of, who
from saas.accounts.models import StaffRole
from saas.book import files as book_files
from saas.book import imports as book_imports
from saas.book import undo as book_undo
from saas.book.loading import SHEETS
from saas.lib import clock, progress
from saas.lib.downloads import stored_download
from saas.lib.paging import page_of

PAGE = 25
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LOOKING = staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
ACTING = staff_of(StaffRole.HEAD)
SHOWN = {
    Fate.CREATED: gettext_lazy("Nuevas"), Fate.UPDATED: gettext_lazy("Cambian"), Fate.REJECTED: gettext_lazy("Rechazadas"),
    ProblemKind.NOTICE: gettext_lazy("Con avisos"),
}  # fmt: skip
PAGES = {"client": "desk_client", "unit": "desk_unit", "lease": "desk_lease", "payment": "desk_payment"}


@LOOKING
@require_GET
def desk_book(request: HttpRequest) -> HttpResponse:
    """*Libro*: bring one, take one away, and the imports so far."""
    return _home(request)


@ACTING
@require_POST
def desk_book_bring(request: HttpRequest) -> HttpResponse:
    """Bring a workbook."""
    file = request.FILES.get("file")
    if file is None:
        return _home(request, error=_("Elija un archivo."))
    try:
        book = book_imports.bring(file, by=who(request), now=clock.now())
    except (BookError, book_imports.ImportBusyError) as error:
        return _home(request, error=str(error))
    return redirect("desk_book_import", pk=book.pk)


@LOOKING
@require_GET
def desk_book_import(request: HttpRequest, pk: int) -> HttpResponse:
    """One import: how far it is, what it would do or did, sheet by sheet."""
    book = get_object_or_404(BookImport, pk=pk)
    sheet = request.GET.get("hoja", "")
    shown = request.GET.get("ver", "")
    lines = BookLine.objects.filter(book=book).order_by("pk")
    if sheet in book.counts:
        lines = lines.filter(sheet=sheet)
    if shown == ProblemKind.NOTICE:
        lines = lines.exclude(fate=Fate.REJECTED).exclude(problems=[])
    elif shown in SHOWN:
        lines = lines.filter(fate=shown)
    totals = [sum(counts[n] for counts in book.counts.values()) for n in range(6)] if book.counts else []
    context = {
        "book": book,
        "working": book.state in WORKING,
        "progress": _far(f"book:{book.pk}"),
        "sheets": [_summary(spec.name, book.counts[spec.name]) for spec in SHEETS if spec.name in book.counts],
        "totals": totals,
        "mostly_rejected": bool(totals) and totals[4] * 2 > totals[0],
        "tally_words": (_("Creadas"), _("Cambiadas")) if book.applied_at else (_("Nuevas"), _("Cambian")),
        "hoja": sheet,
        "ver": shown,
        "shown": list(SHOWN.items()),
        "page_obj": page_of(request, lines, size=PAGE),
        "may_undo": _is_last(book),
        "holding": [(_address(kind, at), reason) for kind, at, reason in book.holding],
        "errors": _newest(BookFileKind.ERRORS, book),
        "can_act": who(request).staff_role == StaffRole.HEAD,
        "can_take": who(request).staff_role != StaffRole.VIEWER,
    }
    fragment = bool(request.headers.get("HX-Request"))
    response = render(request, "desk/book_progress.html" if fragment and context["working"] else "desk/book_import.html", context)
    if fragment and not context["working"]:
        response["HX-Refresh"] = "true"
    response["Cache-Control"] = "private, no-store"
    return response


@ACTING
@require_POST
def desk_book_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Import what the preview says."""
    return _move(request, pk, lambda: book_imports.confirm(pk, digest=request.POST.get("digest", ""), by=who(request), now=clock.now()))


@ACTING
@require_POST
def desk_book_discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Put an import aside."""
    return _move(request, pk, lambda: book_imports.discard(pk, by=who(request), now=clock.now()))


@ACTING
@require_POST
def desk_book_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo the last import."""
    return _move(request, pk, lambda: book_undo.ask(pk, by=who(request), now=clock.now()))


@LOOKING
@require_POST
def desk_book_errors(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the same workbook with what becomes of each row."""
    book = get_object_or_404(BookImport.objects.exclude(path=""), pk=pk)
    if not book.counts:
        raise Http404
    book_files.ask(BookFileKind.ERRORS, book=book, by=who(request), now=clock.now())
    return redirect("desk_book_import", pk=pk)


@LOOKING
@require_POST
def desk_book_export(request: HttpRequest) -> HttpResponse:
    """Ask for the whole book."""
    book_files.ask(BookFileKind.EXPORT, book=None, by=who(request), now=clock.now())
    return redirect("desk_book")


@LOOKING
@require_GET
def desk_book_file(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a workbook to take away is. Asked again by htmx until it is there."""
    file = get_object_or_404(BookFile, pk=pk)
    response = render(request, "desk/book_file.html", {"file": file, "progress": _far(f"file:{file.pk}")})
    response["Cache-Control"] = "private, no-store"
    return response


@LOOKING
@require_GET
def desk_book_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Take a workbook away."""
    file = get_object_or_404(BookFile.objects.exclude(ready_at=None), pk=pk)
    if who(request).staff_role == StaffRole.VIEWER:  # so are those on a support visit: they look, and take nothing along
        raise PermissionDenied(_("Su cargo en la oficina no permite esto. Pídaselo a un dueño."))
    name = f"libro-{clock.local(file.asked_at):%Y-%m-%d}.xlsx" if file.book is None else f"errores-{file.book.name}"
    try:
        opened = default_storage.open(file.path, "rb")
    except FileNotFoundError:
        raise Http404 from None
    return stored_download(opened, name, XLSX)


@LOOKING
@require_GET
def desk_book_template(request: HttpRequest) -> HttpResponse:
    """An empty book with explanations."""
    headers = {"Content-Disposition": content_disposition_header(True, "plantilla-libro.xlsx") or "attachment"}
    return HttpResponse(book_files.template(), content_type=XLSX, headers=headers)


def _home(request: HttpRequest, *, error: str = "") -> HttpResponse:
    file = _newest(BookFileKind.EXPORT, None)
    context = {
        "error": error,
        "page_obj": page_of(request, BookImport.objects.all(), size=PAGE),
        "open": BookImport.objects.filter(busy=True).first(),
        "file": file,
        "progress": _far(f"file:{file.pk}") if file else None,
        "can_act": who(request).staff_role == StaffRole.HEAD,
        "can_take": who(request).staff_role != StaffRole.VIEWER,
        "names": ", ".join(spec.name for spec in SHEETS),
    }
    return render(request, "desk/book.html", context, status=422 if error else 200)


def _move(request: HttpRequest, pk: int, act: Any) -> HttpResponse:
    get_object_or_404(BookImport, pk=pk)
    try:
        act()
    except book_imports.MovedOnError as error:
        messages.error(request, str(error))
    return redirect("desk_book_import", pk=pk)


def _is_last(book: BookImport) -> bool:
    last = book_undo.last_applied() if book.state == ImportState.APPLIED else None
    return last is not None and last.pk == book.pk


def _newest(kind: BookFileKind, book: BookImport | None) -> BookFile | None:
    return BookFile.objects.filter(kind=kind, book=book).order_by("-pk").first()


def _far(name: str) -> dict[str, Any]:
    phase, done, total = progress.far(name)
    return {"phase": phase, "done": done, "total": total}


def _summary(name: str, counts: list[int]) -> dict[str, Any]:
    keys = ("rows", "created", "updated", "unchanged", "rejected", "notices")
    return {"name": name, **dict(zip(keys, counts, strict=True))}


def _address(kind: str, pk: int) -> str:
    return reverse(PAGES[kind], args=[pk]) if kind in PAGES and pk else ""


urlpatterns = [
    path("libro/", desk_book, name="desk_book"),
    path("libro/cargar/", desk_book_bring, name="desk_book_bring"),
    path("libro/exportar/", desk_book_export, name="desk_book_export"),
    path("libro/plantilla.xlsx", desk_book_template, name="desk_book_template"),
    path("libro/archivos/<int:pk>/", desk_book_file, name="desk_book_file"),
    path("libro/archivos/<int:pk>/descargar/", desk_book_download, name="desk_book_download"),
    path("libro/<int:pk>/", desk_book_import, name="desk_book_import"),
    path("libro/<int:pk>/confirmar/", desk_book_confirm, name="desk_book_confirm"),
    path("libro/<int:pk>/descartar/", desk_book_discard, name="desk_book_discard"),
    path("libro/<int:pk>/deshacer/", desk_book_undo, name="desk_book_undo"),
    path("libro/<int:pk>/errores/", desk_book_errors, name="desk_book_errors"),
]
