"""The sheets Inmuebles and Contratos: units with their owners, known by their code, and leases, known by their number.

The shares of a unit's owners add up to 100 or the unit is refused. A unit may take several rows, one for each owner.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from clientarea.importing import store
from clientarea.importing.report import Fate, SheetReport
from clientarea.importing.values import CENT, Cells, documents, percent, shown, whole
from clientarea.importing.workbook import Row, SheetSpec
from clientarea.models import Lease, Ownership, Unit, Use
from saas.lib.clock import short_date

OWNERS = "Propietarios (documento:participación)"
UNITS = SheetSpec(
    "Inmuebles",
    ("Código", "Tipo", "Dirección", "Ciudad", "Barrio", "Estrato", "Matrícula inmobiliaria", OWNERS),
    told=("Código", "Dirección"),
    optional=frozenset({"Barrio", "Estrato", "Matrícula inmobiliaria"}),
    also={
        "Código": ("Código inmueble", "Código del inmueble", "Inmueble", "Ref", "Referencia"),
        "Tipo": ("Tipo de inmueble", "Tipo inmueble", "Clase"),
        "Dirección": ("Dirección del inmueble",),
        "Ciudad": ("Municipio",),
        "Barrio": ("Sector",),
        "Matrícula inmobiliaria": ("Matrícula", "Folio de matrícula"),
        OWNERS: ("Propietarios", "Propietario", "Propietario (documento)", "Propietarios (documento)", "Dueño", "Dueños"),
    },
    names=("Propiedades", "Predios", "Inmueble"),
)
RENTER, CO_RENTER = "Arrendatario (documento)", "Coarrendatario (documento)"
LEASES = SheetSpec(
    "Contratos",
    (
        "Número", "Inmueble", RENTER, CO_RENTER, "Canon", "Cuota de administración", "Fecha inicio", "Fecha fin", "Día de pago",
        "Uso", "Comisión",
    ),
    told=("Número", "Inmueble"),
    optional=frozenset({CO_RENTER}),
    also={
        "Número": ("Número de contrato", "No. contrato", "Contrato", "Número contrato"),
        "Inmueble": ("Código inmueble", "Código del inmueble", "Inmueble (código)"),
        RENTER: ("Arrendatario", "Inquilino", "Inquilino (documento)", "Documento arrendatario", "Documento inquilino"),
        CO_RENTER: ("Coarrendatario", "Documento coarrendatario", "Deudor solidario"),
        "Canon": ("Canon mensual", "Valor canon", "Arriendo", "Valor arriendo"),
        "Cuota de administración": ("Administración", "Valor administración"),
        "Fecha inicio": ("Fecha de inicio", "Inicio", "Desde"),
        "Fecha fin": ("Fecha de fin", "Fecha final", "Fecha de terminación", "Fin", "Hasta", "Vencimiento"),
        "Día de pago": ("Día pago", "Día límite de pago"),
        "Uso": ("Destinación", "Destino"),
        "Comisión": ("Porcentaje de comisión",),
    },
    names=("Contratos de arrendamiento", "Arriendos", "Arrendamientos", "Contrato"),
)  # fmt: skip
UNIT_FIELDS = ("kind", "address", "city", "neighbourhood", "stratum", "registry")
LEASE_FIELDS = (
    "unit_id", "renter_id", "co_renter_id", "rent", "administration", "starts_on", "ends_on", "payment_day", "use", "commission",
)  # fmt: skip
USES = {"vivienda": Use.HOUSING, "comercio": Use.BUSINESS, "comercial": Use.BUSINESS}
WHOLE = Decimal(100)

Shares = dict[int, Decimal]  # a client's id -> percent


@dataclass
class _Wanted:
    """What the rows of one unit say together."""

    values: dict[str, Any]
    shares: Shares = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)
    again: list[int] = field(default_factory=list)  # rows that bring nothing new


def import_units(rows: Iterable[Row], sheet: SheetReport, *, clients: Mapping[str, int]) -> None:
    """Create and update units and who owns them."""
    wanted = _read_units(rows, sheet, clients)
    whole_units = {code: unit for code, unit in wanted.items() if _adds_up(unit, sheet)}
    known = {unit.code: unit for unit in store.found(Unit.objects.all(), "code", whole_units)}
    owned: dict[int, list[Ownership]] = {}
    for share in store.found(Ownership.objects.all(), "unit_id", [unit.pk for unit in known.values()]):
        owned.setdefault(share.unit_id, []).append(share)

    new: dict[str, Unit] = {}
    changed: list[Unit] = []
    resold: list[Unit] = []
    for code, said in whole_units.items():
        unit = known.get(code)
        if unit is None:
            new[code] = Unit(code=code, **said.values)
            sheet.make(said.rows[0], "unit", new[code])
            sheet.change(said.rows[0], "shares", new[code], before={}, after=_by_id(said.shares))
            fate = Fate.CREATED
        else:
            fate = Fate.UNCHANGED
            if store.differs(unit, said.values):
                sheet.change(said.rows[0], "unit", unit, before=store.put(unit, said.values))
                changed.append(unit)
                fate = Fate.UPDATED
            before = {share.owner_id: share.share for share in owned.get(unit.pk, [])}
            if before != said.shares:
                sheet.change(said.rows[0], "shares", unit, before=_by_id(before), after=_by_id(said.shares))
                resold.append(unit)
                fate = Fate.UPDATED
        for row in said.rows:
            sheet.settle(row, fate)
        for row in said.again:
            sheet.settle(row, Fate.UNCHANGED)
    store.insert(list(new.values()))
    store.rewrite(changed, UNIT_FIELDS)
    for piece in store.chunks([unit.pk for unit in resold]):
        Ownership.objects.filter(unit_id__in=piece).delete()
    store.insert(
        [
            Ownership(unit=unit, owner_id=owner, share=share)
            for unit in [*new.values(), *resold]
            for owner, share in whole_units[unit.code].shares.items()
        ]
    )


def unit_ids() -> dict[str, int]:
    """The id of every unit by code, in capitals."""
    return {code.upper(): pk for code, pk in Unit.objects.values_list("code", "pk")}


def lease_ids() -> dict[str, int]:
    """The id of every lease by number, in capitals."""
    return {number.upper(): pk for number, pk in Lease.objects.values_list("number", "pk")}


def _by_id(shares: Shares) -> dict[str, Any]:
    """Shares as they are remembered: by the owner's id as text, which is what JSON has for keys."""
    return {str(owner): share.quantize(CENT) for owner, share in sorted(shares.items())}


