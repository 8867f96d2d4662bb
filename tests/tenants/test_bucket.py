"""Files in an S3-compatible store: the same walls, and the same archive, against a real server of that protocol over HTTP."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.core.exceptions import ImproperlyConfigured, SuspiciousOperation
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from moto.server import ThreadedMotoServer

from payments import receipts
from saas import env
from saas.lib import clock
from saas.settings import STORAGES
from tenants import context, storage
from tenants.models import Agency
from tests.portal.pages import at
from tests.portal.test_receipts import paid
from tests.tenants.test_archive import files as files_on_disk
from tests.tenants.test_archive import gone, origin  # noqa: F401  (fixtures)
from tests.world import Casts


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"s3://clave:secreto@{host}:{port}/archivos?region=us-east-1&tls=0"
    server.stop()


@pytest.fixture
def bucket(address: str, settings: object) -> Iterator[storage.AgencyBucket]:
    """An empty bucket, which the settings choose."""
    (variable,) = [one for one in env.VARIABLES if one.name == "SAAS_FILES_URL"]
    options = variable.parse(address)
    client = boto3.resource(
        "s3", endpoint_url=options["endpoint_url"], aws_access_key_id="clave", aws_secret_access_key="secreto", region_name="us-east-1"
    )
    made = client.Bucket("archivos")
    made.create()
    settings.STORAGES = {**STORAGES, "default": {"BACKEND": "tenants.storage.AgencyBucket", "OPTIONS": options}}  # type: ignore[attr-defined]
    yield storage.whole_storage()  # type: ignore[misc]
    made.objects.all().delete()
    made.delete()


def test_agencies_files_are_apart(bucket: storage.AgencyBucket, cast: Casts) -> None:
    alfa, beta = cast.alfa.agency, cast.beta.agency
    with context.in_agency(alfa):
        name = default_storage.save("receipts/same.pdf", ContentFile(b"alfa"))
        again = default_storage.save("receipts/same.pdf", ContentFile(b"alfa, again"))
        assert (name, again != name) == ("receipts/same.pdf", True)
        with default_storage.open(name) as file:
            assert file.read() == b"alfa"
        with pytest.raises(ValueError, match="through a door"):
            default_storage.url(name)
    with context.in_agency(beta):
        assert not default_storage.exists(name)
        assert default_storage.listdir("receipts") == ([], [])
        for outside in (f"../{alfa.schema_name}/{name}", f"/{alfa.schema_name}/{name}"):
            with pytest.raises((SuspiciousOperation, FileNotFoundError)):
                default_storage.open(outside).read()
        default_storage.delete(name)
    with context.in_agency(alfa):
        assert default_storage.exists(name)
    assert bucket.schemas() == {alfa.schema_name}
    assert (bucket.weight(alfa.schema_name), bucket.weight(beta.schema_name)) == (15, 0)
    bucket.drop(alfa.schema_name)
    assert bucket.schemas() == set()


def test_the_object_that_threads_share_keeps_no_agency(bucket: storage.AgencyBucket, cast: Casts) -> None:
    """It is one for all threads: whose folder it is must come from the thread at each call."""
    bucket.bucket_name  # noqa: B018  (django makes the storage behind it now)
    shared = vars(bucket)["_wrapped"]
    before = dict(vars(shared))
    with context.in_agency(cast.alfa.agency):
        assert bucket._normalize_name("one") == f"{cast.alfa.agency.schema_name}/one"
    with context.in_agency(cast.beta.agency):
        assert bucket._normalize_name("one") == f"{cast.beta.agency.schema_name}/one"
    assert {name: value for name, value in vars(shared).items() if before.get(name) != value} == {}


def test_a_receipt_is_made_into_it_and_comes_back_through_the_door(bucket: storage.AgencyBucket, cast: Casts, browse: Any) -> None:
    here = cast.alfa
    with context.in_agency(here.agency):
        receipt = paid(here)
        receipts.make_pdf(receipt.pk, agency=here.agency, now=clock.now())
        payment = receipt.payment_id
    answer = browse(here.agency, here.rita.user).get(at("payment_receipt", payment))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert b"".join(answer.streaming_content)[:5] == b"%PDF-"
    assert [item.key.split("/")[:2] for item in bucket.bucket.objects.all()] == [[here.agency.schema_name, "receipts"]]


def test_an_archive_carries_a_bucket_s_files(bucket: storage.AgencyBucket, origin: Agency, tmp_path: Path) -> None:  # noqa: F811
    target = tmp_path / "origen.tar.gz"
    call_command("export_agency", "origen", str(target), stdout=io.StringIO())
    call_command("restore_agency", str(target), slug="copia", stdout=io.StringIO())
    copy = Agency.objects.get(slug="copia")
    kept = {item.key: item.get()["Body"].read() for item in bucket.bucket.objects.all()}
    assert kept == {
        f"{agency.schema_name}/{name}": content
        for agency in (origin, copy)
        for name, content in (("recibos/uno.pdf", b"%PDF uno"), ("logo.png", bytes(range(256))))
    }
    assert files_on_disk(copy) == {}


@pytest.mark.parametrize(
    "wrong",
    ["s3://host/bucket", "s3://clave:secreto@host", "s3://clave:secreto@host/a/b", "http://host/bucket", "s3://clave:secreto@host/bucket?zona=1"],
)
def test_an_address_that_opens_nothing_is_refused_without_its_secret(wrong: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="SAAS_FILES_URL must be file:// or like s3://") as refused:
        env.read({"SAAS_FILES_URL": wrong})
    assert "secreto@" not in str(refused.value)
