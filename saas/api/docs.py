"""The documentation page of the API: drawn on the server from the same OpenAPI document that programs read.

In Spanish, without scripts and without anything from elsewhere. It shows nobody's data.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from saas.accounts.doors import everyone
from saas.api.schema import document
from saas.api.scopes import Scope

TYPES = {"string": "texto", "integer": "entero", "boolean": "sí/no", "array": "lista", "object": "objeto", "number": "número"}
FORMATS = {"date": "día", "date-time": "fecha y hora", "uri": "dirección", "binary": "archivo"}


@everyone
@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """*Documentación de la API*."""
    context = {"groups": groups(), "origin": f"{request.scheme}://{request.get_host()}", "scopes": Scope.choices}
    return render(request, "api/docs.html", context)


@lru_cache(maxsize=1)
def groups() -> list[dict[str, Any]]:
    """The operations by tag, as the page shows them."""
    found: dict[str, list[dict[str, Any]]] = {}
    schemas = document()["components"]["schemas"]
    for path, operations in document()["paths"].items():
        for method, operation in operations.items():
            found.setdefault(operation["tags"][0], []).append(_operation(path, method, operation, schemas))
    resources = list(dict.fromkeys(scope.partition(":")[0] for scope in Scope.values))
    ordered = sorted(found.items(), key=lambda item: resources.index(item[1][0]["path"].split("/")[3]))
    return [{"tag": tag, "slug": f"grupo-{number}", "operations": listed} for number, (tag, listed) in enumerate(ordered, start=1)]


def _operation(path: str, method: str, operation: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    good = next(code for code in operation["responses"] if code.startswith("2"))
    body, answer = _held(operation.get("requestBody", {})), _held(operation["responses"][good])
    return {
        "name": operation["operationId"], "path": path, "method": method.upper(), "summary": operation["summary"],
        "text": text if (text := operation["description"]) != operation["summary"] else "", "status": good,
        "parameters": [
            {"name": p["name"], "required": p.get("required", False), "kind": _kind(p["schema"], schemas), "text": p.get("description", "")}
            for p in operation.get("parameters", [])
        ],
        "body": _fields(body, schemas) if body else [],
        "answer": json.dumps(_example(answer, schemas), indent=2, ensure_ascii=False) if answer and answer.get("format") != "binary" else "",
    }  # fmt: skip


def _held(part: dict[str, Any]) -> dict[str, Any]:
    """The schema of what a request or an answer holds; empty when it holds nothing."""
    media: Any = next(iter(part.get("content", {}).values()), None)
    return dict(media["schema"]) if media else {}


def _plain(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """A schema with its reference followed, and the one of several that is not null."""
    for several in ("allOf", "oneOf", "anyOf"):
        if several in schema:
            schema = {**schema, **next((one for one in schema[several] if one.get("type") != "null"), {})}
    if "$ref" in schema:
        return {**schemas[schema["$ref"].rpartition("/")[2]], **{key: value for key, value in schema.items() if key == "description"}}
    return schema


def _kind(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    schema = _plain(schema, schemas)
    if schema.get("enum"):
        return " | ".join(str(value) for value in schema["enum"] if value not in (None, ""))
    kind = schema.get("type", "")
    names = [TYPES.get(name, name) for name in ([kind] if isinstance(kind, str) else kind) if name != "null"]
    return FORMATS.get(schema.get("format", ""), " o ".join(names))


def _fields(schema: dict[str, Any], schemas: dict[str, Any]) -> list[dict[str, Any]]:
    schema = _plain(schema, schemas)
    required = schema.get("required", [])
    return [
        {"name": name, "kind": _kind(field, schemas), "required": name in required, "text": field.get("description", "")}
        for name, field in schema.get("properties", {}).items()
    ]


def _example(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    schema = _plain(schema, schemas)
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type", "object")
    kind = kind if isinstance(kind, str) else next(name for name in kind if name != "null")
    if kind == "object":
        return {name: _example(field, schemas) for name, field in schema.get("properties", {}).items()}
    if kind == "array":
        return [_example(schema["items"], schemas)]
    if schema.get("pattern"):
        return "1850000.00"
    samples = {"date": "2026-11-23", "date-time": "2026-11-23T10:00:00-05:00", "uri": None}
    return samples.get(schema.get("format", ""), {"integer": 1, "boolean": True}.get(kind, "texto"))
