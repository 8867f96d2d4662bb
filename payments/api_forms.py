"""What the API takes and gives of invoices, payments, receipts and payouts. A payer's own data is not given."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from payments.manual import MEANS
from payments.models import InvoiceKind, InvoiceState, LineKind, PaymentSource, PaymentState
from saas.api.fields import Amount, Day, Flag, Moment, Number, Query, QueryDay, Text, Whole, YesNo, identifier


class Invoice(serializers.Serializer[Any]):
    """An invoice as it is given."""

    id = Whole()
    number = serializers.CharField(source="full_number")
    kind = serializers.ChoiceField(InvoiceKind.choices)
    state = serializers.ChoiceField(InvoiceState.choices, help_text="Al día de hoy.")
    client = Whole(source="client_id")
    lease = Whole(source="lease_id", allow_null=True)
    period = serializers.DateField(help_text="Primer día del mes.")
    issued_on = serializers.DateField()
    due_on = serializers.DateField()
    concept = serializers.CharField()
    base = Amount(help_text="Canon o comisión.")
    administration = Amount()
    iva = Amount()
    withholding = Amount(help_text="Retención.")
    total = Amount()
    applied = Amount(help_text="Abonado.")
    balance = Amount(help_text="Lo que falta; cero si está anulada.")
    cufe = serializers.CharField()
    voided_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        given: dict[str, Any] = super().to_representation(instance)
        return given if instance.voided_at is None else {**given, "balance": "0.00"}


class ConceptIn(serializers.Serializer[Any]):
    """An extra concept of an invoice, as it is sent."""

    kind = serializers.ChoiceField(LineKind.choices)
    concept = Text(max_length=150)
    amount = Amount(help_text="Antes de IVA.")
    with_iva = Flag(required=False, help_text="Si lleva IVA; false si no se dice.")


class InvoiceIn(serializers.Serializer[Any]):
    """An invoice as it is sent."""

    kind = serializers.ChoiceField(InvoiceKind.choices)
    lease = identifier(required=False, allow_null=True, help_text="El contrato; null si no es de ninguno.")
    client = identifier(required=False, allow_null=True, help_text="A quién. Sobra si el contrato lo dice: su inquilino, o su único propietario.")
    period = Day(help_text="El mes, por su primer día.")
    due_on = Day(help_text="Vencimiento, desde hoy.")
    concept = Text(max_length=200)
    base = Amount(required=False, help_text="Canon o comisión, antes de IVA.")
    administration = Amount(required=False)
    lines = serializers.ListField(child=ConceptIn(), required=False, max_length=40, help_text="Otros conceptos.")


class InvoiceVoid(serializers.Serializer[Any]):
    """Why an invoice is voided."""

    reason = Text(min_length=5, max_length=200)


class InvoiceQuery(Query):
    """Which invoices."""

    client = Number(required=False)
    lease = Number(required=False)
    kind = serializers.ChoiceField(InvoiceKind.choices, required=False)
    number = serializers.CharField(required=False, max_length=31, help_text="Completo: FA-5001.")
    owed = YesNo(required=False, help_text="true: con saldo. false: sin saldo o anuladas.")
    issued_from = QueryDay(required=False)
    due_before = QueryDay(required=False)
    created_since = Moment(required=False)


class Line(serializers.Serializer[Any]):
    """How much of a payment goes to an invoice."""

    invoice = identifier()
    amount = Amount()


class PaymentIn(serializers.Serializer[Any]):
    """A payment received outside, as it is sent."""

    client = identifier(help_text="De quién son las facturas.")
    amount = Amount(help_text="Lo recibido.")
    means = serializers.ChoiceField([(name, name) for name in MEANS], help_text="Cómo se recibió.")
    reference = Text(max_length=80, required=False, allow_blank=True, help_text="Número de la consignación o transferencia.")
    other_than = identifier(required=False, help_text="El pago que ya tiene esa referencia, si este es otro: el `payment` del 409.")
    paid_on = Day(help_text="Cuándo se recibió.")
    lines = serializers.ListField(child=Line(), required=False, max_length=60, help_text="Lo que no se aplica queda como saldo a favor.")


class GivenLine(serializers.Serializer[Any]):
    """How much of a payment is meant for an invoice, as it is given."""

    invoice = Whole(source="invoice_id")
    amount = Amount()


class Payment(serializers.Serializer[Any]):
    """A payment as it is given."""

    id = Whole()
    client = Whole(source="client_id")
    source = serializers.ChoiceField(PaymentSource.choices)  # type: ignore[assignment]
    state = serializers.ChoiceField(PaymentState.choices)
    amount = Amount()
    means = serializers.CharField()
    reference = serializers.CharField()
    reason = serializers.CharField(help_text="Por qué se rechazó o se reversó.")
    paid_on = serializers.DateField(allow_null=True)
    created_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)
    lines = GivenLine(many=True)
    receipt = serializers.SerializerMethodField(help_text="El comprobante, si lo tiene.")

    def get_receipt(self, payment: Any) -> int | None:
        return payment.receipt.pk if hasattr(payment, "receipt") else None


class PaymentQuery(Query):
    """Which payments."""

    client = Number(required=False)
    invoice = Number(required=False)
    state = serializers.ChoiceField(PaymentState.choices, required=False)
    source = serializers.ChoiceField(PaymentSource.choices, required=False)  # type: ignore[assignment]
    paid_from = QueryDay(required=False)
    paid_until = QueryDay(required=False)
    updated_since = Moment(required=False, help_text="Creados, decididos o reversados desde entonces.")


class Receipt(serializers.Serializer[Any]):
    """A receipt as it is given."""

    id = Whole()
    number = serializers.CharField(source="full_number")
    payment = Whole(source="payment_id")
    client = Whole(source="client_id")
    amount = Amount()
    issued_at = serializers.DateTimeField()
    code = serializers.CharField(help_text="Para verificarlo en /verificar/.")


class ReceiptQuery(Query):
    """Which receipts."""

    client = Number(required=False)
    payment = Number(required=False)
    issued_since = Moment(required=False)


class Payout(serializers.Serializer[Any]):
    """A payout as it is given."""

    id = Whole()
    number = serializers.CharField(source="full_number")
    owner = Whole(source="owner_id")
    lease = Whole(source="lease_id")
    period = serializers.DateField()
    paid_on = serializers.DateField()
    collected = Amount()
    commission = Amount()
    commission_iva = Amount()
    withholdings = Amount()
    other = Amount()
    net = Amount(help_text="Lo girado.")


class PayoutQuery(Query):
    """Which payouts."""

    owner = Number(required=False)
    lease = Number(required=False)
    paid_from = QueryDay(required=False)
    paid_until = QueryDay(required=False)
