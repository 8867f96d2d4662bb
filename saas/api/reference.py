"""The API's reference as plain data: a pure function from the OpenAPI document to what the documentation page shows.

It knows nothing of requests, templates or rows. The examples are saas/api/examples.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from saas.api.examples import ASKED, CHANGED, LEFT_OUT, example, resolve
from saas.api.fields import AMOUNT, BIGGEST

TYPES = {"string": "texto", "integer": "entero", "boolean": "true o false", "array": "lista", "object": "objeto", "null": "null"}
FORMATS = {"date": "día", "date-time": "fecha y hora", "uri": "dirección web", "email": "correo", "binary": "archivo"}
PLACES = {"path": "en la dirección", "query": "", "header": "encabezado"}


@dataclass(frozen=True)
class Field:
    """A parameter, or a field of a body or an answer. `values` are the only ones that it takes, or their pattern."""

    name: str
    kind: str
    required: bool
    bounds: str
    values: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Operation:
    """What a program may do: how it is asked, and what comes back."""

    anchor: str
    method: str
    path: str
    summary: str
    text: str
    scope: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    status: str
    answer: tuple[Field, ...]
    problems: tuple[tuple[str, str], ...]  # status and when
    curl: str
    shown: str  # the example of the answer; empty if it is a file

    @property
    def verb(self) -> str:
        """The method, for the look of its badge."""
        return self.method.lower()


@dataclass(frozen=True)
class Group:
    """The operations of a resource."""

    anchor: str
    name: str
    operations: tuple[Operation, ...]


def read(document: dict[str, Any], *, origin: str) -> list[Group]:
    """The groups of an OpenAPI document in its order, with examples that ask `origin`."""
    found: dict[str, list[Operation]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            found.setdefault(operation["tags"][0], []).append(_operation(path, method, operation, document, origin))
    return [Group(f"grupo-{_resource(listed[0].path)}", tag, tuple(listed)) for tag, listed in found.items()]


def examples_of(path: str, operation: dict[str, Any], schemas: dict[str, Any]) -> tuple[Any, Any]:
    """The examples of what an operation takes and of what it answers; None for nothing, or a file."""
    where = {"operation": operation["operationId"], "resource": _resource(path)}
    body, answer = _held(operation.get("requestBody", {})), _held(operation["responses"][_good(operation)])
    sent = None
    if body:
        partial = body["$ref"].rpartition("/")[2].startswith("Patched")
        whole = example(body, schemas, **where).items()
        sent = {name: value for name, value in whole if (name in CHANGED or not partial) and f"{where['operation']}.{name}" not in LEFT_OUT}
    return sent, example(answer, schemas, **where) if "$ref" in answer else None


def value_of(parameter: dict[str, Any], path: str, operation: dict[str, Any]) -> Any:
    """The example of a parameter. An Idempotency-Key is of one operation."""
    if parameter["name"] == "Idempotency-Key":
        return f"{operation['operationId']}-000123"
    return example(parameter["schema"], {}, operation=operation["operationId"], resource=_resource(path), within=parameter["name"])


def _operation(path: str, method: str, operation: dict[str, Any], document: dict[str, Any], origin: str) -> Operation:
    schemas, good = document["components"]["schemas"], _good(operation)
    sent, answered = examples_of(path, operation, schemas)
    ((scope,),) = operation["security"][0].values()
    return Operation(
        anchor=operation["operationId"], method=method.upper(), path=path, summary=operation["summary"], scope=scope, status=good,
        text=text if (text := operation["description"]) != operation["summary"] else "",
        parameters=tuple(_field(p["name"], p["schema"], schemas, required=p.get("required", False), about=p) for p in _sorted(operation)),
        body=tuple(_fields(_held(operation.get("requestBody", {})), schemas)),
        answer=tuple(_fields(_held(operation["responses"][good]), schemas)),
        problems=tuple((code, one["description"]) for code, one in operation["responses"].items() if code >= "400"),
        curl=_curl(path, method, operation, origin, sent), shown=_json(answered) if answered is not None else "",
    )  # fmt: skip


def _curl(path: str, method: str, operation: dict[str, Any], origin: str, sent: Any) -> str:
    values = {p["name"]: value_of(p, path, operation) for p in operation.get("parameters", [])}
    places = {p["name"]: p["in"] for p in operation.get("parameters", [])}
    query = {name: json.dumps(values[name]).strip('"') for name in ASKED if places.get(name) == "query"}
    for name in [name for name, place in places.items() if place == "path"]:
        path = path.replace(f"{{{name}}}", str(values[name]))
    lines = [f"curl {'' if method == 'get' else f'-X {method.upper()} '}'{origin}{path}{'?' if query else ''}{urlencode(query)}'"]
    lines.append('-H "Authorization: Bearer $LLAVE"')
    lines += [f"-H '{name}: {values[name]}'" for name, place in places.items() if place == "header"]
    if sent is not None:
        lines += ["-H 'Content-Type: application/json'", f"-d '{_json(sent).replace(chr(10), chr(10) + '  ')}'"]
    if not _held(operation["responses"][_good(operation)]).get("$ref"):
        lines.append("-o documento.pdf")
    return " \\\n  ".join(lines)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _resource(path: str) -> str:
    return path.split("/")[3]


def _good(operation: dict[str, Any]) -> str:
    return next(code for code in operation["responses"] if code.startswith("2"))


def _held(part: dict[str, Any]) -> dict[str, Any]:
    """The schema of what a request or an answer holds; empty when it holds nothing."""
    media: Any = next(iter(part.get("content", {}).values()), None)
    return dict(media["schema"]) if media else {}


def _sorted(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """The parameters: those that must be there first."""
    return sorted(operation.get("parameters", []), key=lambda one: (not one.get("required", False), list(PLACES).index(one["in"])))


def _fields(schema: dict[str, Any], schemas: dict[str, Any], within: str = "") -> Iterator[Field]:
    """The fields of an object, and below each list of objects those of its rows: `lines[].amount`."""
    schema = resolve(schema, schemas)
    for name, field in schema.get("properties", {}).items():
        plain = resolve(field, schemas)
        yield _field(f"{within}{name}", field, schemas, required=name in schema.get("required", []))
        if "array" in _kinds(plain):
            yield from _fields(plain["items"], schemas, f"{within}{name}[].")


def _field(name: str, schema: dict[str, Any], schemas: dict[str, Any], *, required: bool, about: dict[str, Any] | None = None) -> Field:
    schema = resolve(schema, schemas)
    kinds = _kinds(schema)
    kind = " o ".join(FORMATS.get(schema.get("format", ""), TYPES[one]) if one != "null" else "null" for one in kinds)
    values = tuple(str(value) for value in schema.get("enum", []) if value not in (None, ""))
    if schema.get("pattern", AMOUNT) != AMOUNT:
        values = (schema["pattern"],)
    text = (about or schema).get("description", "")
    place = PLACES[about["in"]] if about else ""
    return Field(name, f"{kind}, {place}" if place else kind, required, _bounds(schema), values, text)


def _kinds(schema: dict[str, Any]) -> list[str]:
    kind = schema.get("type", "object")
    return [kind] if isinstance(kind, str) else list(kind)


def _bounds(schema: dict[str, Any]) -> str:
    """Between what a value lies, in words; empty if it is not said."""
    if schema.get("pattern"):
        return "cifra con dos decimales" if schema["pattern"] == AMOUNT else ""
    if schema.get("enum"):
        return ""
    for low, high, of in (("minLength", "maxLength", " letras"), ("minItems", "maxItems", " filas"), ("minimum", "maximum", "")):
        least, most = schema.get(low), schema.get(high)
        if most is not None and most != BIGGEST:
            return f"{least} a {most}{of}" if least is not None else f"hasta {most}{of}"
        if least is not None and (of or least != 1):
            return f"desde {least}{of}"
    return ""
