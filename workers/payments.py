"""The jobs of money: settle what came, ask what did not, make and mail receipts, issue and mail invoices, mail owners."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

from payments import credits, pace, receipt_mail, receipts, reconcile, refunds, reversal_mail, settlement
from payments.gateway import GatewayRefused, GatewayUnavailable
from payments.invoicing import increases, issuing, runs, unannounced
from payments.invoicing import mail as invoice_mail
from payments.payouts import mail as payout_mail
from payments.payouts import owner_bank_mail
from saas.jobs.registry import Later, Task, handles
from saas.lib import clock
from tenants.context import current_agency


@handles("payments.settle")
def settle(task: Task) -> None:
    """Believe or set aside one row of the inbox."""
    settlement.settle_callback(task.payload["callback_id"], now=clock.now())


@handles("payments.ask")
def ask(task: Task) -> None:
    """Ask PayU about an attempt, again and again on its schedule, until there is nothing more to learn."""
    now = clock.now()
    with _patience(now):
        again = reconcile.ask_and_settle(task.payload["attempt_id"], now=now)
    if again is not None:
        raise Later(again)


@handles("payments.ask_now")
def ask_now(task: Task) -> None:
    """One question, at once: something arrived that a signature alone does not prove."""
    now = clock.now()
    with _patience(now):
        reconcile.ask_at_once(task.payload["attempt_id"], now=now)


@handles("payments.ask_stranger")
def ask_stranger(task: Task) -> None:
    """One question about a signed callback under a reference that is none of ours."""
    now = clock.now()
    with _patience(now):
        reconcile.ask_about_stranger(task.payload["callback_id"], now=now)


@handles("payments.compare")
def compare(task: Task) -> None:
    """The nightly round: a job for each attempt of the last two days, and the round of the night after."""
    reconcile.compare_nightly(now=clock.now())


@handles("payments.compare_one")
def compare_one(task: Task) -> None:
    """Compare what PayU holds of one attempt with what was credited here."""
    now = clock.now()
    with _patience(now):
        reconcile.compare(task.payload["attempt_id"], now=now)


@contextmanager
def _patience(now: datetime) -> Iterator[None]:
    """A question without an answer is asked again later, for as long as it takes: it is never a failure of the job."""
    try:
        yield
    except pace.NotNow as wait:
        raise Later(wait.until) from wait
    except GatewayUnavailable as error:
        raise Later(now + timedelta(minutes=2)) from error
    except GatewayRefused as error:
        reconcile.tell_of_refusal(error, today=clock.local(now).date())
        raise Later(now + timedelta(hours=1)) from error


@handles("payments.receipt_pdf")
def receipt_pdf(task: Task) -> None:
    """Make and store a receipt's PDF."""
    receipts.make_pdf(task.payload["receipt_id"], agency=current_agency(), now=clock.now())


@handles("payments.receipt_mail")
def mail_receipt(task: Task) -> None:
    """Mail a receipt with its PDF to the client."""
    receipt_mail.send(task.payload["receipt_id"], agency=current_agency(), now=clock.now())


@handles("payments.reversal_mail")
def mail_reversal(task: Task) -> None:
    """Tell the client that a payment was reversed."""
    reversal_mail.send(task.payload["reversal_id"], agency=current_agency(), now=clock.now())


@handles("payments.refund")
def refund(task: Task) -> None:
    """Send a refund to the gateway, and ask until it is decided."""
    now = clock.now()
    try:
        again = refunds.take_step(task.payload["refund_id"], now=now)
    except GatewayUnavailable as error:
        raise Later(now + timedelta(minutes=2)) from error
    if again is not None:
        raise Later(again)


@handles("payments.invoice_mail")
def mail_invoice(task: Task) -> None:
    """Mail an invoice with its PDF and a link to pay it."""
    invoice_mail.send(task.payload["invoice_id"], agency=current_agency(), now=clock.now(), key=task.key)


@handles("payments.payout_mail")
def mail_payout(task: Task) -> None:
    """Tell an owner that the money was sent, with its vouchers."""
    payout_mail.send(task.payload["order_id"], agency=current_agency(), now=clock.now())


@handles("payments.owner_bank_mail")
def mail_owner_bank(task: Task) -> None:
    """Tell an owner that the account their money goes to was changed."""
    owner_bank_mail.send(task.payload["owner_id"], task.payload["change_ids"], agency=current_agency(), now=clock.now())


@handles("payments.announce")
def announce(task: Task) -> None:
    """Tell clients of the invoices that came with the book, some at a time."""
    now = clock.now()
    if unannounced.announce_some(now=now):
        raise Later(now + timedelta(seconds=1))


@handles("payments.invoice_mail_some")
def mail_some_invoices(task: Task) -> None:
    """Ask for the mail of the next invoices of a month."""
    issuing.mail_some(date.fromisoformat(task.payload["period"]), task.payload["of"], now=clock.now())


@handles("payments.run_some")
def run_some(task: Task) -> None:
    """Issue the next batch of a run of invoices."""
    runs.run_some(task.payload["run_id"], now=clock.now())


@handles("payments.use_credit")
def use_credit(task: Task) -> None:
    """Put a client's credit on a rent that was just issued: the agency's rule."""
    credits.apply_by_rule(task.payload["invoice_id"], now=clock.now())


@handles("payments.increase_mail")
def mail_increase(task: Task) -> None:
    """Tell a renter of an increase, and keep when."""
    increases.send_notice(task.payload["increase_id"], agency=current_agency(), now=clock.now())