def _read_units(rows: Iterable[Row], sheet: SheetReport, clients: Mapping[str, int]) -> dict[str, _Wanted]:
    wanted: dict[str, _Wanted] = {}
    for row in rows:
        cells = Cells(sheet, row)
        code = cells.needed("Código", most=20).upper()
        values = _unit_values(cells)
        shares = _shares(cells, clients)
        if not cells.ok:
            continue
        before = wanted.get(code)
        if before is None:
            wanted[code] = _Wanted(values, shares, [row.number])
        elif before.values != values:
            cells.refuse("Código", repeated(code, before.rows[0]))
        elif any(before.shares.get(owner, share) != share for owner, share in shares.items()):
            cells.refuse(OWNERS, repeated(code, before.rows[0]))
        elif shares.keys() <= before.shares.keys():
            before.again.append(row.number)
        else:
            before.shares |= shares
            before.rows.append(row.number)
    return wanted


def _unit_values(cells: Cells) -> dict[str, Any]:
    kind = cells.needed("Tipo", most=40)
    values = {
        "kind": kind.capitalize() if kind.isupper() or kind.islower() else kind,
        "address": cells.needed("Dirección", most=200),
        "city": cells.needed("Ciudad", most=80),
        "neighbourhood": cells.text("Barrio", most=80),
        "stratum": _stratum(cells),
        "registry": cells.text("Matrícula inmobiliaria", most=40),
    }
    return cells.without(values, {"neighbourhood": "Barrio", "stratum": "Estrato", "registry": "Matrícula inmobiliaria"})


def _stratum(cells: Cells) -> int | None:
    """The stratum, or None: one that cannot be read is no reason to lose a unit."""
    value = cells.raw("Estrato")
    if value is None:
        return None
    try:
        return whole(value, least=0, most=6)
    except ValueError as error:
        cells.notice("Estrato", _("%s Se dejó sin estrato.") % error)
        return None


def _shares(cells: Cells, clients: Mapping[str, int]) -> Shares:
    """The owners of a row with their percents, from `339671596:60%; 836496546:40%`."""
    text = cells.raw(OWNERS)
    pieces = [piece.strip() for piece in str(text or "").split(";") if piece.strip()]
    if not pieces and cells.ok:
        cells.refuse(OWNERS, _("Falta el propietario."))
    shares: Shares = {}
    for piece in pieces:
        document, colon, share = piece.partition(":")
        try:
            portion = percent(share) if colon or len(pieces) > 1 else WHOLE  # a lone owner needs no share
            owner = next((clients[d] for d in documents(document) if d in clients), None)
        except ValueError as error:
            cells.refuse(OWNERS, str(error))
            continue
        if owner is None:
            cells.refuse(OWNERS, _("No hay un tercero aceptado con el documento %s.") % shown(document))
        elif owner in shares:
            cells.refuse(OWNERS, _("El propietario %s está dos veces.") % shown(document))
        elif portion <= 0:
            cells.refuse(OWNERS, _("La participación de %s debe ser mayor que cero.") % shown(document))
        else:
            shares[owner] = portion
    return shares


