"""From *Registrar pago* to the gateway's door and back. The attempt is committed before the payer leaves; coming back only shows.

Nothing here changes the state of a payment's money: that is settlement's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from clientarea.models import Client
from payments import accounts, reconcile, settlement
from payments.gateway import CheckoutForm, CheckoutRefused, CheckoutRequest, GatewayState, NoticeRefused, Payer
from payments.models import (
    Attempt,
    AttemptState,
    GatewayAccount,
    Invoice,
    InvoiceKind,
    Payment,
    PaymentLine,
    PaymentSource,
    PaymentState,
)
from payments.policy import PaymentPolicy, current_policy, refusal
from saas.jobs.defer import defer
from saas.lib import crypto
from saas.lib.languages import is_english
from tenants import branding
from tenants.context import current_agency
from tenants.models import Agency

OPEN = (AttemptState.SENT, AttemptState.PENDING)
# An attempt of which we heard nothing stops standing in the way of a new one after this long.
SILENT_AFTER = timedelta(minutes=20)


class CheckoutError(ValueError):
    """Why this cannot be paid now, in Spanish, for the payer."""


@dataclass(frozen=True)
class ReturnView:
    """What the browser brought back. `state` is only for show."""

    attempt: Attempt | None
    verified: bool
    state: GatewayState
    message: str


def active_account() -> GatewayAccount | None:
    """The account that a payment would use, or None."""
    return accounts.active_account()


def ways() -> list[GatewayAccount]:
    """The accounts that a client may choose between, PayU's first."""
    return accounts.active_accounts()


def start_payment(
    *, client: Client, lines: Sequence[tuple[Invoice, Decimal]], payer: Payer, now: datetime, provider: str = accounts.PAYU
) -> Attempt:
    """Register a payment of `lines` (invoice, COP) by `client`, with its first attempt by a provider, in one transaction.

    Raises CheckoutError: nothing to pay, not the client's invoice, already covered, amount wrong, no gateway account.
    """
    account = _account(provider)
    if not lines:
        raise CheckoutError(_("No eligió ninguna factura para pagar."))
    policy = current_policy()
    with transaction.atomic():
        wanted = {invoice.pk: amount for invoice, amount in lines}
        invoices = list(Invoice.objects.select_for_update().filter(pk__in=wanted, client=client).order_by("pk"))
        if len(invoices) != len(lines):
            raise CheckoutError(_("Una de las facturas no es suya o está repetida."))
        for invoice in invoices:
            _check_payable(invoice, wanted[invoice.pk], policy)
        payment = Payment.objects.create(
            client=client,
            source=PaymentSource.GATEWAY,
            state=PaymentState.STARTED,
            amount=sum(wanted.values(), Decimal(0)),
            payer_name=payer.full_name[:150],
            payer_email=payer.email,
            payer_phone=payer.phone[:20],
            payer_document_type=payer.document_type,
            payer_document=payer.document[:25],
        )
        PaymentLine.objects.bulk_create(
            PaymentLine(payment=payment, invoice=invoice, amount=wanted[invoice.pk]) for invoice in invoices
        )
        return _new_attempt(payment, account, now=now)


def retry_payment(*, payment: Payment, now: datetime) -> Attempt:
    """A new attempt, under a fresh reference, for a payment that did not go through. Raises CheckoutError."""
    before = payment.attempts.select_related("account").order_by("-pk").first()
    account, policy = _account(before.account.provider if before else accounts.PAYU), current_policy()
    with transaction.atomic():
        locked = Payment.objects.select_for_update().get(pk=payment.pk)
        if locked.state in (PaymentState.APPROVED, PaymentState.REVERSED):
            raise CheckoutError(_("Este pago ya fue aprobado: no hace falta pagarlo otra vez."))
        if locked.source != PaymentSource.GATEWAY:
            raise CheckoutError(_("Este pago no se hizo en línea."))
        lines = list(locked.lines.select_related("invoice").order_by("invoice_id"))
        invoices = Invoice.objects.select_for_update().in_bulk([line.invoice_id for line in lines])
        for line in lines:
            _check_payable(invoices[line.invoice_id], line.amount, policy)
        settlement.reopen(locked.pk)
        return _new_attempt(locked, account, now=now)


def checkout_form(*, attempt: Attempt, agency: Agency, response_path: str = "") -> CheckoutForm:
    """The form that the payer's browser posts to PayU for `attempt`, and the page of the agency's host to come back to
    (the client area's, by default). Raises CheckoutError, in PayU's or our words."""
    payment = attempt.payment
    lines = list(payment.lines.select_related("invoice"))
    tax, tax_base = _tax(lines)
    site = branding.origin(agency)
    request = CheckoutRequest(
        reference=attempt.reference,
        amount=attempt.amount,
        currency=attempt.currency,
        description=f"{agency.name}: {', '.join(line.invoice.full_number for line in lines)}",
        payer=Payer(
            full_name=payment.payer_name,
            email=payment.payer_email,
            phone=payment.payer_phone,
            document_type=payment.payer_document_type,
            document=payment.payer_document,
        ),
        response_url=site + (response_path or reverse("payment_return", urlconf=settings.AGENCY_URLCONF)),
        confirmation_url=settings.PLATFORM_ORIGIN
        + reverse("payu_callback", args=[agency.key], urlconf=settings.PUBLIC_SCHEMA_URLCONF),
        test=attempt.test,
        tax=tax,
        tax_base=tax_base,
    )
    try:
        return accounts.gateway_of(attempt.account).build_form(accounts.credentials(attempt.account), request)
    except CheckoutRefused as refused:
        raise CheckoutError(str(refused)) from refused


