"""docs/manual.md says where each row of the manual is and which test walks it: each address leads somewhere, each test is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import Resolver404, resolve

ROOT = Path(settings.BASE_DIR)
PAGES = ("…/", "/")
EXAMPLES = {"<id>": "7", "<token>": "abc", "<code>": "ABC", "<radicado>": "2026-000001", "<parte>": "facturas"}
# The manual's own eight rows and what the best portals add: a row may not be dropped without a word.
ROWS = (
    "**Acceso**", "second factor", "**Inicio**", "**Datos de perfil**", "**Factura de arrendamiento**", "pay one, several",
    "pay without logging in", "**Histórico de pagos**", "**Factura de la comisión**", "**Histórico de ingresos**", "**PQRS**",
    "*Estado de cuenta*", "one's own data", "*English*", "kept on a phone", "**Documentos**", "**Notificaciones**", "Ley 2300", "calendar",
)  # fmt: skip


def rows() -> list[list[str]]:
    """The cells of each row of the two tables, without their heads."""
    lines = [line for line in (ROOT / "docs" / "manual.md").read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [row for row in cells if row[0] not in ("row of the manual", "what")]


CLIENT_AREA = [row for row in rows() if len(row) == 3]
DESK = [row for row in rows() if len(row) == 2]


def test_every_row_is_there() -> None:
    assert [wanted for wanted in ROWS if not any(wanted in row[0] for row in CLIENT_AREA)] == []
    assert len(DESK) == 7


@pytest.mark.parametrize("row", CLIENT_AREA, ids=lambda row: row[0][:30])
def test_its_addresses_lead_somewhere(row: list[str]) -> None:
    addresses = [said for said in re.findall(r"`([^`]+)`", row[1]) if said.startswith(PAGES)]
    assert addresses or "by mail" in row[1]
    for address in addresses:
        path = address.replace("…", "/area-de-clientes", 1)
        for name, value in EXAMPLES.items():
            path = path.replace(name, value)
        try:
            resolve(path, urlconf=settings.AGENCY_URLCONF)
        except Resolver404:
            pytest.fail(f"{address} leads nowhere")


@pytest.mark.parametrize("row", [*CLIENT_AREA, *DESK], ids=lambda row: row[0][:30])
def test_its_tests_exist(row: list[str]) -> None:
    place = ROOT / "tests" / "journeys" / "test_desk.py"  # where the second table's are, as the text above it says
    named = re.findall(r"`([^`]+)`", row[-1])
    assert named
    for said in named:
        if said.startswith("tests/"):
            place = ROOT / said
            assert place.exists(), said
        else:
            assert f"def {said}(" in place.read_text(encoding="utf-8"), said
