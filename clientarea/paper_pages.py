"""The pages of papers: the file at once where it is short, else a page that follows its making and then offers it.

What client and desk share; who may look is the caller's to say. Works without scripts: the page then asks again by itself.
"""

from __future__ import annotations

from datetime import timedelta

from allauth.core.internal import ratelimit
from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from clientarea import papers
from clientarea.access import client_of, papers_of
from clientarea.file_models import Paper, PaperState
from clientarea.models import Client
from saas.accounts import doors
from saas.lib import clock
from saas.lib.pdf import PdfError
from tenants.hosts import agency_of

LIMITS = {"paper": "60/h/user"}  # long papers that one account may have made
SLOW = timedelta(seconds=45)  # then the page says that it takes longer than it should


def answer(request: HttpRequest, kind: str, asked: papers.Asked, *, back: str) -> HttpResponseBase:
    """The client's paper: the file, or the page that follows its making. `back` is where to go if there is none."""
    return give(request, client_of(request), kind, asked, back=back, page="paper", args=())


def give(
    request: HttpRequest, client: Client, kind: str, asked: papers.Asked, *, back: str, page: str, args: tuple[object, ...]
) -> HttpResponseBase:
    """The paper of a client, for whoever asks; `page` and `args` make the address of the page that follows its making."""
    try:
        draft = papers.draft(kind, client, agency_of(request), asked)
        if draft.lines <= papers.AT_ONCE:
            return download(draft.draw(), draft.name, draft.content_type)
    except papers.CannotMake as error:
        messages.error(request, str(error))
        return redirect(back)
    except PdfError:
        messages.error(request, _("No pudimos preparar el PDF en este momento. Intente de nuevo en unos minutos."))
        return redirect(back)
    paper = papers.known(kind, client, asked, draft)
    if paper is None:
        if not ratelimit.consume(request, app="clientarea", action="paper", config=LIMITS, limit_get=True):
            messages.error(request, _("Pidió muchos documentos. Espere una hora y vuelva a intentarlo."))
            return redirect(back)
        paper = papers.ask(kind, client, asked, draft, now=clock.now())
    if paper.state == PaperState.MADE:
        return hand_out(paper)
    return redirect(reverse(page, args=[*args, paper.pk]))


def answer_later(request: HttpRequest, kind: str, *, name: str, title: str, content_type: str) -> HttpResponseBase:
    """The page that follows the making of a paper of so much of the client's data that nothing of it is read here."""
    paper = papers.ask_unread(kind, client_of(request), name=name, title=title, content_type=content_type, now=clock.now())
    return redirect("paper", pk=paper.pk)


def download(data: bytes, name: str, content_type: str) -> HttpResponse:
    """A file made just now, never cached on the way."""
    return HttpResponse(
        data,
        content_type=content_type,
        headers={"Content-Disposition": content_disposition_header(True, name) or "attachment", "Cache-Control": "private, no-store"},
    )


def hand_out(paper: Paper) -> FileResponse:
    """The file of a paper that was made, or 404."""
    try:
        file = default_storage.open(paper.path, "rb")
    except (FileNotFoundError, IsADirectoryError):
        raise Http404 from None
    headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    return FileResponse(file, as_attachment=True, filename=paper.name, content_type=paper.content_type, headers=headers)


def follow(request: HttpRequest, paper: Paper, *, base: str, back: papers.Page, page_url: str, file_url: str) -> HttpResponse:
    """The page that follows a paper's making; for itself, only the part that changes. A POST tries again what failed."""
    now = clock.now()
    if request.method == "POST":
        papers.try_again(paper, now=now)
        return redirect(page_url)
    context = {
        "paper": paper, "base": base, "at_desk": base == "base_desk.html", "back": back, "page_url": page_url, "file_url": file_url,
        "slow": now - paper.asked_at > SLOW, "kept_until": paper.asked_at + papers.KEPT,
        "far": papers.far(paper) if paper.state == PaperState.WAITING else None,
    }  # fmt: skip
    template = "clientarea/_paper_state.html" if request.headers.get("HX-Request") else "clientarea/paper.html"
    response = render(request, template, context)
    response["Cache-Control"] = "private, no-store"
    return response


@doors.client
@require_http_methods(["GET", "POST"])
def paper(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a paper is."""
    found = get_object_or_404(papers_of(client_of(request)), pk=pk)
    urls = {"page_url": reverse("paper", args=[pk]), "file_url": reverse("paper_file", args=[pk])}
    return follow(request, found, base="base_portal.html", back=papers.asked_on(found), **urls)


@doors.client
@require_GET
def paper_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file of a paper of one's own."""
    return hand_out(get_object_or_404(papers_of(client_of(request)), pk=pk, state=PaperState.MADE))


urlpatterns = [
    path("descargas/<int:pk>/", paper, name="paper"),
    path("descargas/<int:pk>/archivo/", paper_file, name="paper_file"),
]
