"""The sheet Egresos: what the agency paid its owners, known by the number of its voucher.

A row whose figures do not add up is refused; a payout once recorded keeps its amounts, its date and its owner.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from clientarea.importing import store
from clientarea.importing.estate import repeated
from clientarea.importing.report import Fate, SheetReport
from clientarea.importing.values import Cells
from clientarea.importing.workbook import Row, SheetSpec
from payments.importing_rows import Key, full
from payments.models import Payout
from saas.lib.money import cop

PREFIX = "CE"  # of a voucher that gives only its number
PAYOUTS = SheetSpec(
    "Egresos",
    (
        "Comprobante", "Fecha", "Propietario (documento)", "Contrato", "Periodo", "Canon recaudado", "Comisión", "IVA comisión",
        "Retenciones", "Otros descuentos", "Neto girado", "Banco", "Cuenta",
    ),
    told=("Comprobante", "Contrato"),
    optional=frozenset({"Banco", "Cuenta"}),
    also={
        "Comprobante": ("Comprobante de egreso", "Egreso", "Número de egreso", "No. comprobante"),
        "Fecha": ("Fecha de pago", "Fecha giro", "Fecha de giro"),
        "Propietario (documento)": ("Propietario", "Documento propietario", "Documento del propietario", "Dueño"),
        "Contrato": ("Número de contrato", "No. contrato"),
        "Periodo": ("Mes",),
        "Canon recaudado": ("Recaudado", "Recaudo", "Canon"),
        "IVA comisión": ("IVA de la comisión", "IVA"),
        "Retenciones": ("Retención",),
        "Otros descuentos": ("Descuentos", "Otros"),
        "Neto girado": ("Neto", "Valor girado", "Total girado"),
        "Banco": ("Entidad",),
        "Cuenta": ("Número de cuenta", "No. cuenta"),
    },
    names=("Giros", "Pagos a propietarios", "Comprobantes de egreso", "Egreso"),
)  # fmt: skip
MONEY_FIELDS = ("owner_id", "lease_id", "paid_on", "collected", "commission", "commission_iva", "withholdings", "other", "net")
OTHER_FIELDS = ("period", "bank", "account")


def import_payouts(
    rows: Iterable[Row], sheet: SheetReport, *, clients: Mapping[str, int], leases: Mapping[str, int]
) -> None:
    """Create payouts; of those that are known, update what only describes them."""
    wanted: dict[Key, tuple[int, dict[str, Any]]] = {}
    for row in rows:
        cells = Cells(sheet, row)
        key, values = _read(cells, clients, leases)
        if not cells.ok:
            continue
        if key not in wanted:
            wanted[key] = (row.number, values)
        elif wanted[key][1] == values:
            sheet.settle(row.number, Fate.UNCHANGED)
        else:
            cells.refuse("Comprobante", repeated(full(key), wanted[key][0]))
    known = {(payout.prefix, payout.number): payout for payout in store.found(Payout.objects.all(), "number", [n for _p, n in wanted])}
    new: list[Payout] = []
    changed: list[Payout] = []
    for key, (at, values) in wanted.items():
        payout = known.get(key)
        if payout is None:
            new.append(Payout(prefix=key[0], number=key[1], **values))
            sheet.make(at, "payout", new[-1])
            sheet.settle(at, Fate.CREATED)
        elif store.differs(payout, {name: values[name] for name in MONEY_FIELDS}):
            told = {"old": cop(payout.net), "new": cop(values["net"])}
            reason = _("Este egreso ya está registrado con otros valores, fecha o propietario (neto %(old)s, ahora %(new)s). No se cambió.")
            sheet.reject(at, "Comprobante", reason % told)
        elif store.differs(payout, values):
            sheet.change(at, "payout", payout, before=store.put(payout, values))
            changed.append(payout)
            sheet.settle(at, Fate.UPDATED)
        else:
            sheet.settle(at, Fate.UNCHANGED)
    store.insert(new)
    store.rewrite(changed, OTHER_FIELDS)


def _read(cells: Cells, clients: Mapping[str, int], leases: Mapping[str, int]) -> tuple[Key, dict[str, Any]]:
    key = cells.numbered("Comprobante", prefix=PREFIX)
    values: dict[str, Any] = {
        "owner_id": cells.known("Propietario (documento)", clients, 0),
        "lease_id": cells.named("Contrato", leases, 0),
        "period": cells.period("Periodo"),
        "paid_on": cells.day("Fecha"),
        "collected": cells.money("Canon recaudado"),
        "commission": cells.money("Comisión"),
        "commission_iva": cells.money("IVA comisión"),
        "withholdings": cells.money("Retenciones"),
        "other": cells.money("Otros descuentos"),
        "net": cells.money("Neto girado"),
        "bank": cells.text("Banco", most=60),
        "account": cells.text("Cuenta", most=30),
    }
    if cells.ok:
        taken = values["commission"] + values["commission_iva"] + values["withholdings"] + values["other"]
        if values["collected"] - taken != values["net"]:
            told = {"net": cop(values["net"]), "sum": cop(values["collected"] - taken)}
            cells.refuse("Neto girado", _("El neto dice %(net)s, pero el recaudo menos los descuentos da %(sum)s.") % told)
    return key, cells.without(values, {"bank": "Banco", "account": "Cuenta"})
