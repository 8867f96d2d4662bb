"""Which subdomains may be asked for."""

from __future__ import annotations

import pytest

from tenants.models import Agency, SignupState
from tenants.slugs import RESERVED, SlugError, check_slug
from tests.tenants.steps import a_signup

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("text", "slug"), [("gama", "gama"), (" Gama-Sur ", "gama-sur"), ("casa21", "casa21"), ("a1b", "a1b"), ("ab" * 20, "ab" * 20)]
)
def test_good_ones(text: str, slug: str) -> None:
    assert check_slug(text) == slug


@pytest.mark.parametrize("text", ["", "ab", "a" * 41, "   "])
def test_too_short_or_too_long(text: str) -> None:
    with pytest.raises(SlugError, match="entre 3 y 40 caracteres"):
        check_slug(text)


@pytest.mark.parametrize(
    "text", ["1casa", "-casa", "casa-", "ca--sa", "xn--casa", "ca sa", "ca.sa", "ca_sa", "cañada", "casa\n1", "ｃａｓａ", "cаsa", "casa٣"]
)
def test_badly_formed(text: str) -> None:
    with pytest.raises(SlugError, match="solo letras sin tildes"):
        check_slug(text)


@pytest.mark.parametrize("text", ["www", "api", "admin", "correo", "soporte", "payu", "plataforma", "oficina", "superadmin", "pse"])
def test_reserved(text: str) -> None:
    assert text in RESERVED
    with pytest.raises(SlugError, match=f"«{text}» está reservado"):
        check_slug(text)


@pytest.mark.parametrize("text", ["adm1n", "adrnin", "s0porte", "so-porte", "soporrte", "pay-u", "vvvvvv", "p1ataf0rma"])
def test_what_passes_for_a_reserved_one(text: str) -> None:
    with pytest.raises(SlugError, match="se confunde con un nombre reservado"):
        check_slug(text)


def test_taken_by_an_agency(alfa: Agency) -> None:
    with pytest.raises(SlugError, match="«alfa» ya está ocupado"):
        check_slug("ALFA")


@pytest.mark.parametrize("text", ["a1fa", "al-fa", "allfa", "aifa"])
def test_what_passes_for_an_agency(alfa: Agency, text: str) -> None:
    with pytest.raises(SlugError, match=f"«{text}» se confunde con «alfa»"):
        check_slug(text)


def test_confirmed_requests_hold_theirs_and_the_others_do_not() -> None:
    waiting = a_signup("gama", state=SignupState.REQUESTED)
    assert check_slug("gama") == "gama"
    failed = a_signup("gamma", state=SignupState.FAILED)
    for text in ("gamma", "gama"):
        with pytest.raises(SlugError):
            check_slug(text)
    with pytest.raises(SlugError, match="se confunde con «gamma»"):
        check_slug("gama", besides=waiting)
    assert check_slug("gamma", besides=failed) == "gamma"