def _adds_up(unit: _Wanted, sheet: SheetReport) -> bool:
    total = sum(unit.shares.values(), Decimal(0))
    if total == WHOLE:
        return True
    told = f"{total.normalize():f}".replace(".", ",")
    for row in [*unit.rows, *unit.again]:
        sheet.reject(row, OWNERS, _("Las participaciones de los propietarios suman %(total)s%%, no 100%%.") % {"total": told})
    return False


def import_leases(
    rows: Iterable[Row], sheet: SheetReport, *, clients: Mapping[str, int], units: Mapping[str, int]
) -> None:
    """Create and update leases. One whose unit or renter is not there is refused."""
    wanted: dict[str, tuple[int, dict[str, Any]]] = {}
    for row in rows:
        cells = Cells(sheet, row)
        number = cells.needed("Número", most=30).upper()
        values = _lease_values(cells, clients, units)
        if not cells.ok:
            continue
        if number not in wanted:
            wanted[number] = (row.number, values)
        elif wanted[number][1] == values:
            sheet.settle(row.number, Fate.UNCHANGED)
        else:
            cells.refuse("Número", repeated(number, wanted[number][0]))
    known = {lease.number: lease for lease in store.found(Lease.objects.all(), "number", wanted)}
    new: list[Lease] = []
    changed: list[Lease] = []
    for number, (at, values) in wanted.items():
        lease = known.get(number)
        if lease is None:
            new.append(Lease(number=number, **values))
            sheet.make(at, "lease", new[-1])
            sheet.settle(at, Fate.CREATED)
        elif store.differs(lease, values):
            sheet.change(at, "lease", lease, before=store.put(lease, values))
            changed.append(lease)
            sheet.settle(at, Fate.UPDATED)
        else:
            sheet.settle(at, Fate.UNCHANGED)
    store.insert(new)
    store.rewrite(changed, LEASE_FIELDS)


def _lease_values(cells: Cells, clients: Mapping[str, int], units: Mapping[str, int]) -> dict[str, Any]:
    values: dict[str, Any] = {
        "unit_id": cells.named("Inmueble", units, 0),
        "renter_id": cells.known(RENTER, clients, 0),
        "rent": cells.money("Canon"),
        "administration": cells.money("Cuota de administración"),
        "starts_on": cells.day("Fecha inicio"),
        "ends_on": cells.day("Fecha fin"),
        "payment_day": cells.whole("Día de pago", least=1, most=31),
        "use": cells.choice("Uso", USES, Use.HOUSING),
        "commission": cells.percent("Comisión"),
    }
    if cells.ok and values["ends_on"] < values["starts_on"]:
        told = {"end": short_date(values["ends_on"]), "start": short_date(values["starts_on"])}
        cells.refuse("Fecha fin", _("El contrato termina (%(end)s) antes de empezar (%(start)s).") % told)
    values["co_renter_id"] = _co_renter(cells, clients, values["renter_id"])
    return cells.without(values, {"co_renter_id": CO_RENTER})


def _co_renter(cells: Cells, clients: Mapping[str, int], renter: int) -> int | None:
    """The co-renter, or None: one that is not there, or is the renter, is left out with a notice."""
    value = cells.raw(CO_RENTER)
    if value is None:
        return None
    try:
        found = next((clients[d] for d in documents(value) if d in clients), None)
    except ValueError as error:
        cells.notice(CO_RENTER, _("%s Se dejó sin coarrendatario.") % error)
        return None
    if found is None:
        cells.notice(CO_RENTER, _("No hay un tercero aceptado con el documento %s. Se dejó sin coarrendatario.") % shown(value))
    elif found == renter:
        cells.notice(CO_RENTER, _("El coarrendatario %s es el mismo arrendatario. Se dejó sin coarrendatario.") % shown(value))
        return None
    return found


def repeated(key: str, row: int) -> str:
    """The reason for refusing a row whose key came before with other values."""
    return _("%(key)s está repetido: ya venía en la fila %(row)s con otros datos.") % {"key": key, "row": row}
