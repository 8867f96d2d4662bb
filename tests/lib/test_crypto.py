"""Sealed columns: opened in their place alone, with any known key, and never in an error."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas.lib import crypto
from saas.lib.crypto import CryptoError, decrypt, encrypt, needs_rotation, random_reference

PLACE: dict[str, Any] = {"schema": "a_1", "model": "payments.GatewayAccount", "pk": 7, "field": "api_key"}
OLD, NEW = ("k1", b"1" * 32), ("k2", b"2" * 32)


@pytest.mark.parametrize("plain", ["4Vj8eK4rloUd272L48hsrarnUA", "", "ñandú 🔑", "x" * 10_000, "\x00"])
def test_what_is_sealed_is_opened(plain: str) -> None:
    token = encrypt(plain, **PLACE)
    assert decrypt(token, **PLACE) == plain
    assert re.fullmatch(r"v1\.t1\.[A-Za-z0-9_-]+=*", token)
    assert not plain.strip() or plain not in token


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_any_text_is_opened(plain: str) -> None:
    assert decrypt(encrypt(plain, **PLACE), **PLACE) == plain


def test_the_same_text_is_never_sealed_alike() -> None:
    assert len({encrypt("secreto", **PLACE) for _ in range(50)}) == 50


@pytest.mark.parametrize(
    "other",
    [
        {"schema": "a_2"}, {"model": "payments.Other"}, {"pk": 8}, {"pk": 71}, {"field": "api_login"},
        {"schema": "a_1p", "model": "ayments.GatewayAccount"}, {"pk": "7a", "field": "pi_key"},
    ],
)  # fmt: skip
def test_another_place_does_not_open_it(other: dict[str, Any]) -> None:
    token = encrypt("secreto", **PLACE)
    with pytest.raises(CryptoError, match="altered, or belongs to another place"):
        decrypt(token, **{**PLACE, **other})


def test_a_row_s_number_is_the_same_as_text() -> None:
    assert decrypt(encrypt("secreto", **PLACE), **{**PLACE, "pk": "7"}) == "secreto"


@pytest.mark.parametrize("missing", [{"schema": ""}, {"model": ""}, {"field": ""}, {"pk": ""}, {"pk": None}])
def test_a_row_that_is_not_saved_seals_nothing(missing: dict[str, Any]) -> None:
    with pytest.raises(CryptoError, match="needs its schema, model, row and column"):
        encrypt("secreto", **{**PLACE, **missing})


def test_one_changed_bit_anywhere_is_noticed() -> None:
    version, key_id, encoded = encrypt("secreto", **PLACE).split(".")
    raw = base64.urlsafe_b64decode(encoded)
    for place in range(len(raw)):
        altered = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        with pytest.raises(CryptoError, match="altered"):
            decrypt(f"{version}.{key_id}.{base64.urlsafe_b64encode(altered).decode()}", **PLACE)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "secreto",
        "v1",
        "v1.t1",
        "v1.t1.",
        "v1.t1.AAAA",
        "v2.t1." + "A" * 40,
        "v1.t1.ñ",
        "v1.t1.!!!!",
        "v1.t1." + "A" * 40 + ".x",
    ],
)
def test_what_is_no_sealed_value(token: str) -> None:
    for use in (lambda: decrypt(token, **PLACE), lambda: needs_rotation(token)):
        with pytest.raises(CryptoError, match="not a sealed value"):
            use()


def test_keys_are_changed_by_putting_a_new_one_in_front(settings: Any) -> None:
    settings.FIELD_KEYS = [OLD]
    token = encrypt("secreto", **PLACE)
    assert needs_rotation(token) is False
    settings.FIELD_KEYS = [NEW, OLD]
    assert needs_rotation(token) is True
    assert decrypt(token, **PLACE) == "secreto"
    again = encrypt(decrypt(token, **PLACE), **PLACE)
    assert (again.split(".")[1], needs_rotation(again)) == ("k2", False)
    settings.FIELD_KEYS = [NEW]
    assert decrypt(again, **PLACE) == "secreto"
    with pytest.raises(CryptoError, match="not in FIELD_KEYS"):
        decrypt(token, **PLACE)


def test_another_key_under_the_same_name_does_not_open_it(settings: Any) -> None:
    settings.FIELD_KEYS = [OLD]
    token = encrypt("secreto", **PLACE)
    settings.FIELD_KEYS = [("k1", NEW[1])]
    with pytest.raises(CryptoError, match="altered"):
        decrypt(token, **PLACE)


@pytest.mark.parametrize(("keys", "said"), [([], "FIELD_KEYS is empty"), ([("k1", b"short")], "must have 32 bytes")])
def test_without_proper_keys_nothing_is_sealed(settings: Any, keys: list[Any], said: str) -> None:
    settings.FIELD_KEYS = keys
    with pytest.raises(CryptoError, match=said):
        encrypt("secreto", **PLACE)


def test_errors_hold_no_secret(settings: Any) -> None:
    token = encrypt("secreto", **PLACE)
    with pytest.raises(CryptoError) as refused:
        decrypt(token, **{**PLACE, "pk": 8})
    assert (refused.value.__cause__, refused.value.__suppress_context__) == (None, True)
    for text in (str(refused.value), repr(refused.value)):
        assert "secreto" not in text
        assert token.split(".")[2] not in text


def test_random_references() -> None:
    made = {random_reference() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"[A-Z2-7]{16}", text) for text in made)
    assert re.fullmatch(r"[A-Z2-7]{13}", random_reference(8))
    with pytest.raises(ValueError, match="can be guessed"):
        random_reference(7)
    assert crypto.VERSION == "v1"
