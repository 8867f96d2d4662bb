"""What the API says of itself: OpenAPI 3.1, the same for all agencies, made once in each process.

`documented` is how a view's method is described; `finish` adds what is true of every operation: the errors, the headers.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers

from saas.accounts.doors import everyone
from saas.api.fields import BIGGEST, Query
from saas.api.idempotency import PATTERN

ERRORS = {
    "400": "No se entiende: JSON mal formado, parámetro que no existe o encabezado que falta.",
    "401": "Falta la llave, o no sirve en esta inmobiliaria.",
    "403": "La llave no tiene el permiso.",
    "404": "No existe.",
    "405": "La dirección no admite ese método.",
    "406": "No se puede responder en el formato pedido.",
    "409": "Choca con lo que hay, o con otra solicitud en curso.",
    "412": "El dato cambió después de leerlo.",
    "413": "El cuerpo pasa de 1 MB.",
    "415": "El cuerpo no es application/json.",
    "422": "Los datos no se pueden aceptar; `errors` dice cuáles.",
    "428": "Falta If-Match.",
    "429": "Demasiadas solicitudes: espere lo que dice Retry-After.",
}
_ALWAYS = ("400", "401", "403", "404", "405", "406", "429")
_OF_METHOD = {"get": (), "post": ("409", "413", "415", "422"), "patch": ("409", "412", "413", "415", "422", "428")}
_PROBLEM = {
    "type": "object",
    "description": "Un error (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "Estable, para programas."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "Qué pasó y qué hacer."},
        "errors": {"type": "object", "description": "Por campo o parámetro, lo que está mal.", "additionalProperties": True},
    },
}


class Described(AutoSchema):
    """How operations are described: each names the scope that its key needs, as OpenAPI 3.1 lets any security scheme do."""

    def get_auth(self) -> list[dict[str, Any]]:
        """The key, and what it must be allowed."""
        view: Any = self.view  # a Resource, which names a scope for each method
        scope = view.scopes[self.method]
        return [{name: [scope.value] for name in one} for one in super().get_auth()]


def documented(
    name: str, summary: str, *, tag: str, out: Any, status: int = 200, query: type[Query] | None = None, request: Any = None, text: str = ""
) -> Callable[[Any], Any]:
    """Describes one method of a view. A list (`query` given) answers pages of `out`."""
    answer: Any = out
    if query is not None:
        fields = {"results": out(many=True), "next": serializers.URLField(allow_null=True, help_text="La página que sigue; null en la última.")}
        answer = inline_serializer(name=f"{out.__name__}Page", fields=fields)
    return extend_schema(
        operation_id=name, summary=summary, description=text or summary, tags=[tag], request=request,
        responses=answer if isinstance(answer, dict) else {status: answer},
        parameters=[query] if query is not None else [],
    )  # fmt: skip


def pdf() -> dict[tuple[int, str], OpenApiResponse]:
    """A PDF as an answer."""
    return {(200, "application/pdf"): OpenApiResponse(OpenApiTypes.BINARY, description="El PDF.")}


def finish(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """A hook of drf-spectacular: errors and headers of every operation, and bodies that take no unknown field."""
    components = result.setdefault("components", {}).setdefault("schemas", {})
    for component in components.values():
        component.pop("description", None)  # the docstring, which is for those who read the code
    components["Problem"] = _PROBLEM
    for operations in result["paths"].values():
        for method, operation in operations.items():
            for code in sorted({*_ALWAYS, *_OF_METHOD[method]}):
                content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
                operation["responses"][code] = {"description": ERRORS[code], "content": content}
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "path":
                    parameter["schema"] = {"type": "integer", "minimum": 1, "maximum": BIGGEST}
                    parameter.setdefault("description", "El `id` que traen las listas y lo que se crea.")
            headers: list[tuple[str, str, dict[str, Any]]] = []
            if method == "post":
                text = "Distinto para cada operación. La misma solicitud repetida recibe la misma respuesta, durante 48 horas."
                headers.append(("Idempotency-Key", text, {"type": "string", "pattern": PATTERN}))
            if method == "patch":
                headers.append(("If-Match", "El ETag de lo que se leyó.", {"type": "string", "minLength": 1}))
            for name, text, schema in headers:
                operation.setdefault("parameters", []).append(
                    {"in": "header", "name": name, "required": True, "description": text, "schema": schema}
                )
            for media in operation.get("requestBody", {}).get("content", {}).values():
                reference = media["schema"].get("$ref", "").rpartition("/")[2]
                if reference:
                    components[reference]["additionalProperties"] = False
    result["servers"] = [{"url": "/", "description": "El sitio de la inmobiliaria"}]
    return result


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    return dict(SchemaGenerator(urlconf="saas.urls_agency").get_schema(request=None, public=True))


@lru_cache(maxsize=1)
def as_json() -> bytes:
    """The OpenAPI document as it is served."""
    return json.dumps(document(), ensure_ascii=False, indent=1, default=str).encode()


@everyone
@require_safe
@cache_control(public=True, max_age=300)
def schema_json(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document. It holds nobody's data."""
    return HttpResponse(as_json(), content_type="application/vnd.oai.openapi+json;version=3.1")
