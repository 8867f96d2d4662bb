"""The API's door of cases: read, filed for a client who called or wrote elsewhere, and handled as at the desk: answered, asked
about, taken, assigned, extended, closed.

Internal notes and files are not given. What the client reads of the thread is. Whoever made the key answers for what it does.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from clientarea.access import leases_of, units_of
from clientarea.models import Client
from pqrs import handling
from pqrs.cases import LONGEST, CaseError, open_case
from pqrs.models import OPEN_STATES, Case, CaseKind, CaseState, CaseSubject, Channel, Purpose
from saas.accounts.models import Role, User
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


class Words(serializers.Serializer[Any]):
    """What is written to the client."""

    text = Text(max_length=LONGEST)


class Assignment(serializers.Serializer[Any]):
    """Who of the team has it."""

    to = serializers.EmailField(allow_null=True, help_text="El correo de alguien del equipo; null para nadie.")


class Extension(serializers.Serializer[Any]):
    """More time, with the reason that the client is told."""

    days = Whole(min_value=1, max_value=30, help_text="Días hábiles de más.")
    reason = Text(max_length=LONGEST - 500)


class Closing(serializers.Serializer[Any]):
    """Why a case is closed."""

    reason = Text(max_length=LONGEST, required=False, allow_blank=True, help_text="Lo lee el cliente; hace falta si no se había respondido.")


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
    assigned_to = serializers.CharField(source="assigned_to.email", allow_null=True, read_only=True, help_text="El correo de quien la tiene.")
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
        rows = Case.objects.select_related("assigned_to")
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
        return Response(_shown(pk))


class Handling(PostingMixin, Resource):
    """Something that staff do with a case; `handle` does it."""

    scopes = {"POST": Scope.CASES_HANDLE}
    body: ClassVar[type[serializers.Serializer[Any]] | None] = None

    def handle(self, case: Case, given: dict[str, Any], by: User, now: datetime) -> None:
        """Do it. Raises CaseError for what its state does not allow."""
        raise NotImplementedError

    def act(self, request: Request, **where: Any) -> Response:
        case = get_object_or_404(Case.objects.select_related("client", "unit", "lease"), pk=where["pk"])
        given = read_body(self.body, request.data) if self.body else {}
        try:
            self.handle(case, given, self.caller().staff, clock.now())
        except CaseError as error:
            raise Problem(409, str(error)) from error
        return Response(_shown(case.pk))


class Answer(Handling):
    """A case is answered."""

    body = Words

    def handle(self, case: Case, given: dict[str, Any], by: User, now: datetime) -> None:
        handling.answer(case, text=given["text"], by=by, now=now)

    @documented("cases_answer", "Responder una PQRS", tag=CASES, out=CaseWithThread, request=Words, text="Queda respondida y se le envía al cliente.")
    def post(self, request: Request, pk: int) -> Any:
        return super().post(request, pk=pk)


class Ask(Handling):
    """The client of a case is written to."""

    body = Words

    def handle(self, case: Case, given: dict[str, Any], by: User, now: datetime) -> None:
        handling.ask(case, text=given["text"], by=by, now=now)

    @documented(
        "cases_message", "Escribir al cliente sin responder todavía", tag=CASES, out=CaseWithThread, request=Words,
        text="Queda en trámite; el plazo sigue corriendo.",
    )  # fmt: skip
    def post(self, request: Request, pk: int) -> Any:
        return super().post(request, pk=pk)


class Take(Handling):
    """A case is being worked on."""

    def handle(self, case: Case, given: dict[str, Any], by: User, now: datetime) -> None:
        handling.take(case, by=by, now=now)

    @documented(
        "cases_take", "Poner una PQRS en trámite", tag=CASES, out=CaseWithThread, text="Si no es de nadie, queda a cargo de quien creó la llave."
    )
    def post(self, request: Request, pk: int) -> Any:
        return super().post(request, pk=pk)


class Assign(Handling):
    """A case is given to somebody."""

    body = Assignment

    def handle(self, case: Case, given: dict[str, Any], by: User, now: datetime) -> None:
        to = given["to"]
        found = User.objects.filter(role=Role.STAFF, is_active=True, email__iexact=to).first() if to is not None else None
        if to is not None and found is None:
            raise _absent("to", "Nadie del equipo tiene ese correo.")
        handling.assign(case, to=found, by=by, now=now)

    @documented("cases_assign", "Asignar una PQRS", tag=CASES, out=CaseWithThread, request=Assignment)
    def post(self, request: Request, pk: int) -> Any:
        return super().post(request, pk=pk)


class Extend(Handling):
    """A case gets more time."""

    body = Extension

    def handle(self, case: Case, given: dict[str, Any], by: User, now: datetime) -> None:
        handling.extend(case, reason=given["reason"], days=given["days"], by=by, now=now)

    @documented(
        "cases_extend", "Prorrogar el plazo", tag=CASES, out=CaseWithThread, request=Extension,
        text="Una vez, antes de que venza; se le avisa al cliente.",
    )  # fmt: skip
    def post(self, request: Request, pk: int) -> Any:
        return super().post(request, pk=pk)


class Close(Handling):
    """A case is closed."""

    body = Closing

    def handle(self, case: Case, given: dict[str, Any], by: User, now: datetime) -> None:
        handling.close(case, reason=given.get("reason", ""), by=by, now=now)

    @documented("cases_close", "Cerrar una PQRS", tag=CASES, out=CaseWithThread, request=Closing)
    def post(self, request: Request, pk: int) -> Any:
        return super().post(request, pk=pk)


def _shown(pk: int) -> Any:
    return CaseWithThread(get_object_or_404(Case.objects.select_related("assigned_to").prefetch_related("messages"), pk=pk)).data


def _absent(name: str, text: str) -> Problem:
    return Problem(422, text, errors={name: [text]})


urlpatterns = [
    path("cases/", Cases.as_view(), name="api_cases"),
    path("cases/<int:pk>/", OneCase.as_view(), name="api_case"),
    path("cases/<int:pk>/answer/", Answer.as_view(), name="api_case_answer"),
    path("cases/<int:pk>/messages/", Ask.as_view(), name="api_case_message"),
    path("cases/<int:pk>/take/", Take.as_view(), name="api_case_take"),
    path("cases/<int:pk>/assign/", Assign.as_view(), name="api_case_assign"),
    path("cases/<int:pk>/extend/", Extend.as_view(), name="api_case_extend"),
    path("cases/<int:pk>/close/", Close.as_view(), name="api_case_close"),
]
