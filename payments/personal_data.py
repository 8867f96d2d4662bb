"""What payments hold about a person: invoices, payments with what was given to pay, receipts, payouts, reminders, and where they
are paid."""

from __future__ import annotations

from payments.models import Contact, CreditNote, Invoice, OwnerBank, Payment, Payout, Receipt, Reminder, Reversal, TransferProof
from saas.accounts.models import User
from saas.lib import clock
from saas.lib.personal_data import Held, holds


@holds("facturas", "Facturas", order=40)
def invoices(user: User) -> Held:
    """What was asked of the person."""
    return Held(
        Invoice.objects.filter(client__user=user).order_by("issued_on", "pk"),
        lambda i: {
            "Factura": i.full_number, "Concepto": i.concept, "Emisión": i.issued_on, "Vencimiento": i.due_on, "Total": i.total,
            "Saldo": i.total - i.applied,
        },
    )  # fmt: skip


@holds("pagos", "Pagos", order=41)
def payments(user: User) -> Held:
    """What the person paid or tried to, and the data of who paid."""
    return Held(
        Payment.objects.filter(client__user=user).order_by("pk"),
        lambda p: {
            "Fecha": p.paid_on or clock.local(p.created_at).date(), "Valor": p.amount, "Estado": p.get_state_display(), "Medio": p.means,
            "Referencia": p.reference, "Pagador": p.payer_name, "Correo": p.payer_email, "Teléfono": p.payer_phone,
            "Documento": f"{p.payer_document_type} {p.payer_document}".strip(),
        },
    )  # fmt: skip


@holds("comprobantes", "Comprobantes de pago", order=42)
def receipts(user: User) -> Held:
    """The proofs of payment."""
    return Held(
        Receipt.objects.filter(client__user=user).order_by("pk"),
        lambda r: {"Comprobante": f"{r.prefix}-{r.number}", "Expedido": r.issued_at, "Valor": r.amount},
    )


@holds("notas_credito", "Notas crédito", order=42)
def credit_notes(user: User) -> Held:
    """What an invoice of the person was lowered by."""
    return Held(
        CreditNote.objects.filter(client__user=user).select_related("invoice").order_by("pk"),
        lambda n: {
            "Nota": f"{n.prefix}-{n.number}", "Factura": n.invoice.full_number, "Emisión": n.issued_on, "Valor": n.amount, "Motivo": n.reason,
        },
    )  # fmt: skip


@holds("soportes", "Soportes de transferencias", order=42)
def proofs(user: User) -> Held:
    """The proofs of transfers that the person handed in, and what was decided."""
    return Held(
        TransferProof.objects.filter(attempt__payment__client__user=user).select_related("attempt").order_by("pk"),
        lambda p: {
            "Entregado": p.sent_at, "Referencia": p.attempt.reference, "Archivo": p.name, "Estado": p.get_state_display(), "Motivo": p.reason,
        },
    )  # fmt: skip


@holds("reversiones", "Devoluciones de pagos", order=42)
def reversals(user: User) -> Held:
    """What of the person's payments went back."""
    return Held(
        Reversal.objects.filter(client__user=user).order_by("made_at", "pk"),
        lambda r: {"Nota": f"{r.prefix}-{r.number}", "Fecha": r.made_at, "Valor": r.amount, "Motivo": r.reason},
    )


@holds("ingresos", "Ingresos como propietario", order=43)
def payouts(user: User) -> Held:
    """What the agency paid the person, and where to."""
    return Held(
        Payout.objects.filter(owner__user=user).order_by("paid_on", "pk"),
        lambda p: {
            "Comprobante de egreso": f"{p.prefix}-{p.number}", "Fecha": p.paid_on, "Neto girado": p.net, "Banco": p.bank, "Cuenta": p.account,
        },
    )  # fmt: skip


def _reminded(contact: Contact) -> list[Reminder]:
    """What a contact reminded its own client of."""
    if contact.beside is None:
        return list(contact.reminders.all())
    shared = [(each, each.invoice.lease) for each in contact.beside.reminders.all()]
    return [each for each, lease in shared if lease is not None and lease.co_renter_id == contact.client_id]


@holds("recordatorios", "Recordatorios de pago", order=44)
def contacts(user: User) -> Held:
    """When the person was written to about what is owed."""
    return Held(
        Contact.objects.filter(client__user=user).select_related("beside")
        .prefetch_related("reminders", "beside__reminders__invoice__lease").order_by("on", "pk"),
        lambda c: {"Día": c.on, "Estado": c.get_state_display(), "Enviado": c.sent_at, "Facturas": len(_reminded(c))},
    )  # fmt: skip


@holds("cuenta_bancaria", "Cuenta para girarle", order=45)
def bank(user: User) -> Held:
    """Where the person is paid. The whole number stays sealed."""
    return Held(
        OwnerBank.objects.filter(owner__user=user).order_by("pk"),
        lambda b: {"Banco": b.bank, "Tipo de cuenta": b.get_kind_display(), "Cuenta": f"**** {b.ending}"},
    )
