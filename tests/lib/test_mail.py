"""Mail: what a message holds, a Message-ID that stays, and headers and recipients that nobody adds."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from typing import Any

import pytest

from saas.lib.mail import MailError, build_mail, message_id

GOOD: dict[str, Any] = {
    "subject": "Cambie su contraseña · Inmobiliaria Ñandú",
    "template": "password_reset",
    "context": {"name": "Ana <b>Ñáñez</b> & Cía", "link": "https://alfa.plataforma.test/x/?a=1&b=2", "hours": 2},
    "to": "ana@correo.example",
    "from_name": "Inmobiliaria Ñandú",
    "from_address": "no-responder@plataforma.test",
    "message_id_key": "accounts.mail_reset:a_1:7",
}


def parts_of(message: Any) -> Any:
    return message_from_bytes(message.message().as_bytes(), policy=policy.default)


def test_a_message_as_it_goes_out() -> None:
    said = parts_of(build_mail(**GOOD, reply_to="hola@alfa.example"))
    assert str(said["Subject"]).strip() == "Cambie su contraseña · Inmobiliaria Ñandú"
    assert str(said["From"]) == "Inmobiliaria Ñandú <no-responder@plataforma.test>"
    assert [str(said[name]) for name in ("To", "Reply-To", "Auto-Submitted")] == [
        "ana@correo.example", "hola@alfa.example", "auto-generated",
    ]  # fmt: skip
    assert said.get_content_type() == "multipart/alternative"
    text = said.get_body(["plain"]).get_content()
    assert text.startswith("Hola, Ana <b>Ñáñez</b> & Cía:\n")
    assert "\nhttps://alfa.plataforma.test/x/?a=1&b=2\n" in text
    assert text.rstrip("\n").endswith("Inmobiliaria Ñandú")
    page = said.get_body(["html"]).get_content()
    assert "Ana &lt;b&gt;Ñáñez&lt;/b&gt; &amp; Cía" in page
    assert 'href="https://alfa.plataforma.test/x/?a=1&amp;b=2"' in page
    assert "background:#1f5fa8;color:#ffffff" in page
    assert not re.search(r"<(script|img|link|form)\b", page)


def test_without_an_answer_address_there_is_none() -> None:
    assert parts_of(build_mail(**GOOD))["Reply-To"] is None


def test_the_brand_is_the_sender_s() -> None:
    context = {
        **GOOD["context"],
        "brand_name": "Otra Marca",
        "brand_colour": "#aa0000",
        "brand_foreground": "#fefefe",
        "subject": "ajeno",
    }
    said = parts_of(build_mail(**{**GOOD, "context": context}))
    page = said.get_body(["html"]).get_content()
    assert "background:#aa0000;color:#fefefe" in page
    assert "Otra Marca" in page
    assert "ajeno" not in page


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "Hola\nBcc: x@evil.example"}, {"subject": "Hola\r\nBcc: x@evil.example"}, {"subject": "Hola\rx"}, {"subject": "a\0b"},
        {"subject": ""}, {"subject": "  "}, {"from_name": "A\nBcc: x@evil.example"}, {"from_name": ""}, {"from_name": "\0"},
    ],
)  # fmt: skip
def test_a_header_is_one_line(change: dict[str, str]) -> None:
    with pytest.raises(MailError, match="must be one line of text"):
        build_mail(**{**GOOD, **change})


@pytest.mark.parametrize("field", ["to", "from_address", "reply_to"])
@pytest.mark.parametrize(
    "address",
    [
        "ana@correo.example\nBcc: x@evil.example", "ana@correo.example\r\n", "ana@correo.example, x@evil.example",
        "ana@correo.example;x@evil.example", "Ana <ana@correo.example>", "ana", "ana@", "@correo.example", "ana@correo", " ana@correo.example",
        "ana@correo.example\0", "ana@@correo.example", "ana@correo .example",
    ],
)  # fmt: skip
def test_an_address_is_one_and_bare(field: str, address: str) -> None:
    with pytest.raises(MailError, match="one proper address, without a name or line breaks") as refused:
        build_mail(**{**GOOD, field: address})
    assert "ana" not in str(refused.value).replace("an address", "")


def test_there_is_always_a_recipient() -> None:
    with pytest.raises(MailError):
        build_mail(**{**GOOD, "to": ""})


@pytest.mark.parametrize("name", ['Ana "la jefa", S.A.S.', "Bcc: x", "<x@evil.example>", "a@b, c@d", "Ñ" * 150])
def test_a_sender_s_name_is_only_a_name(name: str) -> None:
    said = parts_of(build_mail(**{**GOOD, "from_name": name}))
    (sender,) = said["From"].addresses
    assert (sender.addr_spec, said["To"].addresses[0].addr_spec) == ("no-responder@plataforma.test", "ana@correo.example")
    assert said["Bcc"] is None


def test_the_message_id_stays_with_its_key() -> None:
    first, again = (build_mail(**GOOD).extra_headers["Message-ID"] for _ in range(2))
    assert first == again == message_id(GOOD["message_id_key"], GOOD["from_address"])
    assert re.fullmatch(r"<[0-9a-f]{40}@plataforma\.test>", first)
    assert "mail_reset" not in first
    other = build_mail(**{**GOOD, "message_id_key": "accounts.mail_reset:a_2:7"}).extra_headers["Message-ID"]
    assert other != first
    assert parts_of(build_mail(**GOOD))["Message-ID"] == first
    # Pinned: an update that changed it would send second copies of what was sent before.
    assert message_id("receipt:a_1:7", "x@plataforma.test") == "<cd4ae4034f2c507e90df6f65039ca61cdf69d2f3@plataforma.test>"


def test_localhost_may_send() -> None:
    assert str(parts_of(build_mail(**{**GOOD, "from_address": "no-responder@localhost"}))["From"]).endswith(
        "<no-responder@localhost>"
    )
