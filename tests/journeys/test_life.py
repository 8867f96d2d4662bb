"""The life of an agency in the browser and by commands: signed up, approved, paid by a client, exported, restored under another name; the
restored one equals the exported one row by row and file by file, and opens again."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page, expect
from psycopg import sql

from tests.journeys.stack import Stack, until
from tests.journeys.steps import ask_for_agency, come_back, expect_state, log_in, pay_at_payu, register_payment

pytestmark = pytest.mark.journey
SLUG, COPY = "guayacan", "guayacan-nueva"
TYPED = {"agency_name": "Inmobiliaria Guayacán", "nit": "900123456", "nit_check": "8", "slug": SLUG, "person_name": "Gabriela Uribe"}
FOUNDER = {"usuario": "gabriela@guayacan.example", "contraseña": "guayacanes-en-flor-2026"}
SESSIONS = ("django_session", "usersessions_usersession")  # not exported: whoever had them could pass for the person
SEALED = ("api_login", "api_key", "previous_api_key", "hmac_secret")  # sealed anew for the other schema
HELD = ("dead_at", "last_error")  # a copy writes to nobody: its waiting jobs are put aside


@pytest.fixture
def approval(stack: Stack) -> Iterator[None]:
    """While it lasts, each sign-up waits for an operator."""
    with psycopg.connect(stack.database_url, autocommit=True) as server:
        server.execute("INSERT INTO tenants_platform (id, needs_approval) VALUES (1, true) ON CONFLICT (id) DO UPDATE SET needs_approval = true")
        yield
        server.execute("UPDATE tenants_platform SET needs_approval = false")


def schema_of(stack: Stack, slug: str) -> str:
    return str(stack.platform(f"SELECT schema_name FROM tenants_agency WHERE slug = '{slug}'")[0][0])


def rows(stack: Stack, slug: str) -> dict[str, list[str]]:
    """Every row of every table as text, less what differs on purpose."""
    schema, found = schema_of(stack, slug), {}
    with psycopg.connect(stack.database_url) as server:
        tables = server.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", [schema]).fetchall()
        for (table,) in tables:
            values: list[dict[str, Any]] = [
                row[0] for row in server.execute(sql.SQL("SELECT to_jsonb(t) FROM {} t").format(sql.Identifier(schema, table)))
            ]
            for value in values:
                value |= {name: bool(value[name]) for name in SEALED if table == "payments_gatewayaccount"}
                value |= dict.fromkeys(HELD if table == "jobs_job" else ())
            found[table] = [] if table in SESSIONS else sorted(json.dumps(value, sort_keys=True) for value in values)
    return found


def files(stack: Stack, slug: str) -> dict[str, str]:
    """The hash of each file of an agency."""
    folder = stack.folder / "files" / schema_of(stack, slug)
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def operate(page: Page, stack: Stack, verb: str, pk: object, button: str) -> None:
    """An operation of the superadmin, with its reason."""
    page.goto(f"{stack.origin}/superadmin/hacer/{verb}/?ids={pk}")
    page.get_by_label("Motivo").fill("Lo pidió por teléfono")
    page.get_by_role("button", name=button).click()
    page.wait_for_url(lambda url: "/hacer/" not in url)


def test_from_sign_up_to_a_restored_export(stack: Stack, window: Any, approval: None, tmp_path: Path) -> None:
    # Signed up, and waiting for an operator.
    visitor: Page = window().new_page()
    visitor.goto(ask_for_agency(visitor, stack, about=TYPED, founder=FOUNDER))
    visitor.get_by_role("button", name=re.compile("Confirmar")).click()
    visitor.wait_for_url(re.compile(r"/registro/estado/"))
    expect(visitor.locator("#estado")).to_contain_text("una persona lo está revisando")

    # Approved in the superadmin; its founder comes in.
    olga: Page = window().new_page()
    (operator,) = [person for person in stack.demo["people"] if person["role"] == "operador"]
    log_in(olga, stack.origin, operator, path="/superadmin/")
    ((signup,),) = stack.platform(f"SELECT id FROM tenants_signup WHERE slug = '{SLUG}'")
    olga.goto(f"{stack.origin}/superadmin/tenants/signup/?q={SLUG}")
    expect(olga.locator("#result_list")).to_contain_text("Inmobiliaria Guayacán")
    operate(olga, stack, "aprobar", signup, "Aprobar")
    until("the agency is there", lambda: stack.platform(f"SELECT 1 FROM tenants_agency WHERE slug = '{SLUG}' AND state = 'active'"))
    visitor.reload()
    expect(visitor.get_by_role("link", name="Entrar a mi portal")).to_be_visible()
    origin = stack.agency_origin(SLUG)
    log_in(visitor, origin, FOUNDER, path="/oficina/")

    # A client pays, and gets the receipt.
    stack.run("-m", "tests.journeys.seed", "first", SLUG)
    person = json.loads((stack.folder / "first.json").read_text(encoding="utf-8"))
    client: Page = window().new_page()
    log_in(client, origin, person)
    number = register_payment(client, origin)
    pay_at_payu(client, stack, means="card", outcome="approved")
    come_back(client, origin)
    expect_state(client, "approved")
    expect(client.get_by_test_id("download-receipt")).to_be_visible(timeout=30_000)

    # Exported and restored under another name, while nobody works.
    archive = tmp_path / "guayacan.tar.gz"
    stack.kill("beat")
    stack.kill("worker")
    try:
        before = rows(stack, SLUG)
        stack.run("manage.py", "export_agency", SLUG, str(archive))
        stack.run("manage.py", "restore_agency", str(archive), "--as", COPY)
        after = rows(stack, COPY)
        assert rows(stack, SLUG) == before  # an export changes nothing
    finally:
        stack.start_worker()
        stack.start_beat()
    assert after == before
    assert len(after["clientarea_client"]) == 1
    assert [json.loads(row)["state"] for row in after["payments_payment"]] == ["approved"]
    assert len(after["payments_receipt"]) == 1
    assert files(stack, COPY) == files(stack, SLUG)
    assert files(stack, COPY) != {}

    # Opened by an operator: the same people and the same books.
    copy = stack.agency_origin(COPY)
    ((pk,),) = stack.platform(f"SELECT id FROM tenants_agency WHERE slug = '{COPY}'")
    client.goto(copy + "/")
    expect(client.locator("body")).not_to_contain_text("Área de clientes")
    operate(olga, stack, "reactivar", pk, "Reactivar")
    log_in(client, copy, person)
    client.goto(f"{copy}/area-de-clientes/pagos/")
    expect(client.get_by_role("main")).to_contain_text(number)
    log_in(visitor, copy, FOUNDER, path="/oficina/")
    expect(visitor.get_by_role("main")).to_be_visible()
