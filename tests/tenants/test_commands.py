"""The commands of whoever runs the platform."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from saas.accounts.models import Role, User
from tenants.models import Agency, AgencyState

pytestmark = pytest.mark.django_db


def create_operator(monkeypatch: pytest.MonkeyPatch, password: str, email: str = "Olga@plataforma.example") -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))
    call_command("create_operator", email=email, name="Olga Operadora", verbosity=0)


def test_create_operator(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    create_operator(monkeypatch, "una-clave-larga-1")
    user = User.objects.get()
    assert (user.username, user.role, user.name, user.check_password("una-clave-larga-1")) == (
        "olga@plataforma.example", Role.OPERATOR, "Olga Operadora", True,
    )  # fmt: skip
    assert "una-clave" not in capsys.readouterr().out
    with pytest.raises(CommandError, match="Ya existe una cuenta"):
        create_operator(monkeypatch, "una-clave-larga-1")


@pytest.mark.parametrize(("password", "email"), [("corta", "o@x.example"), ("", "o@x.example"), ("una-clave-larga-1", "olga")])
def test_a_bad_operator_is_not_created(monkeypatch: pytest.MonkeyPatch, password: str, email: str) -> None:
    with pytest.raises(CommandError):
        create_operator(monkeypatch, password, email)
    assert not User.objects.exists()


def test_create_agency(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        call_command("create_agency", name="Gama", slug="gama", nit="900123456-8", email="hola@gama.example")
    assert capsys.readouterr().out == "Gama: http://gama.plataforma.test/\n" * 2
    agency = Agency.objects.get(slug="gama")
    assert (agency.nit, agency.nit_check, agency.state) == ("900123456", "8", AgencyState.ACTIVE)


@pytest.mark.parametrize(
    ("slug", "nit", "message"),
    [
        ("admin", "900123456-8", "reservado"),
        ("gama", "900123456-7", "no es el del NIT"),
        ("gama", "900123456", "con su dígito de verificación"),
        ("Ga ma", "900123456-8", "solo letras"),
    ],
)
def test_a_bad_agency_is_not_created(slug: str, nit: str, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("create_agency", name="Gama", slug=slug, nit=nit, email="hola@gama.example")
    assert not Agency.objects.filter(name="Gama").exists()
