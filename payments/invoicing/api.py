"""The API's door of invoices: read, written one by one as at the desk, and voided.

Writing is the desk's own `issuing.write_one`, with a key that follows from the Idempotency-Key: the same operation issues one
invoice even after its kept answer was forgotten. Months are generated at the desk alone.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from clientarea.models import Client, Lease
from payments import api_forms
from payments.invoicing import by_hand, invoice_paper, issuing, monthly
from payments.invoicing.policy import FiguresMissing
from payments.models import Invoice, InvoiceKind, InvoiceQuerySet
from saas.api.fields import read_body
from saas.api.idempotency import key_of
from saas.api.problems import Problem
from saas.api.schema import documented, pdf
from saas.api.scopes import Scope
from saas.api.views import ListView, PostingMixin, Resource, created
from saas.lib import clock
from saas.lib.here import current_schema
from saas.lib.text import clean_name
from tenants.context import current_agency

INVOICES = "Facturas"
ZERO = by_hand.ZERO


class Invoices(PostingMixin, ListView):
    """Invoices, and one more."""

    scopes = {"GET": Scope.INVOICES_READ, "POST": Scope.INVOICES_WRITE}
    query, out = api_forms.InvoiceQuery, api_forms.Invoice

    def rows(self, wanted: dict[str, Any]) -> QuerySet[Invoice]:
        rows = _invoices()
        for name, field in (
            ("client", "client"), ("lease", "lease"), ("kind", "kind"), ("issued_from", "issued_on__gte"),
            ("due_before", "due_on__lt"), ("created_since", "created_at__gte"),
        ):  # fmt: skip
            if name in wanted:
                rows = rows.filter(**{field: wanted[name]})
        if "number" in wanted:
            prefix, _dash, number = wanted["number"].rpartition("-")
            known = number.isascii() and number.isdigit() and len(number) <= 18
            rows = rows.filter(prefix=prefix.upper(), number=int(number)) if known else rows.none()
        if "owed" in wanted:
            rows = rows.owed() if wanted["owed"] else rows.exclude(pk__in=Invoice.objects.owed().values("pk"))
        return rows

    @documented("invoices_list", "Listar facturas", tag=INVOICES, out=api_forms.Invoice, query=api_forms.InvoiceQuery)
    def get(self, request: Request) -> Response:
        return super().get(request)

    @documented(
        "invoices_write", "Expedir una factura", tag=INVOICES, out=api_forms.Invoice, status=201, request=api_forms.InvoiceIn,
        text="Se numera con la resolución en uso y lleva la fecha de hoy. El IVA y la retención se calculan como en la oficina. El"
        " arrendamiento de un contrato se cobra a su inquilino; su comisión, a un propietario, y se descuenta de su próximo egreso.",
    )  # fmt: skip
    def post(self, request: Request) -> Any:
        return super().post(request)

    def act(self, request: Request, **where: Any) -> Response:
        given, now = read_body(api_forms.InvoiceIn, request.data), clock.now()
        kind, today = InvoiceKind(given["kind"]), clock.local(now).date()
        lease = _lease(given.get("lease"))
        client = _client(given.get("client"), kind, lease)
        if given["period"].day != 1:
            raise _wrong("period", "Escriba el primer día del mes: 2026-11-01.")
        if given["due_on"] < today:
            raise _wrong("due_on", "No puede vencer antes de hoy.")
        lines = [
            by_hand.Concept(line["kind"], _words(line["concept"], "lines"), line["amount"], line.get("with_iva", False))
            for line in given.get("lines", [])
        ]
        if any(line.amount <= 0 for line in lines):
            raise _wrong("lines", "Cada concepto vale más de cero.")
        written = by_hand.Written(
            kind, given["period"], given["due_on"], _words(given["concept"], "concept"), given.get("base", ZERO),
            given.get("administration", ZERO), lines,
        )  # fmt: skip
        caller = self.caller()
        key = uuid.uuid5(uuid.NAMESPACE_URL, f"{current_schema()}:{caller.key.pk}:{key_of(request)}")
        try:
            draft = by_hand.draft(written, client=client, lease=lease, today=today)
            invoice = issuing.write_one(draft, key=key, staff=caller.staff, now=now, author=caller)
        except (FiguresMissing, issuing.IssueRefused) as error:
            raise Problem(422, str(error)) from error
        if (invoice.client_id, invoice.lease_id, invoice.period, invoice.total) != (client.pk, draft.lease_id, draft.period, draft.total):
            raise Problem(422, "Ese Idempotency-Key ya expidió otra factura.")
        return created(api_forms.Invoice(_invoices().get(pk=invoice.pk)).data, f"{request.path}{invoice.pk}/")


class OneInvoice(Resource):
    """An invoice."""

    scopes = {"GET": Scope.INVOICES_READ}

    @documented("invoices_read", "Leer una factura", tag=INVOICES, out=api_forms.Invoice)
    def get(self, request: Request, pk: int) -> Response:
        return Response(api_forms.Invoice(get_object_or_404(_invoices(), pk=pk)).data)


class InvoiceVoid(PostingMixin, Resource):
    """An invoice is voided."""

    scopes = {"POST": Scope.INVOICES_WRITE}

    @documented(
        "invoices_void", "Anular una factura", tag=INVOICES, out=api_forms.Invoice, request=api_forms.InvoiceVoid,
        text="Solo sin dinero aplicado, sin CUFE y sin un pago en curso; el número queda usado.",
    )  # fmt: skip
    def post(self, request: Request, pk: int) -> Any:
        return super().post(request, pk=pk)

    def act(self, request: Request, **where: Any) -> Response:
        pk, now, caller = where["pk"], clock.now(), self.caller()
        get_object_or_404(Invoice, pk=pk)
        reason = _words(read_body(api_forms.InvoiceVoid, request.data)["reason"], "reason")
        try:
            issuing.void(pk, reason=reason, staff=caller.staff, now=now, author=caller)
        except issuing.IssueRefused as error:
            raise Problem(409, str(error)) from error
        return Response(api_forms.Invoice(_invoices().get(pk=pk)).data)


class PdfRenderer(BaseRenderer):
    """So that `Accept: application/pdf` is understood; the bytes are made by the view."""

    media_type = "application/pdf"
    format = "pdf"
    render_style = "binary"


class InvoicePdf(Resource):
    """An invoice on paper."""

    scopes = {"GET": Scope.INVOICES_READ}
    renderer_classes = [PdfRenderer, JSONRenderer]

    @documented("invoices_pdf", "Descargar una factura", tag=INVOICES, out=pdf(), text="El documento oficial, si la inmobiliaria lo adjuntó.")
    def get(self, request: Request, pk: int) -> HttpResponse:
        invoice = get_object_or_404(_invoices().select_related("client", "lease__unit", "resolution"), pk=pk)
        name = f'attachment; filename="factura-{invoice.full_number}.pdf"'
        data = invoice_paper.paper_of(invoice, current_agency())
        return HttpResponse(data, content_type="application/pdf", headers={"Content-Disposition": name})


def _invoices() -> InvoiceQuerySet:
    return Invoice.objects.with_state(today=clock.today())


def _lease(pk: int | None) -> Lease | None:
    if pk is None:
        return None
    return monthly.leases_with_all([pk]).get(pk) or _absent("lease")


def _client(pk: int | None, kind: InvoiceKind, lease: Lease | None) -> Client:
    """To whom: of a lease, its renter or one of its owners; they need no saying where there is one. Raises Problem (422)."""
    if lease is None:
        return (Client.objects.filter(pk=pk).first() if pk is not None else None) or _absent("client")
    people = by_hand.addressees(lease)[kind]
    found = [each for each in people if pk in (None, each.pk)]
    if len(found) != 1:
        raise _wrong("client", "De un contrato, el arrendamiento es de su inquilino y la comisión, de uno de sus propietarios.")
    return found[0]


def _words(text: str, field: str) -> str:
    return clean_name(text) or _absent(field)


def _absent(field: str) -> Any:
    raise _wrong(field, "No existe." if field in ("client", "lease") else "Escriba algo.")


def _wrong(field: str, text: str) -> Problem:
    return Problem(422, text, errors={field: [text]})


urlpatterns = [
    path("invoices/", Invoices.as_view(), name="api_invoices"),
    path("invoices/<int:pk>/", OneInvoice.as_view(), name="api_invoice"),
    path("invoices/<int:pk>/void/", InvoiceVoid.as_view(), name="api_invoice_void"),
    path("invoices/<int:pk>/pdf/", InvoicePdf.as_view(), name="api_invoice_pdf"),
]
