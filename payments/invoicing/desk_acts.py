"""The desk's pages that do something with one invoice: write it, void it, credit it, attach its official papers, mail it.

Forms that issue carry a key, so that sending one twice does its work once.
"""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clientarea.finding import search, search_leases
from clientarea.models import Client, Lease
from payments.invoicing import credit_notes, issuing, monthly, official_papers
from payments.invoicing.drafts import parts_of, refusal
from payments.invoicing.forms import NoteForm, PapersForm, VoidForm, WriteForm
from payments.invoicing.policy import FiguresMissing
from payments.models import Invoice, InvoiceKind
from saas.accounts.doors import staff_of, who
from saas.accounts.models import StaffRole
from saas.audit.changes import record
from saas.lib import clock
from saas.lib.money import cop

FOUND = 15


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_GET
def desk_invoice_new(request: HttpRequest) -> HttpResponse:
    """*Nueva factura*: first, for whom."""
    typed = " ".join(request.GET.get("q", "").replace("\0", "").split())[:100]
    context: dict[str, object] = {"q": typed}
    if typed:
        leases = search_leases(Lease.objects.select_related("unit", "renter"), typed).order_by("number")[:FOUND]
        clients = search(Client.objects.filter(archived_at=None), typed).order_by("folded", "pk")[:FOUND]
        context |= {"leases": leases, "clients": clients}
    return render(request, "payments/desk_invoice_new.html", context)


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_invoice_lease(request: HttpRequest, pk: int) -> HttpResponse:
    """*Nueva factura* of a lease, to its renter."""
    lease = monthly.leases_with_all([pk]).get(pk)
    if lease is None:
        raise Http404
    return _write(request, lease.renter, lease)


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_invoice_client(request: HttpRequest, pk: int) -> HttpResponse:
    """*Nueva factura* to a client, without a lease."""
    return _write(request, get_object_or_404(Client, pk=pk), None)


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_invoice_void(request: HttpRequest, pk: int) -> HttpResponse:
    """*Anular*: why, and doing it."""
    invoice = get_object_or_404(Invoice.objects.select_related("client"), pk=pk)
    form = VoidForm(request.POST if request.method == "POST" else None)
    now = clock.now()
    if request.method == "POST" and form.is_valid():
        try:
            issuing.void(pk, reason=form.cleaned_data["reason"], staff=who(request), now=now)
        except issuing.IssueRefused as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("La factura %(number)s quedó anulada.") % {"number": invoice.full_number})
        return redirect("desk_invoice", pk=pk)
    context = {"invoice": invoice, "form": form, "why_not": issuing.why_not_void(invoice, now=now)}
    return render(request, "payments/desk_invoice_void.html", context)


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_invoice_note(request: HttpRequest, pk: int) -> HttpResponse:
    """*Nota crédito*: how much and why; what was paid beyond what stays becomes the client's credit."""
    invoice = get_object_or_404(Invoice.objects.select_related("client"), pk=pk)
    most = credit_notes.most_of(invoice)
    form = NoteForm(request.POST if request.method == "POST" else None, initial={"amount": cop(most).removeprefix("$\u00a0")})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            note = credit_notes.issue_note(
                pk, amount=data["amount"], reason=data["reason"], key=data["key"], staff=who(request), now=clock.now()
            )
        except credit_notes.NoteRefused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Se expidió la nota crédito %(number)s.") % {"number": note.full_number})
            return redirect("desk_invoice", pk=pk)
    return render(request, "payments/desk_invoice_note.html", {"invoice": invoice, "form": form, "most": most})


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def desk_invoice_papers(request: HttpRequest, pk: int) -> HttpResponse:
    """*Documento oficial*: the CUFE, the PDF and the XML of the accounting software."""
    invoice = get_object_or_404(Invoice.objects.select_related("client"), pk=pk)
    posted = request.method == "POST"
    form = PapersForm(request.POST if posted else None, request.FILES if posted else None, initial={"cufe": invoice.cufe})
    if posted and form.is_valid():
        official_papers.attach(pk, files=form.checked_files(), cufe=form.cleaned_data["cufe"], staff=who(request), now=clock.now())
        messages.success(request, _("El documento oficial quedó guardado: es el que se descarga desde ahora."))
        return redirect("desk_invoice", pk=pk)
    context = {"invoice": invoice, "form": form, "papers": invoice.papers.order_by("kind")}
    return render(request, "payments/desk_invoice_papers.html", context)


@staff_of(StaffRole.HEAD, StaffRole.COLLECTIONS)
@require_POST
def desk_invoice_mail(request: HttpRequest, pk: int) -> HttpResponse:
    """*Enviar por correo*."""
    invoice = get_object_or_404(Invoice.objects.select_related("client"), pk=pk)
    if not invoice.client.email or invoice.voided_at is not None or invoice.balance <= 0:
        messages.error(request, _("No se envía: el cliente no tiene correo, o la factura no tiene saldo."))
        return redirect("desk_invoice", pk=pk)
    now = clock.now()
    with transaction.atomic():
        if issuing.ask_mail(invoice, now=now):
            record("invoice", pk, before={}, after={"mail": invoice.client.email}, by=who(request), now=now)
    messages.success(request, _("La factura se está enviando a %(email)s.") % {"email": invoice.client.email})
    return redirect("desk_invoice", pk=pk)


def _write(request: HttpRequest, client: Client, lease: Lease | None) -> HttpResponse:
    """The form, what it would issue once it is looked at, and issuing exactly what was looked at."""
    today = clock.today()
    month = today.replace(day=1)
    initial = {
        "kind": InvoiceKind.RENT, "period": month, "due_on": monthly.due_on(lease.payment_day, month, today) if lease else today,
        "concept": f"Cargos del contrato {lease.number}" if lease else "",
    }  # fmt: skip
    form = WriteForm(request.POST if request.method == "POST" else None, client=client, lease=lease, today=today, initial=initial)
    context: dict[str, object] = {"form": form, "client": client, "lease": lease}
    if request.method == "POST" and form.is_valid():
        try:
            draft = form.draft()
        except FiguresMissing as missing:
            form.add_error(None, str(missing))
            return render(request, "payments/desk_invoice_write.html", context)
        why = refusal(draft)
        if why:
            form.add_error(None, why)
        elif "issue" in request.POST and form.cleaned_data["seen"] == str(draft.total):
            try:
                invoice = issuing.write_one(draft, key=form.cleaned_data["key"], staff=who(request), now=clock.now())
            except issuing.IssueRefused as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, _("Se expidió la factura %(number)s.") % {"number": invoice.full_number})
                return redirect("desk_invoice", pk=invoice.pk)
        context |= {"draft": draft, "parts": parts_of(draft), "changed": "issue" in request.POST and not form.errors}
    return render(request, "payments/desk_invoice_write.html", context)


urlpatterns = [
    path("facturas/nueva/", desk_invoice_new, name="desk_invoice_new"),
    path("contratos/<int:pk>/facturar/", desk_invoice_lease, name="desk_invoice_lease"),
    path("clientes/<int:pk>/facturar/", desk_invoice_client, name="desk_invoice_client"),
    path("facturas/<int:pk>/anular/", desk_invoice_void, name="desk_invoice_void"),
    path("facturas/<int:pk>/nota-credito/", desk_invoice_note, name="desk_invoice_note"),
    path("facturas/<int:pk>/documento/", desk_invoice_papers, name="desk_invoice_papers"),
    path("facturas/<int:pk>/enviar/", desk_invoice_mail, name="desk_invoice_mail"),
]
