"""What the documentation says is so: the commands of docs/api.md, the page, and the schema."""

from __future__ import annotations

import hashlib
import hmac
import html
import json
import re
import shlex
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]

from payments.models import Series
from saas.api import delivery, docs, reference, schema
from saas.api.scopes import Scope
from saas.api.templatetags.api_text import ticked
from saas.lib import clock
from tenants import context
from tests.api.calls import make_key, software
from tests.invoicing.helpers import number
from tests.portal.pages import queries_of
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
    with context.in_agency(cast.alfa.agency):
        number(cast.alfa, Series.RENT, valid_from=None, valid_until=None)
    shown = make_key(cast.alfa)[1]
    soon = (clock.today() + timedelta(days=10)).isoformat()
    etag = software(cast.alfa).get("clients/1/")["ETag"]
    values = {"$KEY": shown, "$ETAG": etag, "$DUE": soon, "$HOST": "http://alfa.plataforma.test"}
    commands = _commands()
    assert len(commands) == 9
    for status, words in commands:
        filled = [re.sub(r"\$[A-Z]+", lambda name: values[name[0]], word) for word in words[1:]]
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


@pytest.mark.parametrize("where", ["file", "page"])
def test_the_recipe_for_signatures_is_right(where: str) -> None:
    recipe = re.search(r"```python\n(.+?)```", PAGE, re.DOTALL)
    assert recipe is not None
    names: dict[str, Any] = {"hmac": hmac, "hashlib": hashlib}
    exec(recipe[1] if where == "file" else docs.RECIPE, names)  # noqa: S102
    is_ours, body = names["is_ours"], b'{"id": "1"}'
    header = delivery.signature(body, ["nuevo", "viejo"], timestamp=1_000)
    assert [is_ours(body, header, secret, 1_100.0) for secret in ("nuevo", "viejo", "otro")] == [True, True, False]
    assert not is_ours(body, header, "nuevo", 1_400.0)
    assert not is_ours(body + b" ", header, "nuevo", 1_100.0)


def test_the_page_shows_every_operation_and_needs_no_script(cast: Casts, browse: Any) -> None:
    page = browse(cast.alfa.agency).get("/api/v1/docs/")
    assert page.status_code == 200
    body = page.content.decode()
    articles = {re.findall(r' id="([^"]+)"', article)[0]: article for article in body.split('<article class="api-operation"')[1:]}
    operations = [(path, method, one) for path, methods in schema.document()["paths"].items() for method, one in methods.items()]
    assert sorted(articles) == sorted(one["operationId"] for *_where, one in operations)
    for path, method, operation in operations:
        text = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", articles[operation["operationId"]])).split())
        assert operation["summary"] in text
        assert f"{method.upper()} {path} " in text
        assert f"Permiso: {operation['security'][0]['llave'][0]} " in text
        assert f"curl {'' if method == 'get' else f'-X {method.upper()} '}'http://alfa.plataforma.test/api/v1/" in text
        assert f"Respuesta {next(iter(operation['responses']))}" in text
        assert f'href="#{operation["operationId"]}"' in body
        assert all(f'href="#error-{code}"' in articles[operation["operationId"]] for code in operation["responses"] if code >= "400")
    own = re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=\"([^\"]+)\"", body)
    assert own
    assert all(address.startswith("/") for address in own)
    assert "<style" not in body
    assert not re.search(r"<script(?![^>]*\bsrc=)", body)
    assert not re.search(r"\sstyle\s*=|<[a-z][^>]*\son[a-z]+\s*=", body)
    assert "script-src 'self'" in page["Content-Security-Policy"]


def test_each_link_of_the_page_leads_to_one_place_and_each_code_can_be_scrolled(cast: Casts, browse: Any) -> None:
    body = browse(cast.alfa.agency).get("/api/v1/docs/").content.decode()
    places = re.findall(r'\sid="([^"]+)"', body)
    assert len(places) == len(set(places))
    assert set(re.findall(r'href="#([^"]+)"', body)) <= set(places)
    codes = re.findall(r"<pre[^>]*>", body)
    assert len(codes) > 70
    assert [code for code in codes if not re.search(r'tabindex="0" role="region" aria-label="[^"]+"', code)] == []
    copied = re.findall(r'data-copy="(http[^"]+)#([^"]+)"', body)
    assert {address for address, _place in copied} == {"http://alfa.plataforma.test/api/v1/docs/"}
    assert {place for _address, place in copied} <= set(places)


