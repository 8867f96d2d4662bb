"""The book: an agency's workbook, read whole and kept in one transaction.

Rows that cannot be used are told in the report and never stop the others. The same file again changes nothing. A file
that cannot be used at all raises BookError, and nothing is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO

from django.db import connection, transaction

from clientarea.estate import in_force
from clientarea.importing.estate import LEASES, UNITS, import_leases, import_units, lease_ids, unit_ids
from clientarea.importing.people import PEOPLE, client_ids, import_people
from clientarea.importing.report import Report, SheetReport
from clientarea.importing.workbook import BookError, Row, Rows, SheetSpec, read_workbook
from clientarea.models import Client
from payments.importing import import_money
from payments.importing_rows import INVOICES, PAYMENTS
from payments.payouts.importing import PAYOUTS, import_payouts
from tenants import context, limits
from tenants.models import Agency

__all__ = ["BookError", "Report", "import_book"]

SHEETS = (PEOPLE, UNITS, LEASES, INVOICES, PAYMENTS, PAYOUTS)
# Any number that nothing else uses: imports of an agency take turns.
LOCK = 7_262_001
Progress = Callable[[int, int], object]  # rows begun, rows in all


def import_book(
    path: str | Path | IO[bytes], *, agency: Agency, dry_run: bool, now: datetime, progress: Progress | None = None,
    within: Callable[[Report], object] | None = None,
) -> Report:  # fmt: skip
    """Bring `agency` up to what its workbook says, and tell what became of each row. `dry_run` does everything and undoes it.

    `within` is shown the report in the same transaction, where it may still look at everything, write, or raise.
    Call it in public or inside `agency`. Raises BookError if the file cannot be used.
    """
    book = read_workbook(path, SHEETS)
    rows = book.rows
    report = Report({name: SheetReport(name, len(lines)) for name, lines in rows.items()}, dry_run, book.unread)
    watch = _Watch(rows, report, progress)
    sheet = report.sheets
    with context.in_agency(agency), transaction.atomic():
        _take_turns()
        before = _counted()
        import_people(watch(PEOPLE), sheet[PEOPLE.name])
        clients = client_ids()
        import_units(watch(UNITS), sheet[UNITS.name], clients=clients)
        import_leases(watch(LEASES), sheet[LEASES.name], clients=clients, units=unit_ids())
        leases = lease_ids()
        import_money(
            watch(INVOICES), watch(PAYMENTS), invoice_sheet=sheet[INVOICES.name], payment_sheet=sheet[PAYMENTS.name],
            clients=clients, leases=leases, now=now,
        )  # fmt: skip
        import_payouts(watch(PAYOUTS), sheet[PAYOUTS.name], clients=clients, leases=leases)
        report.check()
        if within is not None:
            within(report)
        _keep_limits(before)
        if dry_run:
            transaction.set_rollback(True)
    return report


class _Watch:
    """The rows of the sheets, one by one, told to `progress` as they are begun."""

    def __init__(self, rows: dict[str, Rows], report: Report, progress: Progress | None) -> None:
        self._rows = rows
        self._report = report
        self._progress = progress
        self._total = sum(len(lines) for lines in rows.values())
        self._begun = 0

    def __call__(self, spec: SheetSpec) -> Iterator[Row]:
        titles = self._report.sheets[spec.name].titles
        for row in self._rows.pop(spec.name).taken():
            cells = row.cells
            titles[row.number] = " · ".join(str(cells[name]) for name in spec.told if cells.get(name) is not None)[:200]
            self._begun += 1
            if self._progress is not None:
                self._progress(self._begun, self._total)
            yield row


def _counted() -> dict[str, int]:
    """What a plan counts, as it is now."""
    return {"clients": Client.objects.filter(archived_at=None).count(), "leases": in_force().count()}


def _keep_limits(before: dict[str, int]) -> None:
    """Refuse a workbook that adds more than the plan allows. Raises BookError."""
    for what, count in _counted().items():
        try:
            if count > before[what]:
                limits.check(what, there=lambda what=what: before[what], more=count - before[what])  # type: ignore[misc]
        except limits.LimitReached as error:
            raise BookError(str(error)) from error


def _take_turns() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(current_schema()))", [LOCK])
