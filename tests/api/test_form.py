"""The form of the API: errors, ETags, POSTs done once, and what is not there."""

from __future__ import annotations

import hashlib
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections

from clientarea.models import Client
from saas.api.models import KeptAnswer
from saas.jobs.models import Job
from saas.jobs.run import run_job
from saas.lib import clock
from tenants import context
from tests.api.calls import make_key, problem_of, software
from tests.api.test_resources import CLIENT
from tests.world import Casts

# Errors


def test_errors_are_in_one_form(cast: Casts) -> None:
    program = software(cast.alfa)
    assert problem_of(program.get("nada/"), 404)["type"] == "urn:problem:not-found"
    for path in ("/api/", "/api/v1", "/api/v2/clients/", "/api/v1/clients", "/api/v1/clients/uno/", "/api/v1/clients/999/", "/api/v1/clients/0/"):
        problem_of(program.get(path), 404)
    assert program.call("DELETE", "clients/1/")["Allow"] == "GET, HEAD, PATCH"
    problem_of(program.call("DELETE", "clients/1/"), 405)
    problem_of(program.call("OPTIONS", "clients/1/"), 405)
    problem_of(program.get("clients/", Accept="text/html"), 406)
    problem_of(program.post("clients/", "{mal"), 400)
    problem_of(program.post("clients/", "[" * 100_000), 400)
    problem_of(program.post("clients/", b"\xff\xfe"), 400)
    for body in ("[]", '"x"', "null", "7"):
        problem_of(program.post("clients/", body), 422)
    big = problem_of(program.post("clients/", '{"name": "' + "x" * 1_100_000 + '"}'), 413)
    assert big["detail"] == "El cuerpo pasa de 1 MB."
    form = program.browser.post("/api/v1/clients/", {"name": "x"}, headers={**program.headers, "Idempotency-Key": "prueba-x1"})
    problem_of(form, 415)
    with context.in_agency(cast.alfa.agency):
        assert Client.objects.count() == 4


def test_an_error_of_ours_is_in_the_form_too_and_tells_nothing(cast: Casts, monkeypatch: pytest.MonkeyPatch) -> None:
    program = software(cast.alfa)
    program.browser.raise_request_exception = False

    def broken(*args: Any, **kwargs: Any) -> None:
        Client.objects.create(document_type="CC", document="9", name="A medias")
        raise RuntimeError("secreto")

    with monkeypatch.context() as patch:
        patch.setattr("clientarea.people.create_client", broken)
        answer = program.post("clients/", CLIENT, key="prueba-rota")
    assert "secreto" not in str(problem_of(answer, 500))
    with context.in_agency(cast.alfa.agency):
        assert not Client.objects.filter(document="9").exists()
        assert not KeptAnswer.objects.exists()
    assert program.post("clients/", CLIENT, key="prueba-rota").status_code == 201


def test_nothing_of_an_agency_is_on_the_platform_or_on_no_host(cast: Casts, browse: Any) -> None:
    assert browse(None).get("/api/v1/clients/").status_code == 404


# ETags


def test_what_did_not_change_is_304(cast: Casts) -> None:
    program = software(cast.alfa)
    for path in ("clients/1/", "clients/"):
        first = program.get(path)
        again = program.get(path, If_None_Match=first["ETag"])
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
        assert program.get(path, If_None_Match='"otra"').status_code == 200
        assert (first["Cache-Control"], "Authorization" in first["Vary"]) == ("private, no-cache", True)


def test_nobody_overwrites_what_they_did_not_see(cast: Casts) -> None:
    program = software(cast.alfa)
    for path, change in (("clients/1/", {"city": "Cali"}), ("units/1/", {"city": "Cali"}), ("leases/1/", {"rent": "1"})):
        problem_of(program.call("PATCH", path, change), 428)
        old = program.get(path)["ETag"]
        problem_of(program.call("PATCH", path, change, If_Match='"otra"'), 412)
        problem_of(program.call("PATCH", path, change, If_Match=f"W/{old}"), 412)
        assert program.call("PATCH", path, change, If_Match=f'"otra", {old}').status_code == 200
        problem_of(program.call("PATCH", path, {}, If_Match=old), 412)
        assert program.call("PATCH", path, {}, If_Match="*").status_code == 200


