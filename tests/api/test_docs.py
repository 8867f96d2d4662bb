"""What the documentation says is so: the commands of docs/api.md, the page, and the schema."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from saas.api import delivery, schema
from tests.api.calls import make_key, software
from tests.portal.pages import text_of
from tests.world import Casts

PAGE = (Path(settings.BASE_DIR) / "docs" / "api.md").read_text(encoding="utf-8")


def _commands() -> list[tuple[int, list[str]]]:
    """(expected status, arguments) of each curl of the page."""
    found = []
    for block in re.findall(r"```sh\n(.+?)```", PAGE, re.DOTALL):
        for status, command in re.findall(r"# (\d{3})\n(curl .+?)(?=\n#|\Z)", block, re.DOTALL):
            found.append((int(status), shlex.split(command.replace("\\\n", " "))))
    return found


def test_the_commands_of_the_page_do_what_it_says(cast: Casts, browse: Any) -> None:
    shown = make_key(cast.alfa)[1]
    etag = software(cast.alfa).get("clients/1/")["ETag"]
    commands = _commands()
    assert len(commands) == 8
    for status, words in commands:
        filled = [word.replace("$KEY", shown).replace("$ETAG", etag).replace("$HOST", "http://alfa.plataforma.test") for word in words[1:]]
        method, body, headers, url = "GET", "", {}, ""
        arguments = iter(filled)
        for word in arguments:
            match word:
                case "-X":
                    method = next(arguments)
                case "-H":
                    name, _colon, value = next(arguments).partition(": ")
                    headers[name] = value
                case "-d":
                    body = next(arguments)
                case "-o":
                    next(arguments)
                case _:
                    url = word
        parts = urlsplit(url)
        kind = headers.pop("Content-Type", "application/octet-stream")
        answer = browse(cast.alfa.agency).generic(
            method, f"{parts.path}?{parts.query}" if parts.query else parts.path, body, content_type=kind, headers=headers
        )
        assert answer.status_code == status, (words, answer.content)


def test_the_recipe_for_signatures_is_right() -> None:
    recipe = re.search(r"```python\n(.+?)```", PAGE, re.DOTALL)
    assert recipe is not None
    names: dict[str, Any] = {"hmac": hmac, "hashlib": hashlib}
    exec(recipe[1], names)  # noqa: S102
    is_ours, body = names["is_ours"], b'{"id": "1"}'
    header = delivery.signature(body, ["nuevo", "viejo"], timestamp=1_000)
    assert [is_ours(body, header, secret, 1_100.0) for secret in ("nuevo", "viejo", "otro")] == [True, True, False]
    assert not is_ours(body, header, "nuevo", 1_400.0)
    assert not is_ours(body + b" ", header, "nuevo", 1_100.0)


def test_the_page_shows_every_operation_and_needs_no_script(cast: Casts, browse: Any) -> None:
    page = browse(cast.alfa.agency).get("/api/v1/docs/")
    assert page.status_code == 200
    text = text_of(page)
    for path, operations in schema.document()["paths"].items():
        for method, operation in operations.items():
            assert f"{method.upper()} {path} {operation['summary']}" in text
    body = page.content.decode()
    own = re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=\"([^\"]+)\"", body)
    assert own
    assert all(address.startswith("/") for address in own)
    assert "<style" not in body
    assert not re.search(r"<script(?![^>]*\bsrc=)", body)
    assert "script-src 'self'" in page["Content-Security-Policy"]


def test_the_schema_is_openapi_3_1_in_spanish_and_the_same_for_all(cast: Casts, browse: Any) -> None:
    answers = [browse(one.agency).get("/api/v1/schema.json") for one in (cast.alfa, cast.beta)]
    assert answers[0].content == answers[1].content
    document = json.loads(answers[0].content)
    assert (document["openapi"], document["info"]["title"]) == ("3.1.0", "API de la inmobiliaria")
    assert document["components"]["securitySchemes"] == {
        "llave": {"type": "http", "scheme": "bearer", "description": "Una llave de la inmobiliaria, creada en Oficina › Configuración › API."}
    }
    for operations in document["paths"].values():
        for method, operation in operations.items():
            assert operation["security"] == [{"llave": []}]
            names = {parameter["name"] for parameter in operation.get("parameters", [])}
            assert ("Idempotency-Key" in names) == (method == "post")
            assert ("If-Match" in names) == (method == "patch")
            assert {"401", "403", "404", "429"} <= set(operation["responses"])
    assert b"as it is given" not in answers[0].content
