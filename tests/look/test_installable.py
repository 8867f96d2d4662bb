"""The manifest and the icons: each agency's own, in its brand, kept by version."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from tenants import context
from tenants.models import Agency


def icon(browse: Any, agency: Agency, name: str, query: str = "") -> Image.Image:
    answer = browse(agency).get(f"/icono/{name}.png{query}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    return Image.open(io.BytesIO(answer.content))


def test_the_manifest_is_the_agency_s(browse: Any, alfa: Agency) -> None:
    Agency.objects.filter(pk=alfa.pk).update(colour="#0f766e")
    answer = browse(alfa).get("/manifest.webmanifest?v=1")
    assert answer["Content-Type"] == "application/manifest+json"
    assert answer["Cache-Control"] == "public, max-age=31536000"
    said = answer.json()
    assert {name: said[name] for name in ("name", "short_name", "start_url", "scope", "display", "theme_color", "lang")} == {
        "name": "Inmobiliaria Alfa", "short_name": "Alfa", "start_url": "/area-de-clientes/", "scope": "/", "display": "standalone",
        "theme_color": "#0f766e", "lang": "es-CO",
    }  # fmt: skip
    assert [(each["sizes"], each["purpose"]) for each in said["icons"]] == [("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")]
    for each in said["icons"]:
        assert browse(alfa).get(each["src"]).status_code == 200


@pytest.mark.parametrize(("name", "side"), [("192", 192), ("512", 512), ("maskable", 512), ("apple", 180)])
def test_an_icon_without_a_logo_is_the_initials_on_the_colour(browse: Any, alfa: Agency, name: str, side: int) -> None:
    Agency.objects.filter(pk=alfa.pk).update(colour="#0f766e")
    picture = icon(browse, alfa, name)
    assert picture.size == (side, side)
    assert picture.convert("RGB").getpixel((2, 2)) == (0x0F, 0x76, 0x6E)
    colours = picture.convert("RGB").getcolors(side * side) or []
    assert (255, 255, 255) in [colour for _count, colour in colours]


def test_an_icon_of_a_logo_is_for_its_agency_alone(browse: Any, alfa: Agency, beta: Agency) -> None:
    out = io.BytesIO()
    Image.new("RGB", (300, 100), "#ff0000").save(out, "PNG")
    with context.in_agency(alfa):
        name = default_storage.save("marca/logo.png", ContentFile(out.getvalue()))
    Agency.objects.update(logo=name)
    picture = icon(browse, alfa, "512").convert("RGB")
    assert picture.getpixel((256, 256)) == (255, 0, 0)
    assert picture.getpixel((256, 20)) == (255, 255, 255)
    assert icon(browse, beta, "512").convert("RGB").getpixel((256, 256)) != (255, 0, 0)


def test_pages_point_to_them(browse: Any, alfa: Agency) -> None:
    page = browse(alfa).get("/").content.decode()
    assert '<link rel="manifest" href="/manifest.webmanifest?v=' in page
    assert '<link rel="apple-touch-icon" href="/icono/apple.png?v=' in page
    assert "manifest" not in browse(None).get("/").content.decode()


def test_there_are_no_other_icons(browse: Any, alfa: Agency) -> None:
    assert browse(alfa).get("/icono/4096.png").status_code == 404
    assert browse(None).get("/manifest.webmanifest").status_code == 404
