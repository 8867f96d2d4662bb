"""The *no soy robot* check: which solutions are taken, for how long, and that nothing hostile breaks it."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
from typing import Any

import altcha.v1 as altcha
import pytest
from django import forms

from saas.accounts.captcha import LIFE_SECONDS, Altcha, CaptchaField, provider
from tenants import context
from tenants.models import Agency
from tests.walls.robot import solve

pytestmark = pytest.mark.django_db


def packed(said: object) -> str:
    return base64.b64encode(json.dumps(said).encode()).decode()


def unpacked(payload: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(base64.b64decode(payload))
    return said


def puzzle(*, ends_in: int) -> dict[str, Any]:
    """A puzzle signed with our key that ends so many seconds from now."""
    ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=ends_in)
    made = altcha.create_challenge(
        altcha.ChallengeOptions(algorithm="SHA-256", max_number=9, hmac_key=Altcha()._key(), expires=ends)
    )
    return {
        "algorithm": made.algorithm,
        "challenge": made.challenge,
        "maxnumber": 9,
        "salt": made.salt,
        "signature": made.signature,
    }


def test_the_puzzle_of_the_page(browse: Any, alfa: Agency) -> None:
    answer = browse(alfa).get("/no-soy-robot/")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    said = answer.json()
    assert set(said) == {"algorithm", "challenge", "maxnumber", "salt", "signature"}
    assert (said["algorithm"], said["maxnumber"]) == ("SHA-256", 50)
    assert said != browse(alfa).get("/no-soy-robot/").json()
    assert browse(alfa).post("/no-soy-robot/").status_code == 405


def test_a_puzzle_lives_ten_minutes() -> None:
    before = int(datetime.datetime.now(datetime.UTC).timestamp())
    ends = int(Altcha().challenge()["salt"].split("expires=")[1].rstrip("&"))
    assert LIFE_SECONDS == 600
    assert 0 <= ends - before - LIFE_SECONDS <= 2
    assert Altcha().verify(solve(puzzle(ends_in=30))) is True
    assert Altcha().verify(solve(puzzle(ends_in=-2))) is False


@pytest.mark.parametrize(
    "change",
    [
        {"number": 10_000}, {"number": "x"}, {"number": None}, {"challenge": "0" * 64}, {"signature": "0" * 64}, {"signature": ""},
        {"algorithm": "SHA-1"}, {"algorithm": "SHA-512"}, {"algorithm": "none"}, {"salt": "x"}, {"salt": ""}, {"salt": 7}, {"salt": None},
    ],
)  # fmt: skip
def test_an_altered_solution_is_refused(change: dict[str, Any]) -> None:
    payload = solve(Altcha().challenge())
    assert Altcha().verify(packed({**unpacked(payload), **change})) is False
    assert Altcha().verify(payload) is True  # what was refused did not use it up


@pytest.mark.parametrize("missing", ["algorithm", "challenge", "number", "salt", "signature"])
def test_a_solution_with_something_missing_is_refused(missing: str) -> None:
    said = unpacked(solve(Altcha().challenge()))
    del said[missing]
    assert Altcha().verify(packed(said)) is False


def test_an_ended_puzzle_is_not_made_to_live_longer() -> None:
    said = unpacked(solve(puzzle(ends_in=-2)))
    number = str(said["number"])
    plain = said["salt"].rstrip("&")
    later = int(plain.split("expires=")[1]) + 3600
    for salt, rest in (
        (f"{plain}{number}", ""), (plain[:-1], plain[-1] + number), (f"{plain}&expires={later}", number), (f"x?expires={later}&{plain}", number),
        (plain.split("?")[0], "?" + plain.split("?")[1] + number), (plain.replace("expires=", "expires=9"), number),
    ):  # fmt: skip
        assert Altcha().verify(packed({**said, "salt": salt, "number": rest})) is False


def test_the_same_solution_written_otherwise_is_used_too() -> None:
    payload = solve(Altcha().challenge())
    assert Altcha().verify(payload) is True
    said = unpacked(payload)
    for again in ({**said, "number": str(said["number"])}, {**said, "more": 1}, {**said, "salt": said["salt"].rstrip("&")}):
        assert Altcha().verify(packed(again)) is False


def test_a_puzzle_that_we_did_not_sign_is_refused() -> None:
    challenge = hashlib.sha256(b"salt&5").hexdigest()
    said = {"algorithm": "SHA-256", "challenge": challenge, "salt": "salt&", "number": 5, "signature": challenge}
    assert Altcha().verify(packed(said)) is False


def test_the_key_is_the_schema_s(alfa: Agency, beta: Agency, settings: Any) -> None:
    keys = {Altcha()._key()}
    for agency in (alfa, beta):
        with context.in_agency(agency):
            keys.add(Altcha()._key())
    assert len(keys) == 3
    assert all(settings.SECRET_KEY not in key for key in keys)


@pytest.mark.parametrize(
    "text",
    ["", "x", "ñ", "AAAA", "bnVsbA==", "W10=", "e30=", "NQ==", '"']
    + [packed([[{}]]), packed("x" * 900), packed({"challenge": {}})],
)
def test_what_is_no_solution(text: str) -> None:
    assert Altcha().verify(text) is False


def test_deeply_nested_nonsense_is_no_solution() -> None:
    assert Altcha().verify(base64.b64encode(b"[" * 1400).decode()) is False
    assert Altcha().verify(base64.b64encode(b'{"a":' * 290).decode()) is False


def test_long_nonsense_is_not_even_read() -> None:
    said = unpacked(solve(Altcha().challenge()))
    assert Altcha().verify(packed({**said, "more": "x" * 2000})) is False


def test_another_provider_can_take_its_place(settings: Any) -> None:
    settings.CAPTCHA_PROVIDER = f"{__name__}.Never"
    assert isinstance(provider(), Never)
    field = CaptchaField()
    assert str(field.label) == "No soy un robot"
    with pytest.raises(forms.ValidationError) as refused:
        field.clean("x")
    assert refused.value.code == "wrong"


class Never:
    """A provider that takes nothing."""

    def challenge(self) -> dict[str, Any]:
        return {}

    def verify(self, payload: str) -> bool:
        return False
