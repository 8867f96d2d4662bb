"""The environment's variables one by one: what each makes of a text, and that no secret is repeated. See also
tests/architecture/test_frame.py, which reads whole environments."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from saas import env
from tests.architecture.test_frame import GOOD

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
RAW = b"01234567890123456789012345678901"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("SAAS_FIELD_KEYS", f"k1:{KEY}, k2:{KEY}", [("k1", RAW), ("k2", RAW)]),
        ("SAAS_PLATFORM_ORIGIN", "https://portal.example.co/", "https://portal.example.co"),
        ("SAAS_PLATFORM_ORIGIN", "http://localhost:8000", "http://localhost:8000"),
        ("SAAS_STATE_DIR", "  /srv/saas  ", "/srv/saas"),
        ("SAAS_PROXY_COUNT", "2", 2),
        ("SAAS_CAPTCHA_COST", "0", 0),
        ("SAAS_MAIL_URL", "smtp://u:p@mail.example:587?tls=1", "smtp://u:p@mail.example:587?tls=1"),
        ("REDIS_URL", "rediss://:p@localhost/0", "rediss://:p@localhost/0"),
        ("DATABASE_URL", "postgresql://a@b/c", "postgresql://a@b/c"),
        ("DATABASE_REPLICA_URL", "postgres://a@b/c", "postgres://a@b/c"),
        ("DATABASE_REPLICA_URL", "", ""),
        ("PAYU_POLL_SECONDS", "5, 10", [5, 10]),
        ("SAAS_SECRET_KEY", "ñ" * 40, "ñ" * 40),
    ],
)
def test_what_a_variable_becomes(name: str, text: str, value: Any) -> None:
    assert env.read({**GOOD, name: text})[name] == value


def test_what_is_not_set_has_its_default() -> None:
    values = env.read(GOOD)
    assert set(values) == {variable.name for variable in env.VARIABLES}
    assert [values[name] for name in ("SAAS_PREVIOUS_SECRET_KEYS", "SAAS_MAIL_URL", "SAAS_PROXY_COUNT", "SAAS_CAPTCHA_COST")] == [
        "", "file://", 0, 50_000,
    ]  # fmt: skip
    assert values["PAYU_POLL_SECONDS"] == [420, 600, 1800, 3600, 10800, 43200, 86400, 172800, 259200, 345600, 432000]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SAAS_FIELD_KEYS", ""), ("SAAS_FIELD_KEYS", KEY), ("SAAS_FIELD_KEYS", f":{KEY}"), ("SAAS_FIELD_KEYS", f"k.1:{KEY}"),
        ("SAAS_FIELD_KEYS", f"k1:{KEY},"), ("SAAS_FIELD_KEYS", "k1:c2VjcmV0"), ("SAAS_FIELD_KEYS", "k1:no base64 secret"),
        ("SAAS_PLATFORM_ORIGIN", "https://portal.example.co/x"), ("SAAS_PLATFORM_ORIGIN", "https://portal.example.co/?x"),
        ("SAAS_PLATFORM_ORIGIN", "ftp://portal.example.co"), ("SAAS_PLATFORM_ORIGIN", "https://"), ("SAAS_PLATFORM_ORIGIN", ""),
        ("SAAS_STATE_DIR", " "), ("SAAS_PROXY_COUNT", "-1"), ("SAAS_PROXY_COUNT", "dos"), ("SAAS_PROXY_COUNT", ""), ("SAAS_CAPTCHA_COST", "1.5"),
        ("SAAS_MAIL_URL", "mail.example"), ("REDIS_URL", "http://localhost"), ("DATABASE_REPLICA_URL", "http://localhost"),
        ("PAYU_POLL_SECONDS", ""), ("PAYU_POLL_SECONDS", "0"),
        ("PAYU_POLL_SECONDS", "10,-5"), ("PAYU_CHECKOUT_URL", "javascript:alert(1)"), ("SAAS_MODE", "PRODUCTION"), ("SAAS_MODE", ""),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_its_meaning_and_never_repeated(name: str, text: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        env.read({**GOOD, name: text})
    (meaning,) = [variable.meaning for variable in env.VARIABLES if variable.name == name]
    said = str(refused.value)
    assert said.startswith(f"The environment is not right:\n  - {name} ")
    assert meaning in said
    assert said.count("\n") == 1
    assert "secret" not in said.replace("keys", "")


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        env.read({"SAAS_MODE": "x", "PAYU_CHEKOUT_URL": "https://a.example/"})
    lines = str(refused.value).splitlines()[1:]
    assert [line.split()[1] for line in lines] == [
        "PAYU_CHEKOUT_URL", "SAAS_MODE", "SAAS_SECRET_KEY", "SAAS_FIELD_KEYS", "SAAS_PLATFORM_ORIGIN", "SAAS_STATE_DIR", "DATABASE_URL",
        "REDIS_URL", "PAYU_CHECKOUT_URL", "PAYU_REPORTS_URL", "PAYU_PAYMENTS_URL",
    ]  # fmt: skip
    assert "did you mean PAYU_CHECKOUT_URL?" in lines[0]


def test_a_stranger_of_our_families_is_refused_and_others_are_none_of_our_business() -> None:
    assert (
        env.read({**GOOD, "PATH": "/bin", "DJANGO_SETTINGS_MODULE": "x", "SAAS_TEST_CHROMIUM": "/x", "saas_mode": "x"})["SAAS_MODE"]
        == "test"
    )
    with pytest.raises(ImproperlyConfigured, match="SAAS_XQZWV is not a variable of this project; unset it"):
        env.read({**GOOD, "SAAS_XQZWV": "1"})
