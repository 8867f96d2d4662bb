"""The API's door of money: payments, receipts and payouts are read; a payment received outside is registered. Invoices are in
payments/invoicing/api.py.

Registering is the desk's own `settle_manual`. The key of its entry follows from the Idempotency-Key, so the same operation
registers one payment even after its kept answer was forgotten.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from clientarea.models import Client
from payments import api_forms, documents, receipts, repeats, settlement
from payments.invoicing.api import PdfRenderer
from payments.manual import EntryRefused, ManualPayment
from payments.models import Payment, Payout, Receipt
from saas.api.fields import read_body
from saas.api.idempotency import key_of
from saas.api.problems import Problem
from saas.api.schema import documented, pdf
from saas.api.scopes import Scope
from saas.api.views import ListView, PostingMixin, Resource, created
from saas.audit.changes import record
from saas.lib import clock
from saas.lib.here import current_schema
from saas.lib.money import cop
from tenants.context import current_agency

PAYMENTS, RECEIPTS, PAYOUTS = "Pagos", "Comprobantes de pago", "Egresos"


class Payments(PostingMixin, ListView):
    """Payments, and one that was received outside."""

    scopes = {"GET": Scope.PAYMENTS_READ, "POST": Scope.PAYMENTS_WRITE}
    query, out = api_forms.PaymentQuery, api_forms.Payment

    def rows(self, wanted: dict[str, Any]) -> QuerySet[Payment]:
        rows = _payments()
        for name, field in (
            ("client", "client"), ("state", "state"), ("source", "source"), ("paid_from", "paid_on__gte"), ("paid_until", "paid_on__lte"),
        ):  # fmt: skip
            if name in wanted:
                rows = rows.filter(**{field: wanted[name]})
        if "invoice" in wanted:
            rows = rows.filter(pk__in=Payment.objects.filter(lines__invoice=wanted["invoice"]).values("pk"))
        if "updated_since" in wanted:
            since = wanted["updated_since"]
            reversed_ = Payment.objects.filter(reversals__made_at__gte=since).values("pk")
            rows = rows.filter(Q(created_at__gte=since) | Q(settled_at__gte=since) | Q(pk__in=reversed_))
        return rows

    @documented("payments_list", "Listar pagos", tag=PAYMENTS, out=api_forms.Payment, query=api_forms.PaymentQuery)
    def get(self, request: Request) -> Response:
        return super().get(request)

    @documented(
        "payments_register", "Registrar un pago recibido por fuera", tag=PAYMENTS, out=api_forms.Payment, status=201, request=api_forms.PaymentIn,
        text="Efectivo, transferencia, consignación o cheque. Se numera su comprobante y se le envía al cliente. Si otro pago ya tiene esa "
        "referencia, se responde 409 (`urn:problem:reference-used`, con `payment`, su id): si de verdad es otro, envíelo de nuevo con "
        "`other_than`, ese id, y otro Idempotency-Key.",
    )  # fmt: skip
    def post(self, request: Request) -> Any:
        return super().post(request)

    def act(self, request: Request, **where: Any) -> Response:
        given, now = read_body(api_forms.PaymentIn, request.data), clock.now()
        client = Client.objects.filter(pk=given["client"]).first()
        if client is None:
            raise Problem(422, "Ese cliente no existe.", errors={"client": ["No existe."]})
        if given["paid_on"] > clock.local(now).date():
            raise Problem(422, "La fecha de pago no puede ser futura.", errors={"paid_on": ["No puede ser futura."]})
        lines = tuple((line["invoice"], line["amount"]) for line in given.get("lines", []))
        caller = self.caller()
        name = f"{current_schema()}:{caller.key.pk}:{key_of(request)}"
        entry = ManualPayment(
            key=uuid.uuid5(uuid.NAMESPACE_URL, name), client=client, amount=given["amount"], means=given["means"],
            reference=given.get("reference", ""), paid_on=given["paid_on"], lines=lines,
        )  # fmt: skip
        known = Payment.objects.filter(entry_key=entry.key).first()
        if known is not None and (known.client_id, known.amount, known.paid_on) != (client.pk, entry.amount, entry.paid_on):
            raise Problem(422, "Ese Idempotency-Key ya registró otro pago.")
        if known is None:
            _ask_again(entry, given.get("other_than"))
        try:
            payment = settlement.settle_manual(entry, staff=caller.staff, now=now)
        except EntryRefused as error:
            raise Problem(422, str(error)) from error
        if known is None:
            after = {"client": client.pk, "amount": payment.amount, "means": payment.means}
            record("payment", payment.pk, before={}, after=after, by=caller, now=now)
        return created(api_forms.Payment(_payments().get(pk=payment.pk)).data, f"{request.path}{payment.pk}/")


class OnePayment(Resource):
    """A payment."""

    scopes = {"GET": Scope.PAYMENTS_READ}

    @documented("payments_read", "Leer un pago", tag=PAYMENTS, out=api_forms.Payment)
    def get(self, request: Request, pk: int) -> Response:
        return Response(api_forms.Payment(get_object_or_404(_payments(), pk=pk)).data)


class Receipts(ListView):
    """Receipts."""

    scopes = {"GET": Scope.RECEIPTS_READ}
    query, out = api_forms.ReceiptQuery, api_forms.Receipt

    def rows(self, wanted: dict[str, Any]) -> QuerySet[Receipt]:
        rows = Receipt.objects.all()
        for name, field in (("client", "client"), ("payment", "payment"), ("issued_since", "issued_at__gte")):
            if name in wanted:
                rows = rows.filter(**{field: wanted[name]})
        return rows

    @documented("receipts_list", "Listar comprobantes", tag=RECEIPTS, out=api_forms.Receipt, query=api_forms.ReceiptQuery)
    def get(self, request: Request) -> Response:
        return super().get(request)


class OneReceipt(Resource):
    """A receipt."""

    scopes = {"GET": Scope.RECEIPTS_READ}

    @documented("receipts_read", "Leer un comprobante", tag=RECEIPTS, out=api_forms.Receipt)
    def get(self, request: Request, pk: int) -> Response:
        return Response(api_forms.Receipt(get_object_or_404(Receipt, pk=pk)).data)


class ReceiptPdf(Resource):
    """A receipt on paper."""

    scopes = {"GET": Scope.RECEIPTS_READ}
    renderer_classes = [PdfRenderer, JSONRenderer]

    @documented("receipts_pdf", "Descargar un comprobante", tag=RECEIPTS, out=pdf())
    def get(self, request: Request, pk: int) -> HttpResponse:
        receipt = get_object_or_404(Receipt.objects.select_related("payment", "client"), pk=pk)
        file = receipts.open_pdf(receipt)
        if file is not None:
            with file:
                data = file.read()
        else:
            data = documents.receipt_pdf(receipts.receipt_document(receipt, current_agency()))
        name = f'attachment; filename="comprobante-{receipt.full_number}.pdf"'
        return HttpResponse(data, content_type="application/pdf", headers={"Content-Disposition": name})


class Payouts(ListView):
    """Payouts."""

    scopes = {"GET": Scope.PAYOUTS_READ}
    query, out = api_forms.PayoutQuery, api_forms.Payout

    def rows(self, wanted: dict[str, Any]) -> QuerySet[Payout]:
        rows = Payout.objects.all()
        for name, field in (("owner", "owner"), ("lease", "lease"), ("paid_from", "paid_on__gte"), ("paid_until", "paid_on__lte")):
            if name in wanted:
                rows = rows.filter(**{field: wanted[name]})
        return rows

    @documented("payouts_list", "Listar egresos", tag=PAYOUTS, out=api_forms.Payout, query=api_forms.PayoutQuery)
    def get(self, request: Request) -> Response:
        return super().get(request)


class OnePayout(Resource):
    """A payout."""

    scopes = {"GET": Scope.PAYOUTS_READ}

    @documented("payouts_read", "Leer un egreso", tag=PAYOUTS, out=api_forms.Payout)
    def get(self, request: Request, pk: int) -> Response:
        return Response(api_forms.Payout(get_object_or_404(Payout, pk=pk)).data)


def _ask_again(entry: ManualPayment, said: int | None) -> None:
    """Raises Problem (409) if another payment has that reference and the caller did not say that this one is `other_than` it."""
    other = repeats.payment_with(entry.reference)
    if other is None or other.pk == said:
        return
    text = f"La referencia {entry.reference} ya está en el pago {other.pk}, de {cop(other.amount)}. Si este es otro, envíelo de nuevo con "
    raise Problem(
        409, f'{text}"other_than": {other.pk} y otro Idempotency-Key.', errors={"reference": ["Ya se usó."]}, kind="reference-used",
        more={"payment": other.pk},
    )  # fmt: skip


def _payments() -> QuerySet[Payment]:
    return Payment.objects.select_related("receipt").prefetch_related("lines")


urlpatterns = [
    path("payments/", Payments.as_view(), name="api_payments"),
    path("payments/<int:pk>/", OnePayment.as_view(), name="api_payment"),
    path("receipts/", Receipts.as_view(), name="api_receipts"),
    path("receipts/<int:pk>/", OneReceipt.as_view(), name="api_receipt"),
    path("receipts/<int:pk>/pdf/", ReceiptPdf.as_view(), name="api_receipt_pdf"),
    path("payouts/", Payouts.as_view(), name="api_payouts"),
    path("payouts/<int:pk>/", OnePayout.as_view(), name="api_payout"),
]
