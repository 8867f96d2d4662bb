"""The agency's data as its book: the same six sheets that an import reads, and a page of notes on what they do not hold.

What it writes, imported into an empty agency, gives the same data: a payment says how much went to each invoice wherever that
does not follow. Sheets are filled from the last to the first, so that what is added meanwhile is never named before it is there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

from django.db.models import F, Prefetch, Q, QuerySet, Sum
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from clientarea.importing import store
from clientarea.importing.estate import LEASES, UNITS
from clientarea.importing.people import PEOPLE
from clientarea.models import Client, Lease, Ownership, Unit
from payments.importing_rows import INVOICES, PAYMENTS
from payments.models import Invoice, InvoiceKind, Movement, PaymentLine, PaymentState, Payout, Receipt, Reversal
from payments.payouts.importing import PAYOUTS
from saas.book.loading import SHEETS
from saas.lib.clock import local
from saas.lib.progress import Progress
from saas.lib.text import clean_name

NOTES = "Notas"
READ = 2000  # rows at a time
WIDTH = 20


def export(out: IO[bytes], *, now: datetime, progress: Progress) -> None:
    """Write the whole book of the agency that we are inside."""
    book = Workbook(write_only=True)
    sheets = {spec.name: open_sheet(book, spec.name, spec.columns) for spec in SHEETS}
    notes = open_sheet(book, NOTES, (_("Lo que este libro no lleva"),), width=110)
    total = sum(model.objects.count() for model in (Client, Unit, Lease, Invoice, Receipt, Payout))
    done = 0
    fillers: tuple[tuple[str, Callable[[], Iterator[tuple[Any, ...]]]], ...] = (
        (PAYOUTS.name, _payouts), (PAYMENTS.name, _payments), (INVOICES.name, lambda: _invoices(local(now).date())),
        (LEASES.name, _leases), (UNITS.name, _units), (PEOPLE.name, _people),
    )  # fmt: skip
    for name, rows in fillers:
        for row in rows():
            append(sheets[name], row)
            done += 1
            progress(min(done, total), total)
    for line in _left_out():
        append(notes, (line,))
    book.save(out)


def open_sheet(book: Workbook, name: str, titles: Iterable[str], *, width: int = WIDTH) -> Any:
    """A sheet with its titles, which stay in sight."""
    sheet = book.create_sheet(name)
    titles = list(titles)
    sheet.freeze_panes = "A2"
    for number in range(len(titles)):
        sheet.column_dimensions[chr(ord("A") + number)].width = width
    bold = []
    for title in titles:
        cell = WriteOnlyCell(sheet, title)
        cell.font = Font(bold=True)
        bold.append(cell)
    sheet.append(bold)
    return sheet


def append(sheet: Any, row: Iterable[Any]) -> None:
    """Add a row. A text that begins with = stays a text."""
    sheet.append([_harmless(sheet, value) for value in row])


def _harmless(sheet: Any, value: Any) -> Any:
    if isinstance(value, str) and value.startswith("="):
        cell = WriteOnlyCell(sheet, value)
        cell.data_type = "s"
        return cell
    return value


def _people() -> Iterator[tuple[Any, ...]]:
    for client in Client.objects.order_by("document").iterator(READ):
        yield (
            client.document_type, client.document, client.document_check, clean_name(client.name), client.email, client.mobile,
            client.landline, clean_name(client.address), clean_name(client.city),
        )  # fmt: skip


def _units() -> Iterator[tuple[Any, ...]]:
    shares = Prefetch("ownerships", queryset=Ownership.objects.select_related("owner").order_by("-share", "owner__document"))
    for unit in Unit.objects.prefetch_related(shares).order_by("code").iterator(READ):
        owners = "; ".join(f"{share.owner.document}:{_percent(share.share)}" for share in unit.ownerships.all())
        yield (
            unit.code, clean_name(unit.kind), clean_name(unit.address), clean_name(unit.city), clean_name(unit.neighbourhood),
            unit.stratum, clean_name(unit.registry), owners,
        )  # fmt: skip


def _leases() -> Iterator[tuple[Any, ...]]:
    for lease in Lease.objects.select_related("unit", "renter", "co_renter").order_by("number").iterator(READ):
        yield (
            lease.number, lease.unit.code, lease.renter.document, lease.co_renter.document if lease.co_renter else None, _money(lease.rent),
            _money(lease.administration), lease.starts_on, lease.ends_on, lease.payment_day, lease.get_use_display(),
            _percent(lease.commission),
        )  # fmt: skip


def _invoices(today: date) -> Iterator[tuple[Any, ...]]:
    for invoice in Invoice.objects.select_related("lease", "client").order_by("prefix", "number").iterator(READ):
        yield (
            invoice.prefix, invoice.number, _("Comisión") if invoice.kind == InvoiceKind.COMMISSION else _("Arrendamiento"),
            invoice.lease.number if invoice.lease else _("Sin contrato"), invoice.client.document, f"{invoice.period:%Y-%m}",
            invoice.issued_on, invoice.due_on, clean_name(invoice.concept), _money(invoice.base), _money(invoice.administration),
            _money(invoice.iva), _money(invoice.withholding), _money(invoice.total), _state(invoice, today), invoice.cufe,
        )  # fmt: skip


def _state(invoice: Invoice, today: date) -> str:
    if invoice.voided_at is not None:
        return "Anulada"
    if invoice.balance <= 0:
        return "Pagada"
    if invoice.applied > 0:
        return "Abonada"
    return "Vencida" if invoice.due_on < today else "Pendiente"


def _received() -> QuerySet[Receipt]:
    """The receipts of the payments that stand, at least in part."""
    return Receipt.objects.filter(payment__state=PaymentState.APPROVED)


def _payments() -> Iterator[tuple[Any, ...]]:
    numbers = {pk: (prefix, number) for pk, prefix, number in Invoice.objects.values_list("pk", "prefix", "number").iterator(READ)}
    receipts = _received().select_related("payment__client").order_by("payment__paid_on", "prefix", "number")
    for piece in store.chunks(receipts.iterator(READ)):
        ids = [receipt.payment_id for receipt in piece]
        moved: dict[int, dict[int | None, Decimal]] = defaultdict(dict)
        sums = Movement.objects.filter(payment_id__in=ids).order_by().values_list("payment_id", "invoice_id").annotate(sum=Sum("amount"))
        for payment, invoice, amount in sums:
            moved[payment or 0][invoice] = amount
        for payment, invoice in PaymentLine.objects.filter(payment_id__in=ids).values_list("payment_id", "invoice_id"):
            moved[payment].setdefault(invoice, Decimal(0))
        gone = dict(Reversal.objects.filter(payment_id__in=ids).order_by().values_list("payment_id").annotate(sum=Sum("amount")))
        for receipt in piece:
            payment_row = receipt.payment
            amount = payment_row.amount - gone.get(payment_row.pk, Decimal(0))
            covered = sorted((numbers[pk], share) for pk, share in moved[payment_row.pk].items() if pk in numbers)
            yield (
                receipt.full_number, payment_row.paid_on or local(receipt.issued_at).date(), payment_row.client.document,
                _shares(covered, amount), _money(amount), clean_name(payment_row.means or receipt.content.get("means", ""))[:60],
                clean_name(payment_row.reference or receipt.content.get("reference", ""))[:80],
            )  # fmt: skip


def _shares(covered: list[tuple[tuple[str, int], Decimal]], amount: Decimal) -> str:
    """The invoices of a payment; with how much went to each unless one took it all."""
    if not covered:
        return _("Saldo a favor")
    names = [f"{prefix}-{number}" if prefix else str(number) for (prefix, number), _share in covered]
    if len(covered) == 1 and covered[0][1] == amount:
        return names[0]
    return "; ".join(f"{name}:{_figure(share)}" for name, (_key, share) in zip(names, covered, strict=True))


def _payouts() -> Iterator[tuple[Any, ...]]:
    for payout in Payout.objects.filter(paid_on__isnull=False).select_related("owner", "lease").order_by("prefix", "number").iterator(READ):
        yield (
            payout.full_number, payout.paid_on, payout.owner.document, payout.lease.number, f"{payout.period:%Y-%m}",
            _money(payout.collected), _money(payout.commission), _money(payout.commission_iva), _money(payout.withholdings),
            _money(payout.other), _money(payout.net), clean_name(payout.bank), clean_name(payout.account),
        )  # fmt: skip


def _left_out() -> Iterator[str]:
    """What the sheets have no column for, and how many there are where that can be counted."""
    yield _("Cuentas y contraseñas de los clientes, invitaciones, cargos del equipo y configuración de la inmobiliaria.")
    yield _("PQRS con sus mensajes y adjuntos, soportes de pago, archivos PDF, historial de cambios e intentos de pago en PayU.")
    yield _("El descuento de una comisión en el egreso se escribe como el estado «Pagada» de su factura.")
    archived = Client.objects.exclude(archived_at=None).count()
    if archived:
        yield _("Clientes archivados: %s. Salen en Terceros como los demás.") % archived
    units = Unit.objects.exclude(archived_at=None).count()
    if units:
        yield _("Inmuebles archivados: %s. Salen en Inmuebles como los demás.") % units
    reversed_whole = Receipt.objects.filter(payment__state=PaymentState.REVERSED).count()
    if reversed_whole:
        yield _("Pagos reversados del todo: %s. No salen en Pagos.") % reversed_whole
    in_part = _received().filter(payment__reversals__isnull=False).distinct().count()
    if in_part:
        yield _("Pagos reversados en parte: %s. Salen en Pagos por lo que quedó.") % in_part
    partly = Invoice.objects.filter(Q(kind=InvoiceKind.COMMISSION, applied__lt=F("total"), movements__kind="deducted")).distinct().count()
    if partly:
        yield _("Comisiones descontadas solo en parte: %s. Lo descontado no sale.") % partly


def _money(amount: Decimal) -> int | float:
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _figure(amount: Decimal) -> str:
    return str(int(amount)) if amount == amount.to_integral_value() else f"{amount:.2f}".replace(".", ",")


def _percent(share: Decimal) -> str:
    return f"{share.normalize():f}%".replace(".", ",")
