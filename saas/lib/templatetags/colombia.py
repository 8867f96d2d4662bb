"""Template filters and tags, available in every template: money, dates, documents and telephones as Colombia reads them;
icons, form controls and the mark of the current page.

Filters answer "" for a missing value, so that a page never shows "None".
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django import forms, template
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.forms.boundfield import BoundField
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from saas.lib import clock, languages, money, phones

register = template.Library()
_ICON_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@register.filter
def cop(amount: Decimal | int | str | None) -> str:
    """`$ 1.850.000`. Takes the plain text of a Decimal too: documents keep their amounts so."""
    if amount is None or amount == "":
        return ""
    return money.cop(Decimal(amount) if isinstance(amount, str) else amount)


@register.filter
def long_date(day: date | datetime | None) -> str:
    """`23 de noviembre de 2026`."""
    return clock.long_date(day) if day else ""


@register.filter
def short_date(day: date | datetime | None) -> str:
    """`23 nov 2026`. A moment is shown by its date in Bogotá."""
    return clock.short_date(day) if day else ""


@register.filter
def long_datetime(moment: datetime | None) -> str:
    """`23 de noviembre de 2026, 3:05 p. m.`."""
    return clock.long_datetime(moment) if moment else ""


@register.filter
def month(period: date | str | None) -> str:
    """`noviembre de 2026`."""
    return clock.month_name(period) if period else ""


@register.filter
def document(holder: Any) -> str:
    """`CC 1.007.975.904` of a client, `NIT 890.903.938-8` of an agency; nothing of nobody."""
    return holder.full_document if holder else ""


@register.filter
def phone(number: str | None) -> str:
    """`300 123 4567`, `(601) 745 2030`."""
    return phones.pretty(number) if number else ""


@register.filter
def initials(name: str | None) -> str:
    """The first letters of the first two words, for a monogram: `IC`."""
    return "".join(word[0] for word in (name or "").split()[:2]).upper()


@register.filter
def ended(name: str | None) -> str:
    """A name at the end of a sentence, with the sentence's point: `Casas S.A.S.` has it already."""
    return f"{(name or '').removesuffix('.')}."


@register.filter
def translated(text: Any) -> str:
    """A Spanish text of ours that was kept in the database or comes from a table, in the reader's language."""
    return languages.translated(str(text or ""))


@register.simple_tag
def html_lang() -> str:
    """The `lang` of the page."""
    return languages.html_lang()


@register.simple_tag
def icon(name: str) -> SafeString:
    """The Tabler outline icon `name`, inline so that it takes the colour of the text around it. Hidden from readers."""
    return _icon(str(name))


@register.simple_tag(takes_context=True)
def active(context: template.Context, *names: str) -> SafeString:
    """` aria-current="page"` when the page's URL name is one of `names` (each may hold several, with spaces)."""
    match = getattr(context.get("request"), "resolver_match", None)
    here = getattr(match, "url_name", None)
    wanted = {name for text in names for name in text.split()}
    return mark_safe(' aria-current="page"') if here and here in wanted else mark_safe("")  # noqa: S308  (constants)


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """A form field's widget with the look of its kind; its own classes are kept."""
    widget = field.field.widget
    own = widget.attrs.get("class", "")
    classes = " ".join(part for part in (own, _look(widget), "is-invalid" if field.errors else "") if part)
    return field.as_widget(attrs={"class": classes} if classes else {})


@register.filter
def control_kind(field: BoundField) -> str:
    """How a field is laid out: `hidden`, `check` (label after it), `group` (a legend over choices), `own` (the widget brings
    its label, as the *no soy un robot* check does) or `plain`."""
    widget = field.field.widget
    if field.is_hidden:
        return "hidden"
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "group"
    if not isinstance(widget, forms.widgets.Input | forms.Textarea | forms.Select | forms.MultiWidget):
        return "own"
    return "plain"


def _look(widget: forms.Widget) -> str:
    if isinstance(widget, forms.CheckboxInput | forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "form-check-input"
    if isinstance(widget, forms.Select):
        return "form-select"
    if isinstance(widget, forms.widgets.Input | forms.Textarea) and getattr(widget, "input_type", "") != "hidden":
        return "form-control"
    return ""


@cache
def _icon(name: str) -> SafeString:
    if not _ICON_NAME.fullmatch(name):
        raise ImproperlyConfigured(f"{name!r} is not the name of an icon")
    path = settings.ASSETS_DIR / "vendor" / "icons" / f"{name}.svg"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ImproperlyConfigured(
            f"the icon {name!r} is not among the assets: add its name to saas/static/icons.txt and set the project up again"
        ) from error
    drawing = text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")]
    shapes = " ".join(drawing.split())
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false" width="24" height="24" viewBox="0 0 24 24" fill="none"'
        ' stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">{}</svg>',
        mark_safe(shapes),  # noqa: S308  (a file of the project's own set-up)
    )
