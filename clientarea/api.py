"""The API's door of clients, units and leases: read, created and changed as at the desk, by its forms and its functions.

Nothing is deleted: clients are archived, leases end. Every change is in the history under the key's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db import transaction
from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from clientarea import api_forms, estate, people
from clientarea.desk_forms import ClientForm, LeaseForm, UnitForm, client_initial, lease_initial
from clientarea.finding import search, search_units
from clientarea.models import Client, Lease, Unit
from saas.api.fields import read_body
from saas.api.problems import Problem
from saas.api.schema import documented
from saas.api.scopes import Scope
from saas.api.views import ListView, PostingMixin, Resource, created, expect, stale
from saas.audit.changes import record
from saas.lib import clock, money, seen

CLIENTS, UNITS, LEASES = "Clientes", "Inmuebles", "Contratos"


def checked(form: forms.Form) -> Any:
    """The form, if what it holds is right. Raises Problem (422)."""
    if not form.is_valid():
        raise Problem(422, "Revise los datos marcados en `errors`.", errors={name: list(said) for name, said in form.errors.items()})
    return form


class Clients(PostingMixin, ListView):
    """Clients, and a new one."""

    scopes = {"GET": Scope.CLIENTS_READ, "POST": Scope.CLIENTS_WRITE}
    query, out = api_forms.ClientQuery, api_forms.Client

    def rows(self, wanted: dict[str, Any]) -> QuerySet[Client]:
        rows = search(Client.objects.all(), wanted["q"]) if wanted.get("q") else Client.objects.all()
        if "document" in wanted:
            rows = rows.filter(document=wanted["document"])
        if "archived" in wanted:
            rows = rows.filter(archived_at__isnull=not wanted["archived"])
        return rows.filter(created_at__gte=wanted["created_since"]) if "created_since" in wanted else rows

    @documented("clients_list", "Listar clientes", tag=CLIENTS, out=api_forms.Client, query=api_forms.ClientQuery)
    def get(self, request: Request) -> Response:
        return super().get(request)

    @documented("clients_create", "Crear un cliente", tag=CLIENTS, out=api_forms.Client, status=201, request=api_forms.ClientIn)
    def post(self, request: Request) -> Any:
        return super().post(request)

    def act(self, request: Request, **where: Any) -> Response:
        values = _client_values(read_body(api_forms.ClientIn, request.data), {})
        try:
            client = people.create_client(values)
        except people.DocumentTaken as error:
            raise Problem(409, str(error), errors={"document": [str(error)]}) from error
        record("client", client.pk, before={}, after=people.values_of(client), by=self.caller(), now=clock.now())
        return created(api_forms.Client(client).data, f"{request.path}{client.pk}/")


class OneClient(Resource):
    """A client."""

    scopes = {"GET": Scope.CLIENTS_READ, "PATCH": Scope.CLIENTS_WRITE}

    @documented("clients_read", "Leer un cliente", tag=CLIENTS, out=api_forms.Client)
    def get(self, request: Request, pk: int) -> Response:
        return Response(api_forms.Client(get_object_or_404(Client, pk=pk)).data)

    @documented("clients_update", "Cambiar un cliente", tag=CLIENTS, out=api_forms.Client, request=api_forms.ClientIn)
    def patch(self, request: Request, pk: int) -> Response:
        client = get_object_or_404(Client, pk=pk)
        expect(request, api_forms.Client(client).data)
        before = people.values_of(client)
        values = _client_values(read_body(api_forms.ClientIn, request.data, partial=True), client_initial(client))
        with transaction.atomic():
            try:
                client = people.change_client(client, values, mark=seen.mark(before))
            except seen.StaleError as error:
                raise stale() from error
            except (people.DocumentTaken, people.UsuarioTaken) as error:
                raise Problem(409, str(error), errors={"document": [str(error)]}) from error
            record("client", pk, before=before, after=values, by=self.caller(), now=clock.now())
        return Response(api_forms.Client(client).data)


class ClientArchive(PostingMixin, Resource):
    """A client is put away."""

    scopes = {"POST": Scope.CLIENTS_WRITE}

    @documented("clients_archive", "Archivar un cliente", tag=CLIENTS, out=api_forms.Client, text="Sale de las listas y ya no puede ingresar.")
    def post(self, request: Request, pk: int) -> Any:
        return super().post(request, pk=pk)

    def act(self, request: Request, **where: Any) -> Response:
        before, now = get_object_or_404(Client, pk=where["pk"]), clock.now()
        people.archive(before, now=now)
        return _told(self.caller(), before, now)


class ClientUnarchive(PostingMixin, Resource):
    """A client is brought back."""

    scopes = {"POST": Scope.CLIENTS_WRITE}

    @documented("clients_unarchive", "Restaurar un cliente archivado", tag=CLIENTS, out=api_forms.Client)
    def post(self, request: Request, pk: int) -> Any:
        return super().post(request, pk=pk)

    def act(self, request: Request, **where: Any) -> Response:
        before = get_object_or_404(Client, pk=where["pk"])
        people.unarchive(before)
        return _told(self.caller(), before, clock.now())


class Units(PostingMixin, ListView):
    """Units, and a new one."""

    scopes = {"GET": Scope.UNITS_READ, "POST": Scope.UNITS_WRITE}
    query, out = api_forms.UnitQuery, api_forms.Unit

    def rows(self, wanted: dict[str, Any]) -> QuerySet[Unit]:
        rows = search_units(Unit.objects.all(), wanted["q"]) if wanted.get("q") else Unit.objects.all()
        if "code" in wanted:
            rows = rows.filter(code=wanted["code"].upper())
        if "owner" in wanted:
            rows = rows.filter(ownerships__owner=wanted["owner"])
        return rows.prefetch_related("ownerships")

    @documented("units_list", "Listar inmuebles", tag=UNITS, out=api_forms.Unit, query=api_forms.UnitQuery)
    def get(self, request: Request) -> Response:
        return super().get(request)

    @documented("units_create", "Crear un inmueble", tag=UNITS, out=api_forms.Unit, status=201, request=api_forms.UnitIn)
    def post(self, request: Request) -> Any:
        return super().post(request)

    def act(self, request: Request, **where: Any) -> Response:
        given = read_body(api_forms.UnitIn, request.data)
        shares = _shares(given.pop("owners"))
        values = checked(UnitForm(given)).cleaned_data
        try:
            unit = estate.create_unit({name: values[name] for name in estate.UNIT_FIELDS}, shares)
        except estate.EstateError as error:
            raise _estate(error) from error
        record("unit", unit.pk, before={}, after=estate.unit_values(unit), by=self.caller(), now=clock.now())
        return created(api_forms.Unit(unit).data, f"{request.path}{unit.pk}/")


class OneUnit(Resource):
    """A unit."""

    scopes = {"GET": Scope.UNITS_READ, "PATCH": Scope.UNITS_WRITE}

    @documented("units_read", "Leer un inmueble", tag=UNITS, out=api_forms.Unit)
    def get(self, request: Request, pk: int) -> Response:
        return Response(api_forms.Unit(get_object_or_404(Unit, pk=pk)).data)

    @documented("units_update", "Cambiar un inmueble", tag=UNITS, out=api_forms.Unit, request=api_forms.UnitIn)
    def patch(self, request: Request, pk: int) -> Response:
        unit = get_object_or_404(Unit, pk=pk)
        expect(request, api_forms.Unit(unit).data)
        before = estate.unit_values(unit)
        given = read_body(api_forms.UnitIn, request.data, partial=True)
        shares = _shares(given.pop("owners")) if "owners" in given else estate.shares_of(unit)
        data = checked(UnitForm({**before, **given})).cleaned_data
        with transaction.atomic():
            try:
                unit = estate.change_unit(unit, {name: data[name] for name in estate.UNIT_FIELDS}, shares, mark=seen.mark(before))
            except seen.StaleError as error:
                raise stale() from error
            except estate.EstateError as error:
                raise _estate(error) from error
            record("unit", pk, before=before, after=estate.unit_values(unit), by=self.caller(), now=clock.now())
        return Response(api_forms.Unit(unit).data)


class Leases(PostingMixin, ListView):
    """Leases, and a new one."""

    scopes = {"GET": Scope.LEASES_READ, "POST": Scope.LEASES_WRITE}
    query, out = api_forms.LeaseQuery, api_forms.Lease

    def rows(self, wanted: dict[str, Any]) -> QuerySet[Lease]:
        rows = Lease.objects.all()
        if "number" in wanted:
            rows = rows.filter(number=wanted["number"].upper())
        if "unit" in wanted:
            rows = rows.filter(unit=wanted["unit"])
        if "renter" in wanted:
            rows = rows.filter(Q(renter=wanted["renter"]) | Q(co_renter=wanted["renter"]))
        if "in_force_on" in wanted:
            rows = rows.filter(starts_on__lte=wanted["in_force_on"], ends_on__gte=wanted["in_force_on"])
        return rows

    @documented("leases_list", "Listar contratos", tag=LEASES, out=api_forms.Lease, query=api_forms.LeaseQuery)
    def get(self, request: Request) -> Response:
        return super().get(request)

    @documented("leases_create", "Crear un contrato", tag=LEASES, out=api_forms.Lease, status=201, request=api_forms.LeaseIn)
    def post(self, request: Request) -> Any:
        return super().post(request)

    def act(self, request: Request, **where: Any) -> Response:
        values = _lease_values(read_body(api_forms.LeaseIn, request.data), {"co_renter": "", "administration": "0"})
        try:
            lease = estate.create_lease(values)
        except estate.EstateError as error:
            raise _estate(error) from error
        record("lease", lease.pk, before={}, after=estate.lease_values(lease), by=self.caller(), now=clock.now())
        return created(api_forms.Lease(lease).data, f"{request.path}{lease.pk}/")


class OneLease(Resource):
    """A lease."""

    scopes = {"GET": Scope.LEASES_READ, "PATCH": Scope.LEASES_WRITE}

    @documented("leases_read", "Leer un contrato", tag=LEASES, out=api_forms.Lease)
    def get(self, request: Request, pk: int) -> Response:
        return Response(api_forms.Lease(get_object_or_404(Lease, pk=pk)).data)

    @documented("leases_update", "Cambiar un contrato", tag=LEASES, out=api_forms.Lease, request=api_forms.LeaseIn)
    def patch(self, request: Request, pk: int) -> Response:
        lease = get_object_or_404(Lease.objects.select_related("unit", "renter", "co_renter"), pk=pk)
        expect(request, api_forms.Lease(lease).data)
        before = estate.lease_values(lease)
        values = _lease_values(read_body(api_forms.LeaseIn, request.data, partial=True), lease_initial(lease))
        try:
            lease = estate.change_lease(lease, values, mark=seen.mark(before), by=self.caller(), now=clock.now())
        except seen.StaleError as error:
            raise stale() from error
        except estate.EstateError as error:
            raise _estate(error) from error
        return Response(api_forms.Lease(lease).data)


class LeaseEnding(PostingMixin, Resource):
    """A lease ends before its time."""

    scopes = {"POST": Scope.LEASES_WRITE}

    @documented("leases_end", "Terminar un contrato antes de su fecha", tag=LEASES, out=api_forms.Lease, request=api_forms.LeaseEnd)
    def post(self, request: Request, pk: int) -> Any:
        return super().post(request, pk=pk)

    def act(self, request: Request, **where: Any) -> Response:
        lease = get_object_or_404(Lease, pk=where["pk"])
        before = estate.lease_values(lease)
        try:
            lease = estate.end_lease(lease, on=read_body(api_forms.LeaseEnd, request.data)["on"])
        except estate.EstateError as error:
            raise _estate(error) from error
        record("lease", lease.pk, before=before, after=estate.lease_values(lease), by=self.caller(), now=clock.now())
        return Response(api_forms.Lease(lease).data)


def _client_values(given: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    data = checked(ClientForm({**kept, **given})).cleaned_data
    return {field: data[field] for field in people.FIELDS}


def _told(caller: Any, before: Client, now: Any) -> Response:
    client = Client.objects.get(pk=before.pk)
    record("client", client.pk, before={"archived_at": before.archived_at}, after={"archived_at": client.archived_at}, by=caller, now=now)
    return Response(api_forms.Client(client).data)


def _shares(owners: list[dict[str, Any]]) -> dict[int, Any]:
    """Owners as the estate's functions take them. Raises Problem (422) for one that is not there, or twice."""
    shares = {row["client"]: row["share"] for row in owners}
    known = set(Client.objects.filter(pk__in=shares, archived_at=None).values_list("pk", flat=True))
    if len(shares) != len(owners) or known != set(shares) or any(share <= 0 for share in shares.values()):
        text = "Cada propietario es un cliente sin archivar, una sola vez y con más de 0 %."
        raise Problem(422, text, errors={"owners": [text]})
    return shares


