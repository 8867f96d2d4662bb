"""The API's door of cases: read, and filed for a client who called or wrote elsewhere, as at the desk.

Internal notes and files are not given. What the client reads of the thread is.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from clientarea.access import leases_of, units_of
from clientarea.models import Client
from pqrs.cases import LONGEST, CaseError, open_case
from pqrs.models import OPEN_STATES, Case, CaseKind, CaseState, CaseSubject, Channel, Purpose
from saas.api.fields import Day, Moment, Number, Query, QueryDay, Text, Whole, YesNo, identifier, read_body
from saas.api.problems import Problem
from saas.api.schema import documented
from saas.api.scopes import Scope
from saas.api.views import ListView, PostingMixin, Resource, created
from saas.lib import clock

CASES = "PQRS"
CHANNELS = [choice for choice in Channel.choices if choice[0] != Channel.PORTAL]


class CaseIn(serializers.Serializer[Any]):
    """A case as it is sent."""

    client = identifier()
    kind = serializers.ChoiceField(CaseKind.choices, help_text="Clasificación: decide el término legal.")
    subject = serializers.ChoiceField(CaseSubject.choices, help_text="Asunto.")
    description = Text(max_length=LONGEST)
    channel = serializers.ChoiceField(CHANNELS, help_text="Cómo llegó.")
    received_on = Day(required=False, help_text="Cuándo llegó, si no fue hoy: el término corre desde el día hábil siguiente.")
    unit = identifier(required=False, allow_null=True)
    lease = identifier(required=False, allow_null=True)


class CaseOut(serializers.Serializer[Any]):
    """A case as it is given."""

    id = Whole()
    number = serializers.CharField(help_text="Radicado.")
    client = Whole(source="client_id")
    kind = serializers.ChoiceField(CaseKind.choices)
    subject = serializers.ChoiceField(CaseSubject.choices)
    state = serializers.ChoiceField(CaseState.choices)
    channel = serializers.ChoiceField(Channel.choices)
    description = serializers.CharField()
    unit = Whole(source="unit_id", allow_null=True)
    lease = Whole(source="lease_id", allow_null=True)
    opened_at = serializers.DateTimeField()
    received_on = serializers.DateField()
    due_on = serializers.DateField()
    answered_at = serializers.DateTimeField(allow_null=True)


class MessageOut(serializers.Serializer[Any]):
    """An entry of a case's thread."""

    from_staff = serializers.BooleanField()
    purpose = serializers.ChoiceField(Purpose.choices)
    author = serializers.CharField()
    text = serializers.CharField()
    written_at = serializers.DateTimeField()


class CaseWithThread(CaseOut):
    """A case and what client and agency wrote each other."""

    messages = MessageOut(many=True)


class CaseQuery(Query):
    """Which cases."""

    client = Number(required=False)
    number = serializers.CharField(required=False, max_length=11)
    state = serializers.ChoiceField(CaseState.choices, required=False)
    open = YesNo(required=False, help_text="true: sin responder. false: respondidas o cerradas.")
    due_before = QueryDay(required=False)
    updated_since = Moment(required=False, help_text="Con algo nuevo desde entonces.")


class Cases(PostingMixin, ListView):
    """Cases, and a new one."""

    scopes = {"GET": Scope.CASES_READ, "POST": Scope.CASES_WRITE}
    query, out = CaseQuery, CaseOut

    def rows(self, wanted: dict[str, Any]) -> QuerySet[Case]:
        rows = Case.objects.all()
        for name, field in (("client", "client"), ("number", "number"), ("state", "state"), ("due_before", "due_on__lt")):
            if name in wanted:
                rows = rows.filter(**{field: wanted[name]})
        if "open" in wanted:
            rows = rows.filter(Q(state__in=OPEN_STATES) if wanted["open"] else ~Q(state__in=OPEN_STATES))
        if "updated_since" in wanted:
            rows = rows.filter(pk__in=Case.objects.filter(events__at__gte=wanted["updated_since"]).values("pk"))
        return rows

    @documented("cases_list", "Listar PQRS", tag=CASES, out=CaseOut, query=CaseQuery)
    def get(self, request: Request) -> Response:
        return super().get(request)

    @documented("cases_create", "Radicar una PQRS", tag=CASES, out=CaseWithThread, status=201, request=CaseIn)
    def post(self, request: Request) -> Any:
        return super().post(request)

    def act(self, request: Request, **where: Any) -> Response:
        given, now = read_body(CaseIn, request.data), clock.now()
        client = Client.objects.filter(pk=given["client"]).first()
        if client is None:
            raise _absent("client", "Ese cliente no existe.")
        unit = units_of(client).filter(pk=given["unit"]).first() if given.get("unit") else None
        if given.get("unit") and unit is None:
            raise _absent("unit", "Ese inmueble no es de este cliente.")
        lease = leases_of(client).filter(pk=given["lease"]).first() if given.get("lease") else None
        if given.get("lease") and lease is None:
            raise _absent("lease", "Ese contrato no es de este cliente.")
        received = given.get("received_on")
        if received is not None and received > clock.local(now).date():
            raise _absent("received_on", "La fecha en que se recibió no puede ser futura.")
        try:
            case = open_case(
                client=client, kind=given["kind"], subject=given["subject"], description=given["description"], now=now, unit=unit,
                lease=lease, channel=given["channel"], received_on=received, by=self.caller().staff,
            )  # fmt: skip
        except CaseError as error:
            raise Problem(422, str(error)) from error
        return created(CaseWithThread(case).data, f"{request.path}{case.pk}/")


class OneCase(Resource):
    """A case."""

    scopes = {"GET": Scope.CASES_READ}

    @documented("cases_read", "Leer una PQRS con su hilo", tag=CASES, out=CaseWithThread)
    def get(self, request: Request, pk: int) -> Response:
        return Response(CaseWithThread(get_object_or_404(Case.objects.prefetch_related("messages"), pk=pk)).data)


def _absent(name: str, text: str) -> Problem:
    return Problem(422, text, errors={name: [text]})


urlpatterns = [
    path("cases/", Cases.as_view(), name="api_cases"),
    path("cases/<int:pk>/", OneCase.as_view(), name="api_case"),
]