# Once


def test_the_same_post_is_answered_the_same_and_done_once(cast: Casts) -> None:
    program, other, beta = software(cast.alfa), software(cast.alfa), software(cast.beta)
    first = program.post("clients/", CLIENT, key="prueba-0001")
    again = program.post("clients/", CLIENT, key="prueba-0001")
    assert (again.status_code, again.content, again["Location"], again["ETag"]) == (201, first.content, first["Location"], first["ETag"])
    assert (again["Idempotent-Replayed"], first.has_header("Idempotent-Replayed")) == ("true", False)
    assert "ya se usó" in problem_of(program.post("clients/", {**CLIENT, "name": "Otra Persona"}, key="prueba-0001"), 422)["detail"]
    assert "ya se usó" in problem_of(program.post("clients/1/archive/", CLIENT, key="prueba-0001"), 422)["detail"]
    # Keys belong to who sends them.
    problem_of(other.post("clients/", CLIENT, key="prueba-0001"), 409)
    assert beta.post("clients/", CLIENT, key="prueba-0001").status_code == 201
    with context.in_agency(cast.alfa.agency):
        assert Client.objects.count() == 5
        assert Client.objects.get(pk=1).archived_at is None


def test_a_refusal_is_kept_too(cast: Casts) -> None:
    program = software(cast.alfa)
    first = program.post("clients/", {**CLIENT, "name": "x"}, key="prueba-0002")
    again = program.post("clients/", {**CLIENT, "name": "x"}, key="prueba-0002")
    assert problem_of(first, 422) == problem_of(again, 422)
    assert again["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("key", ["corta", "x" * 81, "con espacio", "línea-ñandú", "salto-de-linea\n"])
def test_a_post_needs_a_key_of_its_own(cast: Casts, key: str) -> None:
    program = software(cast.alfa)
    answer = program.call("POST", "clients/", CLIENT)
    assert list(problem_of(answer, 400)["errors"]) == ["Idempotency-Key"]
    problem_of(program.call("POST", "clients/", CLIENT, Idempotency_Key=key), 400)
    with context.in_agency(cast.alfa.agency):
        assert Client.objects.count() == 4


def test_answers_are_forgotten_by_a_job(cast: Casts) -> None:
    program = software(cast.alfa)
    program.post("clients/", CLIENT)
    with context.in_agency(cast.alfa.agency):
        job = Job.objects.get(kind="api.purge")
        assert job.due_at > clock.now() + timedelta(hours=24)
        KeptAnswer.objects.update(answered_at=clock.now() - timedelta(hours=49))
        assert run_job(job.pk, now=job.due_at) is True
        assert not KeptAnswer.objects.exists()


def test_a_key_that_is_being_worked_on_is_told_to_wait(cast: Casts) -> None:
    """Another connection holds the key as a request under way does."""
    key, shown = make_key(cast.alfa)
    name = f"{cast.alfa.agency.schema_name}:{key.pk}:prueba-0003"
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(%s)", [number])
            held.set()
            done.wait(30)
        finally:
            connections.close_all()

    other = threading.Thread(target=hold)
    other.start()
    try:
        assert held.wait(30)
        program = type(software(cast.beta))(cast.alfa, shown)
        assert "en curso" in problem_of(program.post("clients/", CLIENT, key="prueba-0003"), 409)["detail"]
    finally:
        done.set()
        other.join(30)
    with context.in_agency(cast.alfa.agency):
        assert Client.objects.count() == 4
    assert program.post("clients/", CLIENT, key="prueba-0003").status_code == 201


