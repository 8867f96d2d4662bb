"""From a cell to a value. A cell that cannot be read is noted with its column, and the others of its row are still read.

Nothing is guessed: what has two readings is refused by saas.lib.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from clientarea.importing.report import SheetReport
from clientarea.importing.workbook import Row
from saas.lib.clock import parse_date, parse_period
from saas.lib.documents import DocumentError, DocumentType, split_document
from saas.lib.money import cop, parse_cop
from saas.lib.phones import PhoneError, normalise
from saas.lib.text import clean_name, fold

T = TypeVar("T")
ZERO = Decimal(0)
CENT = Decimal("0.01")
# What Excel leaves in a cell whose formula failed.
_FAILED = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"})
_PERCENT = re.compile(r"(?P<whole>[0-9]{1,3})(?:[.,](?P<part>[0-9]{1,2}))?\s*%?")
_SEPARATORS = re.compile(r"[\s\u00a0.\-\u2010-\u2015]+")
_NUMBERED = re.compile(r"(?:(?P<before>.*?)\s*-\s*|(?P<letters>[^0-9-]*?)\s*)(?P<number>[0-9]{1,15})")


@lru_cache(maxsize=5000)
def _once(value: T) -> T:
    """An amount or a day that is equal to `value`: a workbook repeats few of them by the hundred thousand."""
    return value


class Cells:
    """One row being read. After reading, `ok` says whether every cell that was asked for could be read."""

    __slots__ = ("_cells", "number", "ok", "sheet")

    def __init__(self, sheet: SheetReport, row: Row) -> None:
        self.sheet = sheet
        self.number = row.number
        self._cells = row.cells
        self.ok = True

    def refuse(self, column: str, reason: str) -> None:
        """Refuse the row for what `column` says."""
        self.ok = False
        self.sheet.reject(self.number, column, reason)

    def notice(self, column: str, reason: str) -> None:
        """Keep the row, and tell."""
        self.sheet.notice(self.number, column, reason)

    def without(self, values: dict[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
        """`values` less the fields of those optional `columns` (field -> column) that the sheet does not have."""
        return {name: value for name, value in values.items() if name not in columns or columns[name] in self._cells}

    def raw(self, column: str) -> Any:
        """The cell as it is; None if it is blank or only spaces."""
        value = self._cells.get(column)
        if isinstance(value, str):
            value = value.strip()
            if value in _FAILED:
                self.refuse(column, _("La celda trae un error de Excel (%s).") % value)
                return None
            return value or None
        return value

    def text(self, column: str, *, most: int) -> str:
        """A text on one line, "" for a blank cell; refused if longer than `most`."""
        value = self.raw(column)
        if value is None:
            return ""
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = clean_name(str(value))
        if len(text) > most:
            self.refuse(column, _("%(value)s es demasiado largo: caben %(most)s letras.") % {"value": shown(text), "most": most})
            return ""
        return text

    def needed(self, column: str, *, most: int) -> str:
        """A text that may not be blank."""
        before = self.ok
        text = self.text(column, most=most)
        if not text and self.ok == before:
            self.refuse(column, _("Falta este dato."))
        return text

    def money(self, column: str) -> Decimal:
        """An amount, not below zero; a blank cell is refused, since nobody knows whether it means nothing."""
        amount = self.read(column, parse_cop, ZERO)
        if amount < 0:
            self.refuse(column, _("El valor %s no puede ser negativo.") % cop(amount))
        return _once(amount.quantize(CENT))

    def day(self, column: str) -> date:
        """A date in any spelling of saas.lib.clock."""
        return _once(self.read(column, parse_date, date.min))

    def period(self, column: str) -> date:
        """The first day of a month."""
        return _once(self.read(column, parse_period, date.min))

    def whole(self, column: str, *, least: int, most: int) -> int:
        """A whole number between two."""
        return self.read(column, lambda value: whole(value, least=least, most=most), least)

    def percent(self, column: str) -> Decimal:
        """A percentage from 0 to 100."""
        return self.read(column, percent, ZERO)

    def choice(self, column: str, choices: Mapping[str, T], default: T) -> T:
        """One of `choices`, whose keys are folded. `default` is only what stands in for one that could not be read."""

        def pick(value: object) -> T:
            found = choices.get(fold(str(value or "")))
            if found is None:
                raise ValueError(_("No se conoce %(value)s: use %(known)s.") % {"value": shown(value), "known": ", ".join(choices)})
            return found

        return self.read(column, pick, default)

    def phone(self, column: str) -> str:
        """A telephone number, "" for a blank cell. One that cannot be read is left out with a notice."""
        value = self.raw(column)
        if value is None:
            return ""
        try:
            return normalise(value)
        except PhoneError as error:
            self.notice(column, _("%s Se dejó sin este teléfono.") % error)
            return ""

    def email(self, column: str) -> str:
        """An e-mail address, "" for a blank cell. One that is not an address is left out with a notice."""
        text = self.text(column, most=254)
        try:
            if text:
                validate_email(text)
        except ValidationError:
            self.notice(column, _("%s no es un correo. Se dejó sin correo.") % shown(text))
            return ""
        return text

    def known(self, column: str, by_document: Mapping[str, T], default: T) -> T:
        """The client that a document names, out of `by_document`."""

        def find(value: object) -> T:
            if value is None:
                raise ValueError(_("Falta el documento."))
            for document in documents(value):
                found = by_document.get(document)
                if found is not None:
                    return found
            raise ValueError(_("No hay un tercero aceptado con el documento %s.") % shown(value))

        return self.read(column, find, default)

    def named(self, column: str, by_name: Mapping[str, T], default: T) -> T:
        """The unit or lease that a cell names by its code or number, out of `by_name`."""

        def find(value: object) -> T:
            found = by_name.get(clean_name(str(value or "")).upper())
            if found is None:
                raise ValueError(_("%s no existe o fue rechazado.") % shown(value))
            return found

        return self.read(column, find, default)

    def numbered(self, column: str, *, prefix: str) -> tuple[str, int]:
        """A prefix and a number, from `RC-7001` or 7001 (then with `prefix`)."""
        found, number = self.read(column, numbered, ("", 0))
        return found or prefix, number

    def read(self, column: str, read: Callable[[Any], T], default: T) -> T:
        """What `read` makes of a cell; if it raises ValueError the row is refused with what it says, and `default` stands in."""
        before = self.ok
        value = self.raw(column)
        if self.ok != before:
            return default
        try:
            return read(value)
        except ValueError as error:  # of saas.lib or of this module: all say what is wrong, for people
            self.refuse(column, str(error))
            return default


def shown(value: object) -> str:
    """A value between quotes, shortened, as reasons show it."""
    text = "vacío" if value is None or value == "" else str(value)
    return f"«{text[:40]}{'…' if len(text) > 40 else ''}»"


def whole(value: object, *, least: int, most: int) -> int:
    """A whole number, from a number or its digits. Raises ValueError."""
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,15}", text) or not least <= int(text) <= most:
        message = _("%(value)s no es un número entero entre %(least)s y %(most)s.")
        raise ValueError(message % {"value": shown(value), "least": least, "most": most})
    return int(text)


def percent(value: object) -> Decimal:
    """A percentage from 0 to 100: `7,5%`, 8, or 0.08, which is how Excel keeps a cell that shows 8 %. Raises ValueError."""
    result: Decimal | None = None
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = Decimal(repr(value))
            result = (number * 100 if 0 < number < 1 else number).quantize(CENT)
        except InvalidOperation:
            result = None
    elif isinstance(value, str) and (found := _PERCENT.fullmatch(value.strip())):
        result = Decimal(f"{found['whole']}.{found['part'] or '0'}")
    if result is None or not 0 <= result <= 100:
        raise ValueError(_("No se entiende %(value)s como porcentaje. Escríbalo así: 8%% o 7,5%%.") % {"value": shown(value)})
    return result


def documents(value: object) -> tuple[str, ...]:
    """The documents that a cell may name, as we keep them. Raises ValueError for a wrong check digit."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    plain = _SEPARATORS.sub("", text).upper()
    found = [plain, plain.lstrip("0")]
    if re.fullmatch(r".*[-\u2010-\u2015]\s*[0-9]", text):
        try:
            found.insert(0, split_document(text, DocumentType.NIT)[0])
        except DocumentError as error:
            raise ValueError(str(error)) from None
    return tuple(dict.fromkeys(found))


def numbered(value: object) -> tuple[str, int]:
    """Prefix ("" if there is none) and number of a document of the agency: `FA-5001`, `FA5001`, 5001. Raises ValueError."""
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else clean_name(str(value or ""))
    found = _NUMBERED.fullmatch(text)
    if not found:
        raise ValueError(_("No se entiende %s como número. Escríbalo así: RC-7001.") % shown(value))
    prefix = (found["before"] or found["letters"] or "").upper()
    if len(prefix) > 10:
        raise ValueError(_("El prefijo de %s es demasiado largo: caben diez letras.") % shown(value))
    return prefix, int(found["number"])
