"""Signed texts: good for one purpose, in one schema, for a time, and only whole."""

from __future__ import annotations

import time
from typing import Any

import pytest

from saas.lib.signing import BadLink, ExpiredLink, bound_salt, sign, unsign
from tenants import context
from tenants.models import Agency

pytestmark = pytest.mark.django_db
VALUE = {"factura": 7, "nombre": "Ñáñez", "lista": [1, None, True]}


def test_what_is_signed_comes_back() -> None:
    token = sign(VALUE, purpose="pay")
    assert unsign(token, purpose="pay", max_age_seconds=60) == VALUE
    assert unsign(sign({}, purpose="pay"), purpose="pay", max_age_seconds=60) == {}
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:")


def test_a_token_is_of_its_schema(alfa: Agency, beta: Agency) -> None:
    platform = sign(VALUE, purpose="pay")
    with context.in_agency(alfa):
        here = sign(VALUE, purpose="pay")
        assert unsign(here, purpose="pay", max_age_seconds=60) == VALUE
        with pytest.raises(BadLink):
            unsign(platform, purpose="pay", max_age_seconds=60)
    with context.in_agency(beta):
        for token in (here, platform):
            with pytest.raises(BadLink):
                unsign(token, purpose="pay", max_age_seconds=60)
    with pytest.raises(BadLink):
        unsign(here, purpose="pay", max_age_seconds=60)


def test_purpose_and_schema_do_not_run_into_each_other(alfa: Agency) -> None:
    with context.in_agency(alfa):
        inside = bound_salt("pay")
    assert inside == f"saas:3:pay:{alfa.schema_name}"
    assert bound_salt("pay") == "saas:3:pay:public"
    assert bound_salt(f"pay:{alfa.schema_name}") != inside
    with pytest.raises(BadLink):
        unsign(sign(VALUE, purpose="pay"), purpose="see", max_age_seconds=60)


def test_a_token_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    token = sign(VALUE, purpose="pay")
    made = time.time()
    monkeypatch.setattr(time, "time", lambda: made + 58)
    assert unsign(token, purpose="pay", max_age_seconds=60) == VALUE
    monkeypatch.setattr(time, "time", lambda: made + 62)
    with pytest.raises(ExpiredLink, match=r"^Este enlace ya venció\. Pida uno nuevo para continuar\.$"):
        unsign(token, purpose="pay", max_age_seconds=60)
    with pytest.raises(BadLink) as refused:  # an old token of another purpose is not said to be old
        unsign(token, purpose="see", max_age_seconds=60)
    assert not isinstance(refused.value, ExpiredLink)


def test_one_changed_sign_anywhere_is_noticed() -> None:
    token = sign(VALUE, purpose="pay")
    for place, sign_ in enumerate(token):
        altered = token[:place] + ("A" if sign_ != "A" else "B") + token[place + 1 :]
        if place == len(token) - 1:
            continue  # the last sign of the base64 carries two bits that mean nothing
        with pytest.raises(BadLink):
            unsign(altered, purpose="pay", max_age_seconds=60)


@pytest.mark.parametrize("token", ["", ":", "::", "a:b:c", "ñ", "x" * 5000, ".eJw:1:2"])
def test_what_is_no_token(token: str) -> None:
    with pytest.raises(BadLink, match="Este enlace no es válido. Ábralo completo desde el mensaje, o pida uno nuevo"):
        unsign(token, purpose="pay", max_age_seconds=60)


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_cut_token(cut: int) -> None:
    token = sign(VALUE, purpose="pay")
    for part in (token[:-cut], token[cut:]):
        with pytest.raises(BadLink):
            unsign(part, purpose="pay", max_age_seconds=60)


def test_what_is_signed_but_no_dict_is_refused() -> None:
    from django.core import signing

    for value in ([1], "x", 7, None):
        with pytest.raises(BadLink):
            unsign(signing.dumps(value, salt=bound_salt("pay")), purpose="pay", max_age_seconds=60)


def test_an_older_key_still_verifies_and_a_dropped_one_does_not(settings: Any) -> None:
    old = settings.SECRET_KEY
    token = sign(VALUE, purpose="pay")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another-key-another-key-another-key-another", [old]
    assert unsign(token, purpose="pay", max_age_seconds=60) == VALUE
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(BadLink):
        unsign(token, purpose="pay", max_age_seconds=60)