def _lease_values(given: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """A lease through the desk's own form, which knows units by their code and clients by their document."""
    data: dict[str, Any] = {**kept, **given}
    if "unit" in given:
        unit = Unit.objects.filter(pk=given["unit"]).first()
        data["unit"] = unit.code if unit else _absent("unit")
    for name in ("renter", "co_renter"):
        if name in given:
            client = Client.objects.filter(pk=given[name]).first() if given[name] is not None else None
            data[name] = client.document if client else ("" if given[name] is None else _absent(name))
    for name in ("rent", "administration"):
        if name in given:
            data[name] = money.cop(given[name])
    if "commission" in given:
        data["commission"] = f"{given['commission']:f}".replace(".", ",")
    return dict(checked(LeaseForm(data)).values())


def _absent(name: str) -> Any:
    raise Problem(422, "Revise los datos marcados en `errors`.", errors={name: ["No existe."]})


def _estate(error: estate.EstateError) -> Problem:
    """409 where another row stands in the way, 422 where the values themselves are impossible."""
    return Problem(409 if error.lease or error.unit else 422, str(error), errors={error.field: [str(error)]})


urlpatterns = [
    path("clients/", Clients.as_view(), name="api_clients"),
    path("clients/<int:pk>/", OneClient.as_view(), name="api_client"),
    path("clients/<int:pk>/archive/", ClientArchive.as_view(), name="api_client_archive"),
    path("clients/<int:pk>/unarchive/", ClientUnarchive.as_view(), name="api_client_unarchive"),
    path("units/", Units.as_view(), name="api_units"),
    path("units/<int:pk>/", OneUnit.as_view(), name="api_unit"),
    path("leases/", Leases.as_view(), name="api_leases"),
    path("leases/<int:pk>/", OneLease.as_view(), name="api_lease"),
    path("leases/<int:pk>/end/", LeaseEnding.as_view(), name="api_lease_end"),
]
