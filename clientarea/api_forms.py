"""What the API takes and gives of clients, units and leases. It checks types; the desk's own forms check the rest."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from clientarea.models import DocumentKind, Use
from saas.api.fields import Amount, Day, Moment, Number, Query, QueryDay, Text, Whole, YesNo, identifier


class ClientIn(serializers.Serializer[Any]):
    """A client as it is sent."""

    document_type = serializers.ChoiceField(DocumentKind.choices, help_text="Tipo de documento.")
    document = Text(max_length=30, help_text="Número. Un NIT puede llevar su dígito de verificación: 900123456-8.")
    name = Text(max_length=200, min_length=3, help_text="Nombre o razón social.")
    email = Text(max_length=254, required=False, allow_blank=True, help_text="Correo; sin él no se le puede invitar.")
    mobile = Text(max_length=30, required=False, allow_blank=True, help_text="Celular de Colombia.")
    landline = Text(max_length=30, required=False, allow_blank=True, help_text="Teléfono fijo con indicativo.")
    address = Text(max_length=200, required=False, allow_blank=True)
    city = Text(max_length=80, required=False, allow_blank=True)


class Client(serializers.Serializer[Any]):
    """A client as it is given."""

    id = Whole()
    document_type = serializers.ChoiceField(DocumentKind.choices)
    document = serializers.CharField()
    document_check = serializers.CharField(help_text="Dígito de verificación de un NIT.")
    name = serializers.CharField()
    email = serializers.CharField()
    mobile = serializers.CharField(help_text="+57 y diez dígitos.")
    landline = serializers.CharField()
    address = serializers.CharField()
    city = serializers.CharField()
    archived_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class ClientQuery(Query):
    """Which clients."""

    q = serializers.CharField(required=False, max_length=100, help_text="Nombre, documento, correo o teléfono.")
    document = serializers.CharField(required=False, max_length=30)
    archived = YesNo(required=False, help_text="Solo los archivados, o solo los que no.")
    created_since = Moment(required=False)


class OwnerShare(serializers.Serializer[Any]):
    """An owner of a unit."""

    client = identifier(help_text="El propietario.")
    share = Amount(max_digits=5, help_text="Porcentaje; los de un inmueble suman 100.")


class GivenShare(serializers.Serializer[Any]):
    """An owner of a unit, as it is given."""

    client = Whole(source="owner_id")
    share = Amount(max_digits=5)


class UnitIn(serializers.Serializer[Any]):
    """A unit as it is sent."""

    code = Text(max_length=20, help_text="Código de la inmobiliaria, único.")
    kind = Text(max_length=40, help_text="Apartamento, casa, local…")
    address = Text(max_length=200)
    city = Text(max_length=80)
    neighbourhood = Text(max_length=80, required=False, allow_blank=True)
    stratum = Whole(min_value=0, max_value=6, required=False, allow_null=True)
    registry = Text(max_length=40, required=False, allow_blank=True, help_text="Matrícula inmobiliaria.")
    owners = serializers.ListField(child=OwnerShare(), min_length=1, max_length=10, help_text="Propietarios.")


class Unit(serializers.Serializer[Any]):
    """A unit as it is given."""

    id = Whole()
    code = serializers.CharField()
    kind = serializers.CharField()
    address = serializers.CharField()
    city = serializers.CharField()
    neighbourhood = serializers.CharField()
    stratum = Whole(allow_null=True)
    registry = serializers.CharField()
    owners = serializers.SerializerMethodField()

    @extend_schema_field(GivenShare(many=True))
    def get_owners(self, unit: Any) -> Any:
        rows = sorted(unit.ownerships.all(), key=lambda row: (-row.share, row.owner_id))
        return GivenShare(rows, many=True).data


class UnitQuery(Query):
    """Which units."""

    q = serializers.CharField(required=False, max_length=100, help_text="Código o dirección.")
    code = serializers.CharField(required=False, max_length=20)
    owner = Number(required=False)


class LeaseIn(serializers.Serializer[Any]):
    """A lease as it is sent."""

    number = Text(max_length=30, help_text="Número del contrato, único.")
    unit = identifier()
    renter = identifier(help_text="El inquilino.")
    co_renter = identifier(required=False, allow_null=True, help_text="El coarrendatario.")
    starts_on = Day()
    ends_on = Day()
    rent = Amount(help_text="Canon mensual.")
    administration = Amount(required=False, help_text="Cuota de administración.")
    payment_day = Whole(min_value=1, max_value=31)
    use = serializers.ChoiceField(Use.choices)
    commission = Amount(max_digits=5, help_text="Porcentaje del canon.")


class Lease(serializers.Serializer[Any]):
    """A lease as it is given."""

    id = Whole()
    number = serializers.CharField()
    unit = Whole(source="unit_id")
    renter = Whole(source="renter_id")
    co_renter = Whole(source="co_renter_id", allow_null=True)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    rent = Amount()
    administration = Amount()
    payment_day = Whole()
    use = serializers.ChoiceField(Use.choices)
    commission = Amount(max_digits=5)


class LeaseQuery(Query):
    """Which leases."""

    number = serializers.CharField(required=False, max_length=30)
    unit = Number(required=False)
    renter = Number(required=False, help_text="Inquilino o coarrendatario.")
    in_force_on = QueryDay(required=False, help_text="Vigentes ese día.")


class LeaseEnd(serializers.Serializer[Any]):
    """When a lease ends."""

    on = Day(help_text="El último día del contrato.")
