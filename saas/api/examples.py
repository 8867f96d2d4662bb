"""Values for the examples of the API's documentation: made from the schema, the same in every process, and nobody's.

A value is looked up by operation, then by resource, then by its field's name; what has none gets the plainest that its schema
allows. A test holds every example to its schema.
"""

from __future__ import annotations

from typing import Any

# "operation.field", "resource.field" or "field"; a field of a list's rows is "list.field".
SAMPLES: dict[str, Any] = {
    "client": 41, "renter": 41, "owner": 12, "co_renter": None, "unit": 9, "lease": 17, "invoice": 5812, "payment": 903, "receipt": 871,
    "clients.id": 41, "units.id": 9, "leases.id": 17, "invoices.id": 5812, "payments.id": 903, "receipts.id": 871, "payouts.id": 120,
    "cases.id": 66,
    "created_at": "2026-11-03T09:12:40-05:00", "created_since": "2026-11-01T00:00:00-05:00", "updated_since": "2026-11-01T00:00:00-05:00",
    "issued_since": "2026-11-01T00:00:00-05:00", "paid_from": "2026-11-01", "in_force_on": "2026-11-30", "cursor": "c29", "limit": 50,
    "next": None, "voided_at": None, "archived_at": None,
    "document_type": "CC", "document": "52418903", "document_check": "", "name": "Rita Gómez Páez", "email": "rita.gomez@correo.example",
    "mobile": "+573004127788", "landline": "", "address": "Calle 94 # 15-32, apto 402", "city": "Bogotá", "neighbourhood": "Chicó",
    "clients.landline": "6014127788", "clients_archive.archived_at": "2026-11-23T15:04:05-05:00", "clients.q": "rita",
    "units.kind": "Apartamento", "units.code": "AP-402", "units.q": "calle 94", "stratum": 4, "registry": "50C-1847210",
    "units.owners.client": 12, "share": "100.00",
    "leases.number": "C-2026-017", "starts_on": "2026-02-01", "ends_on": "2027-01-31", "rent": "1850000.00", "administration": "250000.00",
    "payment_day": 5, "use": "housing", "leases.commission": "8.00", "on": "2026-12-31", "leases_end.ends_on": "2026-12-31",
    "invoices.number": "FA-5812", "invoices.kind": "rent", "invoices.state": "pending", "owed": True,
    "period": "2026-12-01", "issued_on": "2026-11-23", "due_on": "2026-12-05", "invoices.concept": "Canon de diciembre de 2026",
    "base": "1850000.00", "iva": "0.00", "withholding": "0.00", "total": "2220000.00", "applied": "0.00", "balance": "2220000.00",
    "cufe": "", "lines.kind": "repair", "lines.concept": "Cambio de chapa", "lines.amount": "120000.00", "with_iva": False,
    "invoices.reason": "Se expidió dos veces el mismo mes", "invoices_void.state": "void", "invoices_void.balance": "0.00",
    "invoices_void.voided_at": "2026-11-23T15:04:05-05:00",
    "payments.amount": "2220000.00", "payments.lines.amount": "2220000.00", "means": "Transferencia", "reference": "88213",
    "payments.reason": "", "paid_on": "2026-11-23", "source": "manual", "payments.state": "approved",
    "settled_at": "2026-11-23T15:04:05-05:00",
    "receipts.number": "RC-871", "receipts.amount": "2220000.00", "issued_at": "2026-11-23T15:04:05-05:00", "code": "7KQ2-M4XD-91TB",
    "payouts.number": "EG-120", "collected": "1850000.00", "payouts.commission": "148000.00", "commission_iva": "28120.00",
    "withholdings": "0.00", "other": "0.00", "net": "1673880.00", "payouts.period": "2026-11-01",
    "cases.number": "2026-000123", "cases.kind": "claim", "subject": "repairs", "cases.state": "in_progress", "channel": "phone",
    "description": "Gotea el lavaplatos desde el lunes.", "opened_at": "2026-11-20T08:30:00-05:00", "received_on": "2026-11-20",
    "cases.due_on": "2026-12-14", "answered_at": None, "assigned_to": "sara@inmobiliaria.example", "to": "sara@inmobiliaria.example",
    "days": 10, "open": True, "cases.reason": "Esperamos el repuesto del fabricante.",
    "text": "El plomero va mañana a las 9.", "messages.from_staff": True, "messages.author": "Sara Díaz", "messages.purpose": "message",
    "written_at": "2026-11-20T10:15:00-05:00", "cases_answer.messages.purpose": "answer", "cases_answer.state": "answered",
    "cases_answer.answered_at": "2026-11-20T10:15:00-05:00", "cases_close.state": "closed", "cases_close.reason": "Quedó reparado el 21.",
    "cases_close.answered_at": "2026-11-20T10:15:00-05:00", "cases_close.messages.purpose": "closing",
    "cases_close.messages.text": "Quedó reparado el 21.", "cases_create.state": "pending", "cases_create.assigned_to": None,
    "cases_extend.messages.purpose": "extension", "cases_extend.messages.text": "Esperamos el repuesto del fabricante.",
    "If-Match": '"5f0c1b7a9d3e42866ab01c9d"',
}  # fmt: skip
LEFT_OUT = {"invoices_write.client", "payments_register.other_than"}  # what need not be sent beside the rest
CHANGED = {"mobile", "email", "rent", "ends_on", "neighbourhood", "stratum"}  # what the example of a PATCH changes
ASKED = ("q", "owed", "open", "in_force_on", "paid_from", "issued_since", "limit")  # what the example of a list asks for


