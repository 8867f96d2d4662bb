"""Fill a demo: two agencies from the workbooks beside this file, people who can log in, and STATE/demo.json.

Run as `python -m deploy.dev.demo` in the launcher's environment. Safe to run again: what is there stays, and a database
that was wiped is filled anew. Never part of a production image.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saas.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db.models import Count, F, Q  # noqa: E402
from django.urls import reverse  # noqa: E402

from clientarea.models import Client, Lease, Ownership  # noqa: E402
from payments.accounts import AccountData, active_account, save_account  # noqa: E402
from payments.invoicing import numbering  # noqa: E402
from payments.models import Invoice, Resolution, Series  # noqa: E402
from saas import figures  # noqa: E402
from saas.accounts import consents  # noqa: E402
from saas.accounts.models import Role, User  # noqa: E402
from saas.book.loading import import_book  # noqa: E402
from saas.lib import clock  # noqa: E402
from tenants import branding, context, hosts  # noqa: E402
from tenants.models import Agency  # noqa: E402
from tenants.provisioning import create_agency  # noqa: E402

DATA = Path(__file__).parent / "data"
PASSWORD = "demostracion-2026"  # noqa: S105  (printed on the screen of the demo)
# PayU's published sandbox account, known to the stand-in.
PAYU = AccountData(
    merchant_id="508029", account_id="512321", api_login="pRRXKOl8ikMmt9u", api_key="4Vj8eK4rloUd272L48hsrarnUA", test=True
)  # fmt: skip
# Ranges of an example, which hold the numbers that the workbooks bring: prefix, first, last.
NUMBERINGS = {Series.RENT: ("FA", 5001, 20000), Series.COMMISSION: ("FC", 901, 20000), Series.NOTE: ("NC", 1, 5000)}


@dataclass(frozen=True)
class DemoAgency:
    """One agency of the demo and the workbook that fills it."""

    name: str
    slug: str
    nit: str
    nit_check: str
    colour: str
    city: str
    phone: str
    workbook: str


AGENCIES = (
    DemoAgency("Inmobiliaria Cordillera", "cordillera", "890903938", "8", "#1f6f5c", "Bogotá D.C.", "601 745 2030", "inmobiliaria_cordillera.xlsx"),
    DemoAgency("Inmobiliaria del Río", "delrio", "860002964", "4", "#1d4ed8", "Medellín", "604 322 1010", "inmobiliaria_del_rio.xlsx"),
)


def main() -> None:
    """Make what is missing and write STATE/demo.json."""
    _prepare()
    people: list[dict[str, str]] = []
    agencies = []
    for wanted in AGENCIES:
        agency = _agency(wanted)
        url = branding.origin(agency)
        agencies.append(
            {
                "name": agency.name,
                "slug": agency.slug,
                "host": f"{agency.slug}.{settings.PLATFORM_HOST}",
                "url": url,
                "callback_key": agency.key,
                "callback_url": settings.PLATFORM_ORIGIN + reverse("payu_callback", args=[agency.key]),
            }
        )
        with context.in_agency(agency):
            people += [{"agency": agency.slug, "host": f"{agency.slug}.{settings.PLATFORM_HOST}", **p} for p in _people(agency, url)]
            figures.publish(agency, now=clock.now())
    if not User.objects.filter(role=Role.OPERATOR).exists():
        User.objects.create_user(
            username="operador@plataforma.example", role=Role.OPERATOR, name="Olga Operadora",
            email="operador@plataforma.example", password=PASSWORD,
        )  # fmt: skip
    people.append(
        _person("operador", "Olga Operadora", "operador@plataforma.example", settings.PLATFORM_ORIGIN + "/superadmin/")
        | {"agency": "", "host": settings.PLATFORM_HOST}
    )
    payu = "/".join(settings.PAYU_CHECKOUT_URL.split("/")[:3])
    _write({
        "platform": settings.PLATFORM_ORIGIN, "signup": settings.PLATFORM_ORIGIN + "/registro/",
        "mail": settings.PLATFORM_ORIGIN + "/correo/", "payu": payu, "agencies": agencies, "people": people,
    })  # fmt: skip


def _prepare() -> None:
    """Migrations, and static files if any of them changed since they were collected."""
    call_command("migrate_agencies", stdout=io.StringIO())
    sources = [file for folder in (settings.BASE_DIR / "saas" / "static", settings.ASSETS_DIR) for file in sorted(folder.rglob("*"))]
    digest = hashlib.sha256()
    for file in [*(file for file in sources if file.is_file()), settings.BASE_DIR / "requirements.txt"]:
        digest.update(str(file).encode() + file.read_bytes())
    stamp = settings.STATIC_ROOT.with_suffix(".stamp")
    if not (stamp.exists() and stamp.read_text() == digest.hexdigest()):
        print("collecting and compressing the static files…", flush=True)
        call_command("collectstatic", verbosity=0, interactive=False, clear=True)
        stamp.write_text(digest.hexdigest())


def _agency(wanted: DemoAgency) -> Agency:
    agency = Agency.objects.filter(slug=wanted.slug).first()
    if agency is None:
        print(f"creando {wanted.name}…", flush=True)
        agency = create_agency(
            name=wanted.name, slug=wanted.slug, nit=wanted.nit, nit_check=wanted.nit_check,
            email=f"hola@{wanted.slug}.example", colour=wanted.colour, now=clock.now(),
        )  # fmt: skip
        agency.city, agency.phone, agency.address = wanted.city, wanted.phone, "Carrera 7 # 71-21, oficina 502"
        agency.welcome = "Administramos su inmueble con cuentas claras: pague su arriendo, descargue sus comprobantes y siga cada solicitud."
        agency.save()
        hosts.forget(agency)
    with context.in_agency(agency):
        if active_account() is None:
            save_account(PAYU)
        empty = not Client.objects.exists()
    if empty:
        report = import_book(DATA / wanted.workbook, agency=agency, dry_run=False, now=clock.now())
        print(f"{wanted.name}: {report.summary()}", flush=True)
    return agency


def _people(agency: Agency, url: str) -> list[dict[str, str]]:
    """A renter who owes, an owner, someone who is both, and staff; with accounts that they can use at once."""
    renters = set(Lease.objects.values_list("renter_id", flat=True)) | set(
        Lease.objects.exclude(co_renter=None).values_list("co_renter_id", flat=True)
    )
    owners = set(Ownership.objects.values_list("owner_id", flat=True))
    owing = set(Invoice.objects.owed().filter(kind="rent").values_list("client_id", flat=True))
    portal = url + "/area-de-clientes/"
    to_pay = Q(invoices__kind="rent", invoices__voided_at=None, invoices__applied__lt=F("invoices__total"))
    chosen: list[tuple[str, set[int]]] = [
        ("inquilino", (renters & owing) - owners),
        ("inquilino", (renters & owing) - owners),
        ("propietario", owners - renters),
        ("ambos", owners & renters & owing or owners & renters),
    ]
    taken: set[int] = set()
    people = []
    for role, candidates in chosen:
        free = sorted(candidates - taken)
        person = (
            Client.objects.filter(pk__in=free).exclude(email="").annotate(owed=Count("invoices", filter=to_pay)).order_by("-owed", "pk").first()
        )  # fmt: skip
        if person is None:
            continue
        taken.add(person.pk)
        if person.user is None:
            person.user = User.objects.create_user(
                username=person.document, role=Role.CLIENT, name=person.name, email=person.email, password=PASSWORD
            )
            person.user.activated_at = clock.now()
            person.user.save(update_fields=["activated_at"])
            person.save(update_fields=["user"])
        consents.give(person.user, ip=None, now=clock.now())  # the people of a demo are not stopped by the text
        people.append(_person(role, person.name, person.document, portal))
    staff = f"equipo@{agency.slug}.example"
    if not User.objects.filter(username=staff).exists():
        User.objects.create_user(username=staff, role=Role.STAFF, name="Sara Salcedo", email=staff, password=PASSWORD)
    number_documents(User.objects.get(username=staff), now=clock.now())
    people.append(_person("equipo", "Sara Salcedo", staff, url + "/oficina/"))
    return people


def number_documents(staff: User, *, now: datetime) -> None:
    """Register an example's numbering for each series that never had one, so that a month can be generated at once."""
    year = clock.local(now).year
    for series, (prefix, first, last) in NUMBERINGS.items():
        if not Resolution.objects.filter(series=series).exists():
            numbering.adopt(
                series=series, prefix=prefix, first=first, last=last, text=f"Autorización de numeración de ejemplo {prefix}, sin validez ante la DIAN",
                valid_from=date(year - 1, 1, 1), valid_until=date(year + 1, 12, 31), staff=staff, now=now,
            )  # fmt: skip


def _person(role: str, name: str, usuario: str, url: str) -> dict[str, str]:
    return {"role": role, "name": name, "usuario": usuario, "contraseña": PASSWORD, "url": url}


def _write(data: dict[str, Any]) -> None:
    path = Path(settings.STATE_DIR) / "demo.json"
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    temporary.chmod(0o600)
    temporary.rename(path)


if __name__ == "__main__":
    main()
