"""The agency's own settings: kept in public by its staff alone, the logo made anew, the colour's contrast told."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, PngImagePlugin

from payments import receipts
from tenants import branding, context, own
from tenants.desk import preview
from tenants.hosts import forget
from tenants.models import Agency
from tests.desk.desks import assert_desk_only, errors_of
from tests.portal.pages import at, queries_of, text_of
from tests.world import NOW, Cast, Casts

TYPED = {
    "name": "Alfa  y Cía", "colour": "#0F766E", "email": "Hola@Alfa.example", "phone": "601 745 2030", "address": "Calle 1", "city": "Cali",
    "welcome": "Bienvenidos.",
}  # fmt: skip


@pytest.fixture
def here(cast: Casts, settings: Any, tmp_path: Any) -> Cast:
    settings.MEDIA_ROOT = str(tmp_path)
    return cast.alfa


def picture(kind: str = "PNG", size: tuple[int, int] = (400, 100), **options: Any) -> bytes:
    """A picture of one colour."""
    data = io.BytesIO()
    Image.new("RGB", size, "#0f766e").save(data, kind, **options)
    return data.getvalue()


def _row(cast: Cast) -> Agency:
    return Agency.objects.get(pk=cast.agency.pk)


def _seen(sara: Any) -> str:
    return str(sara.get(at("desk_settings")).context["form"].initial["seen"])


def _upload(sara: Any, data: bytes, name: str = "logo.png") -> Any:
    return sara.post(at("desk_settings_logo"), {"file": SimpleUploadedFile(name, data)})


def test_they_are_for_staff_alone(here: Cast, browse: Any) -> None:
    for page in ("desk_settings", "desk_settings_preview"):
        assert_desk_only(browse, here, at(page))
    for page in ("desk_settings", "desk_settings_logo", "desk_settings_logo_remove"):
        assert_desk_only(browse, here, at(page), method="post")
    assert _row(here).name == "Inmobiliaria Alfa"


def test_they_are_kept_and_seen_at_once(here: Cast, cast: Casts, browse: Any) -> None:
    sara = browse(here.agency, here.sara)
    assert "NIT 890.903.938-8" in text_of(sara.get(at("desk_settings")))
    before = _row(here)
    answer = sara.post(at("desk_settings"), TYPED | {"seen": _seen(sara), "nit": "1", "slug": "otra", "state": "retired"})
    assert answer.status_code == 302
    row = _row(here)
    assert own.values_of(row) == {
        "name": "Alfa y Cía", "colour": "#0f766e", "email": "hola@alfa.example", "phone": "+576017452030", "address": "Calle 1",
        "city": "Cali", "welcome": "Bienvenidos.",
    }  # fmt: skip
    assert (row.nit, row.slug, row.state, row.key) == (before.nit, before.slug, before.state, before.key)
    assert row.branded_at > before.branded_at
    assert Agency.objects.get(pk=cast.beta.agency.pk).name == "Inmobiliaria Beta"


def test_what_is_cached_of_the_agency_is_forgotten(
    here: Cast, browse: Any, django_capture_on_commit_callbacks: Any
) -> None:
    sara = browse(here.agency, here.sara)
    seen = _seen(sara)
    assert "<h1>Inmobiliaria Alfa</h1>" in sara.get("/").content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        sara.post(at("desk_settings"), TYPED | {"seen": seen})
    assert "<h1>Alfa y Cía</h1>" in sara.get("/").content.decode()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "A"}, "name"), ({"colour": "rojo"}, "colour"), ({"colour": "#fff"}, "colour"),
        ({"colour": "#ffffff;}"}, "colour"), ({"email": "hola"}, "email"), ({"phone": "12"}, "phone"), ({"welcome": "x" * 601}, "welcome"),
    ],
)  # fmt: skip
def test_a_mistake_keeps_what_was_typed_and_changes_nothing(here: Cast, browse: Any, change: dict[str, str], field: str) -> None:
    sara = browse(here.agency, here.sara)
    before = own.values_of(_row(here))
    answer = sara.post(at("desk_settings"), TYPED | {"seen": _seen(sara)} | change)
    assert (answer.status_code, list(errors_of(answer))) == (422, [field])
    assert 'value="Calle 1"' in answer.content.decode()
    assert own.values_of(_row(here)) == before


def test_two_people_do_not_overwrite_each_other(here: Cast, browse: Any) -> None:
    sara = browse(here.agency, here.sara)
    seen = _seen(sara)
    assert sara.post(at("desk_settings"), TYPED | {"seen": seen}).status_code == 302
    answer = sara.post(at("desk_settings"), TYPED | {"seen": seen, "city": "Pasto"})
    assert answer.status_code == 422
    assert "Otra persona cambió estos datos" in errors_of(answer)["__all__"][0]
    assert _row(here).city == "Cali"


def test_the_preview_tells_the_contrast(here: Cast, browse: Any) -> None:
    sara = browse(here.agency, here.sara)
    dark = sara.get(at("desk_settings_preview"), {"colour": "#0F766E", "name": "Casas <b>"}).content.decode()
    assert 'fill="#0f766e"' in dark
    assert "contraste 5,5:1, se lee bien" in dark
    assert "Casas &lt;b&gt;" in dark
    assert "style" not in dark.split("#}")[-1]
    light = preview("Casas", "#ffd400")
    assert (light["foreground"], light["darkened"], light["readable"]) == ("#111827", True, True)
    assert 'fill="#1f5fa8"' in sara.get(at("desk_settings_preview"), {"colour": '"><script>'}).content.decode()
    assert len(queries_of(sara, at("desk_settings"))) <= 6


@pytest.mark.parametrize(("kind", "name"), [("PNG", "logo.png"), ("JPEG", "logo.jpg"), ("WEBP", "logo.webp"), ("PNG", "../../x.svg")])
def test_a_logo_is_made_anew_and_served(here: Cast, cast: Casts, browse: Any, kind: str, name: str) -> None:
    hidden = {"exif": _exif()} if kind != "PNG" else {"pnginfo": _note()}
    sara = browse(here.agency, here.sara)
    assert _upload(sara, picture(kind, (2000, 500), **hidden), name).status_code == 302
    row = _row(here)
    assert row.logo.startswith("marca/logo-")
    forget(row)
    shown = sara.get(at("desk_settings_preview"), {"name": "Alfa", "colour": "#1f5fa8"}).content.decode()
    assert f'<image href="{at("brand_logo")}?v=' in shown
    assert ">A</text>" not in shown  # no monogram beside it
    with context.in_agency(here.agency):
        kept = branding.logo_bytes(row)
    assert kept is not None
    assert b"secreto" not in kept
    with Image.open(io.BytesIO(kept)) as image:
        assert (image.format, image.size) == ("PNG", (960, 240))
    page = sara.get(at("desk_settings"))
    assert 'alt="Logo actual de Inmobiliaria Alfa"' in page.content.decode()
    with context.in_agency(cast.beta.agency):
        assert not default_storage.exists(row.logo)


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = "secreto"  # the description
    return exif


def _note() -> PngImagePlugin.PngInfo:
    note = PngImagePlugin.PngInfo()
    note.add_text("autor", "secreto")
    return note


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "No es una imagen PNG, JPEG o WebP."),
        (b"GIF89a" + b"\0" * 50, "No es una imagen PNG, JPEG o WebP."),
        (picture()[:20], "No es una imagen PNG, JPEG o WebP."),
        (picture(size=(4001, 10)), "La imagen es demasiado grande"),
        (b"\x89PNG" + b"\0" * own.LOGO_BYTES, "El archivo pesa más de 2 MB."),
        (b"", "El archivo está vacío. Elija otro."),
    ],
)
def test_what_is_no_picture_is_refused(here: Cast, browse: Any, data: bytes, said: str) -> None:
    answer = _upload(browse(here.agency, here.sara), data)
    assert answer.status_code == 422
    assert said in errors_of(answer, "logo_form")["file"][0]
    assert _row(here).logo == ""


def test_a_new_logo_takes_the_old_file_away(here: Cast, browse: Any, django_capture_on_commit_callbacks: Any) -> None:
    sara = browse(here.agency, here.sara)
    with django_capture_on_commit_callbacks(execute=True):
        _upload(sara, picture())
    first = _row(here).logo
    with context.in_agency(here.agency), django_capture_on_commit_callbacks(execute=True):
        own.set_logo(here.agency, io.BytesIO(picture(size=(50, 50))), by=here.sara, now=NOW)
    second = _row(here).logo
    with context.in_agency(here.agency):
        assert (default_storage.exists(first), default_storage.exists(second)) == (False, True)
    assert sara.post(at("desk_settings_logo_remove")).status_code == 302
    assert _row(here).logo == ""


def test_the_logo_is_on_papers_and_in_mails(here: Cast, browse: Any) -> None:
    row = _row(here)
    with context.in_agency(here.agency):
        assert receipts.issuer(row).logo is None
    assert branding.mail_brand(_row(here))["brand_logo"] == ""
    _upload(browse(here.agency, here.sara), picture())
    row = _row(here)
    with context.in_agency(here.agency):
        assert receipts.issuer(row).logo == branding.logo_bytes(row)
        assert (branding.logo_bytes(row) or b"").startswith(b"\x89PNG")
        default_storage.delete(row.logo)
        assert receipts.issuer(row).logo is None  # a paper without a logo is better than no paper
    assert branding.mail_brand(row)["brand_logo"] == f"{branding.origin(row)}/logo/?v={int(row.branded_at.timestamp())}"
