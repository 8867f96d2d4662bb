"""A workbook of 5,000 leases and 50,000 invoices: written from one agency, read, confirmed and undone in an empty one, each step in
a process of its own, with its seconds and the most memory that it held.

`python -m tests.bench.big_import [leases]`, against DATABASE_URL. The agencies are taken away at the end.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

MONTHS = 5  # two invoices a lease and month
STEPS = ("export", "check", "read", "apply", "undo")


def _step(name: str, path: str) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from clientarea.importing.checking import inspect
    from clientarea.models import BookImport
    from saas.accounts.models import User
    from saas.book import imports as book_imports
    from saas.book import undo as book_undo
    from saas.book.export import export
    from saas.book.loading import SHEETS
    from saas.lib import clock
    from tenants import context
    from tenants.models import Agency

    now = clock.now()
    agency = Agency.objects.get(slug="grande-libro" if name == "export" else "vacia-libro")
    with context.in_agency(agency):
        staff = User.objects.filter(role="staff").first()
        if name in ("apply", "undo"):
            book = BookImport.objects.get()
            if name == "apply":
                book_imports.confirm(book.pk, digest=book.digest, by=staff, now=now)  # type: ignore[arg-type]
            else:
                book_undo.ask(book.pk, by=staff, now=now)  # type: ignore[arg-type]
        elif name == "read":
            book = book_imports.bring(SimpleUploadedFile("libro.xlsx", Path(path).read_bytes()), by=staff, now=now)  # type: ignore[arg-type]
        began, cpu = time.perf_counter(), time.process_time()
        if name == "export":
            with Path(path).open("wb") as out:
                export(out, now=now, progress=lambda done, total: None)
        elif name == "check":
            with Path(path).open("rb") as file:
                inspect(file, SHEETS)
        elif name == "read":
            book_imports.read(book.pk, now=now)
        elif name == "apply":
            book_imports.apply(book.pk, now=now)
        else:
            book_undo.undo(book.pk, now=now)
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
        state = ""
        if name in ("read", "apply", "undo"):
            book.refresh_from_db()
            state = f"{book.state}; " + ", ".join(f"{sheet} {counts[1]}" for sheet, counts in book.counts.items())
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"| {name} | {took:.1f} s | {cpu:.1f} s | {most} MB | {state} |", flush=True)


def _empty() -> Any:
    from saas.accounts.models import Role, User
    from saas.lib import clock
    from tenants import context
    from tenants.provisioning import create_agency

    agency = create_agency(name="Vacía", slug="vacia-libro", nit="901000002", nit_check="1", email="x@vacia.example", now=clock.now())
    with context.in_agency(agency):
        User.objects.create_user(username="jefe@vacia.example", role=Role.STAFF, name="Jefe", email="jefe@vacia.example", password="x")
    return agency


def main() -> int:
    """Make the agencies, run each step, and take them away."""
    import subprocess

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saas.settings")
    import django

    django.setup()
    if len(sys.argv) == 3:
        _step(sys.argv[1], sys.argv[2])
        return 0
    from django.db import connection

    from saas.lib import clock
    from tests.bench.big_book import LEASES, make

    leases = int(sys.argv[1]) if len(sys.argv) == 2 else LEASES
    agencies = [make(slug="grande-libro", now=clock.now(), leases=leases, months=MONTHS), _empty()]
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/libro.xlsx"
            print("| step | time | CPU of ours | memory | |\n|---|---|---|---|---|", flush=True)
            for step in STEPS:
                subprocess.run([sys.executable, "-m", "tests.bench.big_import", step, path], check=True)
                if step == "export":
                    print(f"{Path(path).stat().st_size / 1e6:.1f} MB of workbook", flush=True)
    finally:
        for agency in agencies:
            with connection.cursor() as cursor:
                cursor.execute(f'DROP SCHEMA "{agency.schema_name}" CASCADE')
            agency.delete(force_drop=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
