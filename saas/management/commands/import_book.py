"""`manage.py import_book --agency SLUG LIBRO.xlsx [--dry-run]`: an agency's workbook, with what became of each row.

Ends with 1, and nothing changed, if there is no such agency or the file cannot be used. Refused rows are told and are no
reason to fail.
"""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from tqdm import tqdm

from clientarea.importing.report import ProblemKind, Report
from saas.lib import clock


class Command(BaseCommand):
    """Import a workbook."""

    help = "Importa el libro de Excel de una inmobiliaria (hojas Terceros, Inmuebles, Contratos, Facturas, Pagos, Egresos)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="LIBRO.xlsx")
        parser.add_argument("--agency", required=True, metavar="SUBDOMINIO")
        parser.add_argument("--dry-run", action="store_true", help="lo hace todo, lo cuenta y lo deshace")

    def handle(self, *args: Any, **options: Any) -> None:
        # Down here: the command lives in an app below the one that runs the import.
        from saas.book.loading import BookError, import_book
        from tenants.models import Agency

        agency = Agency.objects.filter(slug=options["agency"]).first()
        if agency is None:
            raise CommandError(_("No hay una inmobiliaria con el subdominio «%s».") % options["agency"])
        with tqdm(file=sys.stderr, disable=not sys.stderr.isatty(), unit=" filas", desc=agency.name) as bar:

            def progress(begun: int, total: int) -> None:
                bar.total = total
                bar.update(begun - bar.n)

            try:
                report = import_book(options["file"], agency=agency, dry_run=options["dry_run"], now=clock.now(), progress=progress)
            except BookError as error:
                raise CommandError(str(error)) from None
        self._tell(report)

    def _tell(self, report: Report) -> None:
        line = "{:<12}{:>9}{:>10}{:>14}{:>13}{:>12}"
        self.stdout.write(line.format(_("Hoja"), _("Filas"), _("Creadas"), _("Actualizadas"), _("Sin cambios"), _("Rechazadas")))
        for sheet in report.sheets.values():
            self.stdout.write(
                line.format(sheet.name, sheet.rows_in, sheet.created, sheet.updated, sheet.unchanged, sheet.rejected)
            )
        for problem in report.problems:
            kind = _("Rechazada") if problem.kind is ProblemKind.REJECTED else _("Aviso")
            self.stdout.write(f"{kind}: {problem}")
        self.stdout.write(report.summary())
