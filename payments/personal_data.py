"""What payments hold about a person: invoices, payments with what was given to pay, receipts, payouts, reminders, and where they
are paid."""

from __future__ import annotations

from django.db.models import Count

from payments.models import Contact, Invoice, OwnerBank, Payment, Payout, Receipt
from saas.accounts.models import User
from saas.lib.personal_data import Row, holds


@holds("facturas", "Facturas", order=40)
def invoices(user: User) -> list[Row]:
    """What was asked of the person."""
    return [
        {
            "Factura": i.full_number, "Concepto": i.concept, "Emisión": i.issued_on, "Vencimiento": i.due_on, "Total": i.total,
            "Saldo": i.total - i.applied,
        }
        for i in Invoice.objects.filter(client__user=user).order_by("issued_on", "pk")
    ]  # fmt: skip


@holds("pagos", "Pagos", order=41)
def payments(user: User) -> list[Row]:
    """What the person paid or tried to, and the data of who paid."""
    return [
        {
            "Fecha": p.paid_on or p.created_at.date(), "Valor": p.amount, "Estado": p.get_state_display(), "Medio": p.means,
            "Referencia": p.reference, "Pagador": p.payer_name, "Correo": p.payer_email, "Teléfono": p.payer_phone,
            "Documento": f"{p.payer_document_type} {p.payer_document}".strip(),
        }
        for p in Payment.objects.filter(client__user=user).order_by("pk")
    ]  # fmt: skip


@holds("comprobantes", "Comprobantes de pago", order=42)
def receipts(user: User) -> list[Row]:
    """The proofs of payment."""
    return [
        {"Comprobante": f"{r.prefix}-{r.number}", "Expedido": r.issued_at, "Valor": r.amount}
        for r in Receipt.objects.filter(client__user=user).order_by("pk")
    ]


@holds("ingresos", "Ingresos como propietario", order=43)
def payouts(user: User) -> list[Row]:
    """What the agency paid the person, and where to."""
    return [
        {"Comprobante de egreso": f"{p.prefix}-{p.number}", "Fecha": p.paid_on, "Neto girado": p.net, "Banco": p.bank, "Cuenta": p.account}
        for p in Payout.objects.filter(owner__user=user).order_by("paid_on", "pk")
    ]


@holds("recordatorios", "Recordatorios de pago", order=44)
def contacts(user: User) -> list[Row]:
    """When the person was written to about what is owed."""
    return [
        {"Día": c.on, "Estado": c.get_state_display(), "Enviado": c.sent_at, "Facturas": c.count}
        for c in Contact.objects.filter(client__user=user).annotate(count=Count("reminders")).order_by("on", "pk")
    ]


@holds("cuenta_bancaria", "Cuenta para girarle", order=45)
def bank(user: User) -> list[Row]:
    """Where the person is paid. The whole number stays sealed."""
    rows = OwnerBank.objects.filter(owner__user=user)
    return [{"Banco": b.bank, "Tipo de cuenta": b.get_kind_display(), "Cuenta": f"**** {b.ending}"} for b in rows]
