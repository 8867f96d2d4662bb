"""Errors in one form: RFC 9457, `application/problem+json`. Titles and details are Spanish, `type` is stable for programs.

Nothing of the inside is ever told: an error that we did not foresee is a 500 by the site's own handler, in this form.
"""

from __future__ import annotations

import json
import math
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions, status
from rest_framework.response import Response

from saas.accounts.doors import everyone

CONTENT_TYPE = "application/problem+json"
TITLES = {
    400: "La solicitud no se entiende", 401: "Falta una llave válida", 403: "La llave no permite esto", 404: "No existe",
    405: "Método no permitido", 406: "No hay respuesta en ese formato", 409: "No se puede en este momento", 412: "El dato cambió",
    413: "La solicitud es demasiado grande", 415: "Formato no admitido", 422: "Los datos no se pueden aceptar",
    428: "Falta una condición", 429: "Demasiadas solicitudes", 500: "Algo falló de nuestro lado",
}  # fmt: skip
DETAILS: dict[type[Exception], str] = {
    exceptions.NotAuthenticated: "Envíe `Authorization: Bearer <llave>` con una llave de esta inmobiliaria.",
    exceptions.AuthenticationFailed: "Envíe `Authorization: Bearer <llave>` con una llave de esta inmobiliaria.",
    exceptions.ParseError: "El cuerpo no es JSON bien formado.",
    exceptions.NotAcceptable: "Esta dirección responde JSON: revise el encabezado Accept.",
    exceptions.UnsupportedMediaType: "Envíe el cuerpo como application/json.",
    exceptions.MethodNotAllowed: "Esta dirección no admite ese método: vea el encabezado Allow.",
    exceptions.Throttled: "Espere los segundos que dice Retry-After.",
}


class Problem(exceptions.APIException):
    """An answer that is an error: its status, what happened, and where (`errors`: field, or parameter, to texts). `kind` names one that
    programs answer in their own way; `more` is what they need for that."""

    def __init__(
        self, status_code: int, detail: str, *, errors: dict[str, Any] | None = None, kind: str = "", more: dict[str, Any] | None = None
    ) -> None:
        super().__init__(detail)
        self.status_code, self.said, self.errors, self.kind, self.more = status_code, detail, errors, kind, more or {}


def body_of(code: int, detail: str, errors: dict[str, Any] | None = None, *, kind: str = "") -> dict[str, Any]:
    """The body of a problem."""
    name = kind or HTTPStatus(code).phrase.lower().replace(" ", "-")
    body: dict[str, Any] = {"type": f"urn:problem:{name}", "title": TITLES[code], "status": code, "detail": detail}
    return {**body, "errors": errors} if errors else body


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's EXCEPTION_HANDLER. None lets what was not foreseen go on to the site's own handler (500)."""
    headers: dict[str, str] = {}
    if isinstance(error, Problem):
        body = {**body_of(error.status_code, error.said, error.errors, kind=error.kind), **error.more}
        return Response(body, status=error.status_code, content_type=CONTENT_TYPE)
    if isinstance(error, Http404):
        code, detail = 404, "No hay nada con esa dirección o ese número."
    elif isinstance(error, RequestDataTooBig):
        code, detail = 413, "El cuerpo pasa de 1 MB."
    elif isinstance(error, PermissionDenied | exceptions.PermissionDenied):
        code, detail = 403, str(error)
    elif isinstance(error, exceptions.APIException):
        code, detail = error.status_code, DETAILS.get(type(error), str(error.detail))
        if wait := getattr(error, "wait", None):
            headers["Retry-After"] = str(math.ceil(wait))
        if code == 401:
            headers["WWW-Authenticate"] = 'Bearer realm="api"'
    else:
        return None
    return Response(body_of(code, detail), status=code, headers=headers, content_type=CONTENT_TYPE)


def plain(code: int, detail: str) -> HttpResponse:
    """A problem outside of REST framework."""
    text = json.dumps(body_of(code, detail), ensure_ascii=False)
    return HttpResponse(text, status=code, content_type=CONTENT_TYPE)


@csrf_exempt
@everyone
def unknown(request: HttpRequest) -> HttpResponse:
    """404 for what is under /api/ and is not there."""
    return plain(status.HTTP_404_NOT_FOUND, "No hay nada en esa dirección de la API.")