def cash_notice(amount: Decimal) -> str:
    """What to tell a payer of `amount` (COP) about cash; empty if there is nothing. The gateway says it in Spanish, means by
    means; in another language it is said in general."""
    told = accounts.gateway().cash_warning(amount)
    if told and is_english():
        return _("Por su valor, este pago no se recibe en todos los puntos de efectivo. Con tarjeta, PSE u otro medio en línea sí.")
    return told


def _tax(lines: Sequence[PaymentLine]) -> tuple[Decimal, Decimal]:
    """IVA and its base, COP, of what is being paid: declared to PayU only when every invoice is paid whole, since a part
    of an invoice has no IVA of its own; zero and zero otherwise."""
    if any(line.amount != line.invoice.total for line in lines):
        return Decimal(0), Decimal(0)
    taxed = [line.invoice for line in lines if line.invoice.iva > 0]
    tax, base = sum((i.iva for i in taxed), Decimal(0)), sum((i.base for i in taxed), Decimal(0))
    return (tax, base) if tax + base <= sum(line.amount for line in lines) else (Decimal(0), Decimal(0))


def open_attempt_of(invoice: Invoice, *, now: datetime) -> Attempt | None:
    """The attempt that is under way for `invoice`, or None: known to be pending, or sent a moment ago."""
    return open_attempts_of([invoice], now=now).get(invoice.pk)


def open_attempts_of(invoices: Sequence[Invoice], *, now: datetime) -> dict[int, Attempt]:
    """The newest attempt under way for each of those invoices that has one, by the invoice's id."""
    lines = PaymentLine.objects.filter(invoice__in=invoices).values_list("payment_id", "invoice_id")
    found = Attempt.objects.filter(payment__in={payment for payment, _ in lines}, state__in=OPEN).select_related("payment", "account")
    under_way = {
        attempt.payment_id: attempt
        for attempt in found.order_by("pk")
        if attempt.state == AttemptState.PENDING or attempt.returned_state == "pending" or attempt.created_at > now - SILENT_AFTER
    }
    newest: dict[int, Attempt] = {}
    for payment, invoice in lines:
        attempt = under_way.get(payment)
        if attempt is not None and (invoice not in newest or newest[invoice].pk < attempt.pk):
            newest[invoice] = attempt
    return newest


def sendable(attempt: Attempt, lines: Sequence[PaymentLine]) -> bool:
    """Whether the form of `attempt` may still take the payer to PayU: nothing is known of it but that it was made, the
    payer did not come back saying that it was paid, and every invoice of its payment needs what it would bring."""
    waiting = attempt.state == AttemptState.SENT and attempt.returned_state not in ("approved", "pending")
    return waiting and still_owed(lines)


def still_owed(lines: Sequence[PaymentLine]) -> bool:
    """Whether every invoice of a payment still needs what the payment would bring."""
    return all(line.invoice.voided_at is None and line.invoice.balance >= line.amount for line in lines)


def record_return(*, query: Mapping[str, str], now: datetime) -> ReturnView:
    """Note that the payer's browser came back, and say what it brought. Verifies the signature; decides nothing."""
    nothing = ReturnView(None, verified=False, state=GatewayState.UNKNOWN, message="")
    reference = query.get("referenceCode", "")
    attempt = Attempt.objects.select_related("payment", "account").filter(reference=reference).first()
    if attempt is None:
        return nothing
    try:
        said = accounts.gateway_of(attempt.account).read_return(query, credentials=accounts.credentials(attempt.account))
    except NoticeRefused:
        return nothing
    if not said.signed or said.reference != attempt.reference:
        return nothing
    brought = {"returned_at": now, "returned_state": said.state.value[:10]}
    if not attempt.means:
        # A hint to tell the payer what is awaited; what settles the attempt writes it again.
        brought["means"] = said.method_label[:60]
    Attempt.objects.filter(pk=attempt.pk).update(**brought)
    return ReturnView(attempt, verified=True, state=said.state, message=said.message)


def _account(provider: str) -> GatewayAccount:
    account = accounts.active_account(provider)
    if account is None:
        raise CheckoutError(_("La inmobiliaria todavía no recibe pagos en línea. Pague por los medios que ella le indique."))
    return account


def _check_payable(invoice: Invoice, amount: Decimal, policy: PaymentPolicy) -> None:
    number = {"number": invoice.full_number}
    if invoice.kind != InvoiceKind.RENT:
        raise CheckoutError(_("La factura %(number)s no se paga en línea.") % number)
    if invoice.voided_at is not None:
        raise CheckoutError(_("La factura %(number)s fue anulada: no hay nada que pagar.") % number)
    if invoice.balance <= 0:
        raise CheckoutError(_("La factura %(number)s ya está pagada.") % number)
    if why := refusal(policy, amount=amount, balance=invoice.balance):
        raise CheckoutError(_("Factura %(number)s: %(why)s") % {**number, "why": f"{why[0].lower()}{why[1:]}"})


def _new_attempt(payment: Payment, account: GatewayAccount, *, now: datetime) -> Attempt:
    """A fresh random reference (80 bits) for one trip. Asks for the first question to PayU in the same transaction."""
    attempt = Attempt.objects.create(
        payment=payment,
        account=account,
        reference=f"P{payment.pk}-{crypto.random_reference(10)}",
        amount=payment.amount,
        test=account.test,
    )
    first = now + timedelta(seconds=accounts.gateway_of(account).schedule[0])
    defer("payments.ask", str(attempt.pk), now=now, due_at=first, attempt_id=attempt.pk)
    reconcile.plan_night(now=now)
    # Built once here, inside the transaction: what PayU would not take is refused before anything is kept.
    checkout_form(attempt=attempt, agency=current_agency())
    return attempt
