"""The life of an agency, from its sign-up to another one restored from its last export: equal row by row and file by file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction

from payments.models import Callback
from saas.jobs.defer import defer
from saas.jobs.models import Job
from saas.lib import clock
from tenants import archive, checking, context, ddl, hosts
from tenants.models import Agency, AgencyState, Bell, Domain, Signup
from tenants.platform_models import Export, GoneCallback, OperatorAct, Platform
from tests import world
from tests.accounts.steps import log_in
from tests.tenants.steps import PASSWORD, link_in_mail, run_jobs, typed
from tests.tenants.superadmin import an_operator, do
from tests.tenants.test_archive import files, rows

SLUGS = ["nandu-bogota", "nandu-nueva"]


@pytest.fixture
def traces(committed: None, settings: Any, tmp_path: Path) -> Iterator[None]:
    """Really committed; taken away afterwards."""
    settings.EXPORTS_DIR = tmp_path / "exports"
    yield
    context.leave()
    for agency in Agency.every.filter(slug__in=SLUGS):
        with connection.cursor() as cursor:
            cursor.execute(f'DROP SCHEMA IF EXISTS "{agency.schema_name}" CASCADE')
        Bell.objects.filter(schema_name=agency.schema_name).delete()
        Domain.objects.filter(tenant=agency).delete()
        Agency.every.filter(pk=agency.pk).delete()
    Signup.objects.all().delete()
    Platform.objects.all().delete()
    Export.objects.all().delete()
    GoneCallback.objects.all().delete()
    Job.objects.all().delete()
    Bell.objects.filter(schema_name="public").delete()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tenants_operatoract DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM tenants_operatoract; DELETE FROM django_session; DELETE FROM usersessions_usersession; DELETE FROM accounts_user")
        cursor.execute("ALTER TABLE tenants_operatoract ENABLE TRIGGER USER")


def state() -> str:
    return str(Agency.every.get(slug=SLUGS[0]).state)


def test_the_life_of_an_agency(traces: None, browse: Any, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"  # other tests leave the files of agencies that they threw away
    olga = browse(None, an_operator())
    Platform.objects.create(pk=1, needs_approval=True)

    # Signed up, confirmed, and waiting for an operator.
    visitor = browse(None)
    visitor.post("/registro/", typed(visitor))
    assert run_jobs() == ["tenants.mail_confirm"]
    assert "Hola, María Fernanda Ñáñez" in mail.outbox[-1].body
    answer = visitor.post(link_in_mail())
    signup = Signup.objects.get()
    assert signup.state == "pending"
    assert run_jobs() == []
    assert "una persona lo está revisando" in visitor.get(answer["Location"]).content.decode()
    assert not Agency.objects.filter(slug=SLUGS[0]).exists()

    # Approved: made, and its head comes in.
    do(olga, "aprobar", signup, reason="Es conocida")
    assert run_jobs() == ["tenants.provision", "tenants.mail_ready"]
    assert state() == AgencyState.ACTIVE
    agency = Agency.objects.get(slug=SLUGS[0])
    people = browse(agency)
    log_in(people, "maria@nandu.example", PASSWORD)
    assert people.get("/oficina/").status_code == 200
    with context.in_agency(agency):
        cast = world.people_of(agency)  # beside its head, who is there already
        default_storage.save("recibos/uno.pdf", ContentFile(b"%PDF uno"))
        with transaction.atomic():
            defer("tests.wait", "1", now=world.NOW, due_at=world.NOW + timedelta(days=3650), client_id=cast.rita.pk)

    # Suspended and reactivated.
    do(olga, "suspender", agency, reason="Mora")
    assert (state(), people.get("/oficina/").status_code) == (AgencyState.SUSPENDED, 403)
    do(olga, "reactivar", agency, reason="Pagó")
    assert (state(), people.get("/oficina/").status_code) == (AgencyState.ACTIVE, 200)

    # Exported and downloaded.
    answer = do(olga, "exportar", agency, reason="La pidió")
    export = Export.objects.get()
    assert answer["Location"] == f"/superadmin/tenants/export/{export.pk}/change/"
    assert run_jobs() == ["tenants.export"]
    export.refresh_from_db()
    assert (export.state, export.files) == ("ready", 1)
    download = olga.get(f"/superadmin/exportaciones/{export.pk}/archivo/")
    assert len(b"".join(download.streaming_content)) == export.bytes > 1000

    # Retired: read-only, and money is still heard.
    assert do(olga, "retirar", agency, days="30", slug="otra").status_code == 422
    do(olga, "retirar", agency, reason="Cierra", days="30", slug=SLUGS[0])
    assert state() == AgencyState.RETIRED
    page = people.get("/oficina/")
    assert (page.status_code, "Inmobiliaria en retiro" in page.content.decode()) == (200, True)
    assert people.post("/oficina/clientes/nuevo/", {"name": "Nadie"}).status_code == 403
    body = "reference_sale=P1-X&state_pol=4&value=1.00&currency=COP&sign=x&merchant_id=1&transaction_id=t"
    answer = browse(None).post(f"/payu/{agency.key}/confirmacion/", body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    with context.in_agency(agency):
        assert Callback.objects.count() == 1
    assert "tenants.delete_agency" not in run_jobs()

    # Deleted after its grace, with a last export.
    before, folder = rows(agency.schema_name), files(agency)
    later = clock.now() + timedelta(days=31)
    monkeypatch.setattr("workers.tenants.clock.now", lambda: later)
    monkeypatch.setattr("workers.base.clock.now", lambda: later)
    job = Job.objects.get(kind="tenants.delete_agency")
    from workers import base

    base.run_one("public", job.pk)
    monkeypatch.undo()
    job.refresh_from_db()
    assert job.done_at is not None, job.last_error
    assert state() == AgencyState.DELETED
    assert not ddl.schema_exists(agency.schema_name)
    assert not (Path(settings.MEDIA_ROOT) / agency.schema_name).exists()
    assert people.get("/").status_code == 404
    hosts.NEAR.clear()
    answer = browse(None).post(f"/payu/{agency.key}/confirmacion/", body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200  # kept for operators: what it says may be about money
    assert list(GoneCallback.objects.values_list("agency_slug", "times")) == [(agency.slug, 1)]
    assert list(checking.orphans(list(Agency.objects.all()))) == []

    # Restored under a new name, suspended, equal to what it was.
    last = Export.objects.get(asked_by="Sistema")
    assert "ya está ocupado" in do(olga, "restaurar", last, slug=SLUGS[0]).content.decode()
    do(olga, "restaurar", last, reason="Volvió", slug=SLUGS[1])
    with context.in_public():
        base.run_one("public", Job.objects.get(kind="tenants.restore").pk)
    copy = Agency.objects.get(slug=SLUGS[1])
    assert copy.state == AgencyState.SUSPENDED
    after = rows(copy.schema_name)
    for table in archive.NO_ROWS:
        before.pop(table)
        assert after.pop(table) == []
    assert after == before
    assert len(after["clientarea_client"]) == 4
    assert files(copy) == folder == {"recibos/uno.pdf": b"%PDF uno"}
    do(olga, "reactivar", copy, reason="Revisada")
    people = browse(copy)
    log_in(people, "maria@nandu.example", PASSWORD)
    assert people.get("/oficina/").status_code == 200
    assert list(OperatorAct.objects.order_by("pk").values_list("act", flat=True)) == [
        "aprobar registro", "suspender", "reactivar", "exportar", "descargar exportación", "retirar", "eliminar", "restaurar", "restaurada",
        "reactivar",
    ]  # fmt: skip
