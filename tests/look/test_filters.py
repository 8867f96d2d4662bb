"""The template filters and tags, value by value."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django import forms
from django.core.exceptions import ImproperlyConfigured
from django.template import Context, Template

from clientarea.models import Client
from saas.accounts.captcha import CaptchaField
from saas.lib.templatetags import colombia
from tenants.models import Agency

EVENING = datetime(2026, 11, 24, 1, 5, tzinfo=UTC)  # still the 23rd in Bogotá
PERSON = Client(document_type="CC", document="1007975904", document_check="")
COMPANY = Client(document_type="NIT", document="890903938", document_check="8")
AGENCY = Agency(nit="860002964", nit_check="4")


@pytest.mark.parametrize(
    ("text", "value", "shown"),
    [
        ("{{ v|cop }}", Decimal("1850000"), "$\u00a01.850.000"),
        ("{{ v|cop }}", Decimal("1850000.50"), "$\u00a01.850.000,50"),
        ("{{ v|cop }}", 0, "$\u00a00"),
        ("{{ v|cop }}", -500, "\u2212$\u00a0500"),
        ("{{ v|cop }}", "1215000.00", "$\u00a01.215.000"),
        ("{{ v|cop }}", None, ""),
        ("{{ v|cop }}", "", ""),
        ("{{ v|long_date }}", date(2026, 11, 23), "23 de noviembre de 2026"),
        ("{{ v|long_date }}", EVENING, "23 de noviembre de 2026"),
        ("{{ v|long_date }}", None, ""),
        ("{{ v|short_date }}", date(2026, 11, 3), "3 nov 2026"),
        ("{{ v|short_date }}", EVENING, "23 nov 2026"),
        ("{{ v|short_date }}", None, ""),
        ("{{ v|long_datetime }}", EVENING, "23 de noviembre de 2026, 8:05\u00a0p.\u00a0m."),
        ("{{ v|long_datetime }}", None, ""),
        ("{{ v|month }}", date(2026, 11, 1), "noviembre de 2026"),
        ("{{ v|month }}", "2026-02", "febrero de 2026"),
        ("{{ v|month }}", None, ""),
        ("{{ v|document }}", PERSON, "CC 1.007.975.904"),
        ("{{ v|document }}", COMPANY, "NIT 890.903.938-8"),
        ("{{ v|document }}", AGENCY, "NIT 860.002.964-4"),
        ("{{ v|document }}", None, ""),
        ("{{ v|phone }}", "+573231629072", "323 162 9072"),
        ("{{ v|phone }}", "+576017452030", "(601) 745 2030"),
        ("{{ v|phone }}", "", ""),
        ("{{ v|initials }}", "Inmobiliaria del Río", "ID"),
        ("{{ v|initials }}", "árbol", "Á"),
        ("Con {{ v|ended }}", "Casas & Cía S.A.S.", "Con Casas &amp; Cía S.A.S."),
        ("Con {{ v|ended }}", "Casas", "Con Casas."),
        ("{{ v|initials }}", None, ""),
    ],
)
def test_a_filter_shows(text: str, value: object, shown: str) -> None:
    assert Template(text).render(Context({"v": value})) == shown


def test_an_icon_is_drawn_inline_in_the_colour_of_the_text() -> None:
    drawing = Template('{% icon "home" %}').render(Context())
    assert drawing.startswith('<svg class="icon" aria-hidden="true"')
    assert 'stroke="currentColor"' in drawing
    assert drawing.count("<svg") == drawing.count("</svg>") == 1
    assert "style=" not in drawing


@pytest.mark.parametrize("name", ["there-is-no-such-icon", "../../../etc/passwd", "Home", ""])
def test_an_icon_that_is_not_there_says_so(name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="icon"):
        colombia.icon(name)


def test_a_missing_icon_names_the_list() -> None:
    with pytest.raises(ImproperlyConfigured, match="saas/static/icons.txt"):
        colombia.icon("there-is-no-such-icon")


@pytest.mark.parametrize(("here", "marked"), [("invoice", True), ("invoices", True), ("payments", False), (None, False)])
def test_the_current_page_is_marked(here: str | None, marked: bool) -> None:
    request = SimpleNamespace(resolver_match=SimpleNamespace(url_name=here))
    shown = Template('<a{% active "invoices" "invoice invoice_pay" %}>').render(Context({"request": request}))
    assert shown == ('<a aria-current="page">' if marked else "<a>")


def test_no_page_is_marked_without_a_request() -> None:
    assert Template('<a{% active "home" %}>').render(Context()) == "<a>"


class Sample(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label="Nombre", help_text="Como en su documento.", widget=forms.TextInput(attrs={"class": "own"}))
    city = forms.ChoiceField(label="Ciudad", choices=[("b", "Bogotá")], required=False)
    kind = forms.ChoiceField(label="Clase", choices=[("q", "Queja")], widget=forms.RadioSelect)
    text = forms.CharField(label="Texto", widget=forms.Textarea)
    agree = forms.BooleanField(label="Acepto")
    token = forms.CharField(widget=forms.HiddenInput)
    captcha = CaptchaField()


@pytest.mark.parametrize(
    ("name", "kind", "look"),
    [
        ("name", "plain", 'class="own form-control"'),
        ("city", "plain", 'class="form-select"'),
        ("kind", "group", 'class="form-check-input"'),
        ("text", "plain", 'class="form-control"'),
        ("agree", "check", 'class="form-check-input"'),
        ("token", "hidden", 'type="hidden"'),
        ("captcha", "own", "<altcha-widget "),
    ],
)
def test_a_field_has_the_look_of_its_kind(name: str, kind: str, look: str) -> None:
    field = Sample()[name]
    assert colombia.control_kind(field) == kind
    assert look in colombia.control(field)


def test_a_form_ties_labels_help_and_errors_to_its_controls() -> None:
    page = Template('{% include "partials/form.html" with form=form %}').render(Context({"form": Sample({"name": "", "token": "t"})}))
    assert '<label class="form-label" for="id_name">Nombre</label>' in page
    assert 'class="own form-control is-invalid"' in page
    assert 'aria-invalid="true"' in page
    for named in ("id_name_helptext", "id_name_error"):
        assert page.count(f'id="{named}"') == 1
    assert 'aria-describedby="id_name_helptext id_name_error"' in page or 'aria-describedby="id_name_error id_name_helptext"' in page
    assert "Ciudad <span class=\"optional\">(opcional)</span>" in page
    assert "Nombre <span" not in page
    assert page.count("Revise lo marcado y envíe de nuevo.") == 1
    assert '<label class="form-label" for="id_token"' not in page


def test_what_people_write_is_escaped_in_a_form() -> None:
    page = Template('{% include "partials/form.html" with form=form %}').render(Context({"form": Sample({"name": '"><script>x</script>'})}))
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page
