"""What every view of the API is made of: its door (a key with a scope, method by method), lists in pages, ETags, and POSTs
that are done once.

A view whose methods do not all name a scope does not come up. Rows come from the view's `rows`; nothing here knows a model.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.core.signals import got_request_exception
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.decorators import classonlymethod
from django.utils.http import parse_etags
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from saas.accounts.doors import api_door
from saas.api import problems
from saas.api.authentication import HasScope, KeyAuthentication, KeyThrottle
from saas.api.fields import Query, read_query
from saas.api.idempotency import once
from saas.api.keys import Caller
from saas.api.scopes import Scope

log = logging.getLogger(__name__)
ROWS = 50
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class StrictParser(JSONParser):
    """JSON that is not nested without end."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except (RecursionError, UnicodeDecodeError) as error:
            raise ParseError from error


class Resource(APIView):
    """A view of the API. `scopes` says what a key needs for each method."""

    scopes: ClassVar[Mapping[str, Scope]] = {}
    authentication_classes = [KeyAuthentication]
    permission_classes = [HasScope]
    throttle_classes = [KeyThrottle]
    parser_classes = [StrictParser]
    renderer_classes = [JSONRenderer]
    http_method_names = ["get", "head", "patch", "post"]

    @classonlymethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """The view, behind its door."""
        return api_door(super().as_view(**initkwargs), scopes=cls.scopes, methods=[m for m in METHODS if hasattr(cls, m.lower())])

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().dispatch(request, *args, **kwargs)
        except Exception as error:  # ours, not the caller's: told to the log, and to the caller in the one form
            log.exception("api: %s", type(error).__name__)
            got_request_exception.send(sender=type(self), request=request)
            return problems.plain(500, "Lo que ya estaba guardado sigue guardado. Repita la solicitud en un momento con el mismo Idempotency-Key.")

    def get_exception_handler(self) -> Callable[..., Any]:
        return problems.handle

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method in ("POST", "PATCH"):
            _ = request._request.body  # bounded: REST framework would read on without end

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if response.status_code >= 400:
            request.accepted_renderer, request.accepted_media_type = JSONRenderer(), "application/json"
        response = super().finalize_response(request, response, *args, **kwargs)
        if isinstance(response, Response) and response.status_code in (200, 201) and isinstance(response.data, dict):
            response["ETag"] = etag_of(response.data)
            given = request.headers.get("If-None-Match", "")
            if request.method in ("GET", "HEAD") and response["ETag"] in [tag.removeprefix("W/") for tag in parse_etags(given)]:
                response = HttpResponse(status=304, headers={"ETag": response["ETag"]})
        response["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ["Authorization"])
        return response

    def caller(self) -> Caller:
        """Who calls."""
        caller = self.request.user
        assert isinstance(caller, Caller)  # noqa: S101  (the permission has seen to it)
        return caller


class ListView(Resource):
    """GET: rows in pages by a cursor, in the order in which they were made."""

    query: ClassVar[type[Query]] = Query
    out: ClassVar[Any]

    def rows(self, wanted: dict[str, Any]) -> QuerySet[Any]:
        """What the parameters ask for."""
        raise NotImplementedError

    def get(self, request: Request) -> Response:
        wanted = read_query(self.query, request.query_params)
        limit = wanted.pop("limit", ROWS)
        after = int(wanted.pop("cursor", "c0")[1:], 16)
        found = list(self.rows(wanted).filter(pk__gt=after).order_by("pk")[: limit + 1])
        following = None
        if len(found) > limit:
            found = found[:limit]
            parameters = request.query_params.copy()
            parameters["cursor"] = f"c{found[-1].pk:x}"
            following = request.build_absolute_uri(f"{request.path}?{parameters.urlencode()}")
        return Response({"results": self.out(found, many=True).data, "next": following})


class PostingMixin:
    """POST, done once for each Idempotency-Key. What it does is `act`."""

    def act(self, request: Request, **where: Any) -> Response:
        """Do what is asked for and answer."""
        raise NotImplementedError

    def post(self: Any, request: Request, **where: Any) -> Any:
        def work() -> Response:
            try:
                with transaction.atomic():
                    response = self.act(request, **where)
            except Exception as error:
                response = self.handle_exception(error)  # raises what is not the caller's doing
            response = self.finalize_response(request, response)
            response.render()
            return response

        return once(request, self.caller().key, work)


def expect(request: Request, data: Mapping[str, Any]) -> None:
    """Make sure that who changes a row has seen it as it is (`data`). Raises Problem: 428 without If-Match, 412 if it changed."""
    given = request.headers.get("If-Match", "")
    if not given:
        raise problems.Problem(428, "Envíe If-Match con el ETag de lo que leyó: así nadie borra lo que otro acaba de escribir.")
    if etag_of(data) not in parse_etags(given) and given.strip() != "*":
        raise stale()


def stale() -> problems.Problem:
    """412: somebody changed the row meanwhile."""
    return problems.Problem(412, "Otra persona o programa cambió este dato después de que usted lo leyó. Léalo de nuevo y repita.")


def etag_of(data: Mapping[str, Any]) -> str:
    """The strong ETag of a representation."""
    return f'"{hashlib.sha256(JSONRenderer().render(data)).hexdigest()[:24]}"'


def created(data: Mapping[str, Any], location: str) -> Response:
    """201 with where it is."""
    return Response(data, status=201, headers={"Location": location})