def resolve(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """A schema with its reference followed, and the one of several that is not null."""
    for several in ("allOf", "oneOf", "anyOf"):
        if several in schema:
            schema = {**schema, **next((one for one in schema[several] if one.get("type") != "null"), {})}
    if "$ref" in schema:
        return {**schemas[schema["$ref"].rpartition("/")[2]], **{key: value for key, value in schema.items() if key == "description"}}
    return schema


def example(schema: dict[str, Any], schemas: dict[str, Any], *, operation: str, resource: str, within: str = "") -> Any:
    """A value of a schema. `within` is the field that it belongs to: "", "lines", "lines.amount"."""
    found = _sample(operation, resource, within)
    if found is not None:
        return found[0]
    schema = resolve(schema, schemas)
    kinds = [schema["type"]] if isinstance(schema.get("type"), str) else schema.get("type", ["object"])
    if "object" in kinds:
        made = {}
        for name, field in schema.get("properties", {}).items():
            inner = name if not within else f"{within}.{name}"
            made[name] = example(field, schemas, operation=operation, resource=resource, within="" if name == "results" else inner)
        return made
    if "array" in kinds:
        return [example(schema["items"], schemas, operation=operation, resource=resource, within=within)]
    return _plainest(schema, kinds)


def _sample(operation: str, resource: str, within: str) -> tuple[Any] | None:
    """The value that is written above, in a tuple: it may be None."""
    last = within.rpartition(".")[2]
    for key in (f"{operation}.{within}", f"{resource}.{within}", within, last):
        if key in SAMPLES:
            return (SAMPLES[key],)
    return None


def _plainest(schema: dict[str, Any], kinds: list[str]) -> Any:
    """The plainest value that a schema without a sample allows."""
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get("examples"):
        return schema["examples"][0]
    formats = {"date": "2026-11-23", "date-time": "2026-11-23T10:00:00-05:00", "email": "sara@inmobiliaria.example"}
    text = formats.get(schema.get("format", ""), "texto".ljust(schema.get("minLength", 0), "o"))
    return {"integer": schema.get("minimum", 1), "number": 1.5, "boolean": True, "null": None}.get(kinds[0], text)