def test_what_stands_between_ticks_is_code_and_nothing_is_markup() -> None:
    assert ticked("Vea `next` y <b>`a<b`") == "Vea <code>next</code> y &lt;b&gt;<code>a&lt;b</code>"
    assert ticked("") == ""


def test_the_page_is_of_the_agency_and_asks_the_database_little(cast: Casts, browse: Any) -> None:
    browse(cast.alfa.agency).get("/api/v1/docs/")
    assert len(queries_of(browse(cast.alfa.agency), "/api/v1/docs/")) <= 15
    page = browse(cast.beta.agency).get("/api/v1/docs/").content
    assert b"http://beta.plataforma.test/api/v1/" in page
    assert b"alfa.plataforma.test" not in page


def _operations() -> list[Any]:
    found = [(path, method, one) for path, methods in schema.document()["paths"].items() for method, one in methods.items()]
    return [pytest.param(*each, id=each[2]["operationId"]) for each in found]


@pytest.mark.parametrize(("path", "method", "operation"), _operations())
def test_the_examples_are_what_the_schema_says(path: str, method: str, operation: dict[str, Any]) -> None:
    document = schema.document()

    def hold(value: Any, wanted: dict[str, Any]) -> None:
        Draft202012Validator({**wanted, "components": document["components"]}, format_checker=FormatChecker()).validate(value)

    def held(part: dict[str, Any]) -> dict[str, Any]:
        return next(iter(part["content"].values()))["schema"]  # type: ignore[no-any-return]

    sent, answered = reference.examples_of(path, operation, document["components"]["schemas"])
    good = held(operation["responses"][next(code for code in operation["responses"] if code < "300")])
    assert (sent is None) == ("requestBody" not in operation)
    assert (answered is None) == (good.get("format") == "binary")
    if sent is not None:
        assert sent
        hold(sent, held(operation["requestBody"]))
        assert "'" not in json.dumps(sent)  # which would end the shell's quotes
    if answered is not None:
        hold(answered, good)
    for parameter in operation.get("parameters", []):
        hold(reference.value_of(parameter, path, operation), parameter["schema"])


def test_the_reference_is_plain_data_that_says_types_and_bounds() -> None:
    groups = reference.read(schema.document(), origin="https://alfa.example")
    assert groups == reference.read(schema.document(), origin="https://alfa.example")
    found = {operation.anchor: operation for group in groups for operation in group.operations}
    fields = {field.name: field for field in found["invoices_write"].body}
    assert fields["lease"] == reference.Field("lease", "entero o null", False, "", (), "El contrato; null si no es de ninguno.")
    assert fields["lines"].bounds == "hasta 40 filas"
    assert fields["lines[].kind"].values == ("interest", "repair", "utilities", "other")
    assert (fields["base"].kind, fields["base"].bounds, fields["base"].required) == ("texto", "cifra con dos decimales", False)
    key = next(field for field in found["invoices_write"].parameters if field.name == "Idempotency-Key")
    assert (key.required, key.values) == (True, ("^[A-Za-z0-9_.:-]{8,80}$",))
    limit = next(field for field in found["invoices_list"].parameters if field.name == "limit")
    assert (limit.kind, limit.bounds) == ("entero", "1 a 200")
    assert found["invoices_void"].curl == (
        "curl -X POST 'https://alfa.example/api/v1/invoices/5812/void/' \\\n"
        '  -H "Authorization: Bearer $LLAVE" \\\n'
        "  -H 'Idempotency-Key: invoices_void-000123' \\\n"
        "  -H 'Content-Type: application/json' \\\n"
        "  -d '{\n    \"reason\": \"Se expidió dos veces el mismo mes\"\n  }'"
    )
    assert found["receipts_pdf"].curl.endswith("/receipts/871/pdf/' \\\n  -H \"Authorization: Bearer $LLAVE\" \\\n  -o documento.pdf")


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
            ((scope,),) = operation["security"][0].values()
            assert operation["security"] == [{"llave": [scope]}]
            assert scope in Scope.values
            assert scope.endswith(":read") == (method == "get")
            names = {parameter["name"] for parameter in operation.get("parameters", [])}
            assert ("Idempotency-Key" in names) == (method == "post")
            assert ("If-Match" in names) == (method == "patch")
            assert {"401", "403", "404", "429"} <= set(operation["responses"])
    assert b"as it is given" not in answers[0].content
