"""`make chaos SEED=… MINUTES=…`: the real stack under load, with everything going wrong, then its books against the gateway's.

Prints a report in Markdown (docs/chaos.md keeps such reports). Ends with 1 on any loss, doubling, gap or stuck work.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from tests.chaos.books import Verdict, compare
from tests.chaos.crowd import Crowd, Debt
from tests.chaos.desk import Counter, Desk
from tests.chaos.disk import Disk, in_own_mounts
from tests.chaos.faults import Faults
from tests.chaos.transfers import Sender, Transfers
from tests.journeys.stack import ROOT, Stack

SLUGS = ["cordillera", "delrio"]
CLIENTS = 5  # of each agency
TRANSFERS = 60  # invoices of each agency that are paid by transfer
TOLD = {"bank": "Bancolombia", "kind": "Ahorros", "account": "03512345678", "holder": "Caos", "document": "900373913"}
# PayU's own pace is minutes; a run of minutes needs a faster one. It goes on long after the load has ended.
POLL_SECONDS = "5,10,20,30,45,60,90,120,180,240,300,360,420,480,540,600,900,1800,3600"
SETTLE_SECONDS = 420


def main() -> int:
    """Run it. Returns the exit code."""
    asked = argparse.ArgumentParser(prog="python -m tests.chaos")
    asked.add_argument("--seed", default=os.environ.get("SEED", "1"))
    asked.add_argument("--minutes", type=float, default=float(os.environ.get("MINUTES", "3")))
    asked.add_argument("--rate", type=float, default=1.0, help="payments begun a second")
    asked.add_argument("--own-valkey", action="store_true", help="REDIS_URL's server is ours alone: it may be emptied whole and frozen")
    asked.add_argument("--keep", action="store_true", help="keep the folder with the logs")
    chosen = asked.parse_args()
    in_own_mounts()
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    stack = Stack(
        folder=folder, database_server=os.environ["DATABASE_URL"], assets=os.environ["SAAS_ASSETS_DIR"],
        redis_url=urlunsplit(urlsplit(os.environ["REDIS_URL"])._replace(path="/15")),
    )  # fmt: skip
    stack.env["PAYU_POLL_SECONDS"] = POLL_SECONDS
    disk = Disk(folder / "files")
    try:
        stack.start()
        report, good = run(stack, disk, seed=chosen.seed, minutes=chosen.minutes, rate=chosen.rate, own_valkey=chosen.own_valkey)
    finally:
        stack.stop()
        disk.close()
    print(report, flush=True)
    if chosen.keep or not good:
        print(f"The logs are in {folder}", file=sys.stderr)
    else:
        subprocess.run(["rm", "-rf", str(folder)], check=True)
    return 0 if good else 1


def run(stack: Stack, disk: Disk, *, seed: str, minutes: float, rate: float, own_valkey: bool) -> tuple[str, bool]:
    """Load and faults together, then let all of it settle. Returns the report and whether nothing is wrong."""
    debts, keys, counters, senders = _debts(stack, each=int(minutes * 60 * rate * 0.75) + 20)
    crowd = Crowd(stack, debts, keys, seed=seed, people=12, rate=rate)
    faults = Faults(stack, disk, seed=seed, own_valkey=own_valkey)
    desk = Desk(crowd, counters, seed=seed)
    transfers = Transfers(crowd, senders, seed=seed)

    def look() -> Verdict:
        return compare(
            stack, SLUGS, registered=desk.registered, unanswered=desk.unanswered, transfers=transfers.decided,
            undecided=transfers.unanswered,
        )  # fmt: skip

    crowd.start()
    desk.start()
    transfers.start()
    faults.start()
    end = time.monotonic() + minutes * 60
    while time.monotonic() < end and faults.trouble is None:
        time.sleep(1)
    crowd.stop()
    desk.stop()
    transfers.stop()
    faults.stop()
    faults_end = time.monotonic()
    verdict = look()
    while (verdict.stuck or verdict.wrong) and time.monotonic() < faults_end + SETTLE_SECONDS:
        time.sleep(5)
        verdict = look()
    # What no callback told of an approved attempt is asked an hour later, and at night: the night comes now.
    unknown, said = len(verdict.lost), []
    for slug in SLUGS:
        try:
            stack.run("manage.py", "reconcile", "--agency", slug, "--since", f"{datetime.now(UTC).date() - timedelta(days=1)}")
        except AssertionError as error:  # what differs is in the report all the same
            said.append(f"{slug}: {error}")
    while not verdict.good and time.monotonic() < faults_end + SETTLE_SECONDS:
        time.sleep(5)
        verdict = look()
    verdict.wrong += said + crowd.trouble + desk.trouble + transfers.trouble
    verdict.facts["references that the comparison completed"] = unknown
    decided = list(transfers.decided.values())
    verdict.facts["transfers confirmed by staff in the end"] = f"{decided.count(True)}, {decided.count(False)} rejected"
    settled = time.monotonic() - faults_end
    return _report(crowd, faults, verdict, seed=seed, minutes=minutes, rate=rate, settled=settled, own_valkey=own_valkey), verdict.good


def _debts(stack: Stack, *, each: int) -> tuple[list[Debt], dict[str, str], list[Counter], list[Sender]]:
    """Invoices to pay in both agencies, of clients with a session; the agencies' callback keys; who registers at their desks; and
    who transfers."""
    os.environ.update(stack.env)
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection
    from django.test import Client as Browser

    from payments.models import Invoice
    from payments.transfers import save_account
    from saas.accounts.models import Role, User
    from tenants import context
    from tenants.models import Agency
    from tests.world import log_in, make_client

    debts: list[list[Debt]] = []
    keys: dict[str, str] = {}
    counters: list[Counter] = []
    senders: list[Sender] = []
    for slug in SLUGS:
        agency = Agency.objects.get(slug=slug)
        keys[slug] = agency.key
        with context.in_agency(agency):
            clients = [make_client(f"99000{n}", f"Persona Caos {n}") for n in range(CLIENTS)]
            for number in range(each):
                amount = 500_000 + number
                Invoice.objects.create(
                    kind="rent", prefix="CX", number=number + 1, client=clients[number % CLIENTS], period=date(2026, 11, 1),
                    issued_on=date(2026, 11, 1), due_on=date(2026, 11, 30), concept="Caos", base=amount, total=amount,
                )  # fmt: skip
            rows = list(Invoice.objects.filter(prefix="CX").order_by("number").values_list("pk", "client_id"))
        cookies = {}
        for client in clients:
            browser = Browser()
            with context.in_agency(agency):
                user = client.user
            assert user is not None
            log_in(browser, agency, user)
            name = settings.SESSION_COOKIE_NAME
            cookies[client.pk] = f"{name}={browser.cookies[name].value}"
        with context.in_agency(agency):
            clerk = User.objects.create_user(username=f"caja@{slug}.example", role=Role.STAFF, name="Caja Caos", password=secrets.token_hex(16))
            payer = make_client("99099", "Persona Mostrador")
            Invoice.objects.create(
                kind="rent", prefix="CM", number=1, client=payer, period=date(2026, 11, 1), issued_on=date(2026, 11, 1),
                due_on=date(2026, 11, 30), concept="Caos", base=1_000_000, total=1_000_000,
            )  # fmt: skip
            sender = make_client("99098", "Persona Transferencia")
            rents = [
                Invoice.objects.create(
                    kind="rent", prefix="CT", number=number + 1, client=sender, period=date(2026, 11, 1), issued_on=date(2026, 11, 1),
                    due_on=date(2026, 11, 30), concept="Caos", base=300_000 + number, total=300_000 + number,
                ).pk
                for number in range(TRANSFERS)
            ]  # fmt: skip
            save_account(TOLD, active=True, staff=clerk, now=datetime.now(UTC))
            user = sender.user
        assert user is not None
        sessions = []
        for person in (clerk, user):
            browser = Browser()
            log_in(browser, agency, person)
            sessions.append(f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}")
        counters.append(Counter(slug, payer.pk, sessions[0]))
        senders.append(Sender(slug, tuple(rents), client=sessions[1], staff=sessions[0]))
        debts.append([Debt(slug, pk, cookies[client_id]) for pk, client_id in rows])
    connection.close()
    return [debt for pair in zip(*debts, strict=True) for debt in pair], keys, counters, senders


def _report(
    crowd: Crowd, faults: Faults, verdict: Verdict, *, seed: str, minutes: float, rate: float, settled: float, own_valkey: bool
) -> str:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout.strip() or "?"
    seen = crowd.seen
    lines = [
        f"### Seed {seed}, {minutes:g} minutes, {rate:g} payments begun a second, commit {commit}",
        "",
        "| | |",
        "|---|---|",
        f"| kills (-9) | {faults.kills} |",
        *(f"| · {name} | {times} |" for name, times in sorted(faults.done.items()) if name.startswith("kill")),
        *(f"| {name} | {times} |" for name, times in sorted(faults.done.items()) if "by itself" in name),
        f"| database connections cut | {faults.cut} (in {faults.done['cut database connections']} cuts) |",
        f"| Valkey emptied | {faults.done['empty Valkey']} |",
        f"| Valkey frozen | {faults.done['freeze Valkey'] if own_valkey else 'not ours: never'} |",
        f"| disk of the papers filled | {faults.done['fill the disk']}, for {faults.full_seconds:.0f} s in all ({faults.disk.how}) |",
        f"| gateway frozen | {faults.done['freeze the gateway']} |",
        *(f"| {name} | {number} |" for name, number in sorted(verdict.facts.items())),
        *(f"| crowd: {name} | {number} |" for name, number in sorted(seen.counts.items())),
        f"| requests that failed (no answer, or 5xx) | {seen.failures} |",
        f"| approved at the gateway | {verdict.approved}, under {verdict.references} references |",
        f"| **lost** | **{len(verdict.lost)}** |",
        f"| **doubled** | **{len(verdict.doubled)}** |",
        f"| **gaps in receipt numbers** | **{len(verdict.gaps)}** |",
        f"| **stuck** | **{len(verdict.stuck)}** |",
        f"| **sums or papers wrong** | **{len(verdict.wrong)}** |",
        f"| all settled after the last fault | {settled:.0f} s |",
        f"| pages of the checkout | {_times(seen.pages, 'ms')} |",
        f"| callbacks answered | {_times(seen.callbacks, 'ms')} |",
        f"| approval to receipt, lost callbacks included | {_times(verdict.lags, 's')} |",
        f"| approval to PDF | {_times(verdict.papers, 's')} |",
    ]
    for name in ("lost", "doubled", "gaps", "stuck", "wrong"):
        found = getattr(verdict, name)
        lines += ["", f"{name}:", "", *(f"- {each}" for each in found[:40])] if found else []
    return "\n".join(lines) + "\n"


def _times(values: list[float], unit: str) -> str:
    if not values:
        return "none"
    ordered = sorted(values)
    points = [ordered[min(len(ordered) - 1, int(len(ordered) * p / 100))] for p in (50, 95, 99)]
    return f"p50 {points[0]:.1f}, p95 {points[1]:.1f}, p99 {points[2]:.1f}, longest {ordered[-1]:.1f} {unit} ({len(ordered)})"


if __name__ == "__main__":
    sys.exit(main())
