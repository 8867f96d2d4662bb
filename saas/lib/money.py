"""Pesos: read, shown, spelled out and shared.

Amounts are Decimal in COP, at most twelve whole digits and two decimals (what a column holds). Nothing here guesses: a
text with two readings is refused. Never a float inside, never a rounding that is not said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation

from django.utils.translation import gettext as _

CENT = Decimal("0.01")
LIMIT = Decimal(10) ** 12
NBSP = "\u00a0"
MINUS = "\u2212"
_SPACES = re.compile(r"[\s\u00a0\u2007\u202f]+")
# Spaces stand around a figure, or inside it in the place of the points: "950000 265000" are two amounts, not one.
_TEXT = re.compile(
    r"(?P<sign>-?) ?(?:\$|COP)? ?(?P<inner>-?) ?(?P<figure>[0-9.,]+|[1-9][0-9]{0,2}(?: [0-9]{3})+(?:,[0-9]{1,2})?) ?(?:COP)?",
    re.IGNORECASE,
)
_COLOMBIAN = re.compile(r"(?P<whole>[1-9][0-9]{0,2}(?:\.[0-9]{3})+|[0-9]+)(?:,(?P<cents>[0-9]{1,2}))?")
# What a program writes: 1850000.0 or 1850000.50. With up to three whole digits only `.0` and `.00` are plain: in "1.85"
# a person may have meant millions.
_PROGRAM = re.compile(r"(?P<whole>[0-9]{4,})\.(?P<cents>[0-9]{1,2})|(?P<small>[0-9]{1,3})\.00?")


class MoneyError(ValueError):
    """A text or number that is not an amount in pesos. Its message is for people."""


def cop(amount: Decimal | int) -> str:
    """An amount as people read it: `$ 1.850.000`, with cents only if there are any, `−$ 1.850.000` below zero.

    The space after `$` is U+00A0, so that a figure never breaks across lines; the sign is U+2212, as wide as a figure, which a
    screen reader says. Cents are rounded half up.
    """
    value = Decimal(amount).quantize(CENT, ROUND_HALF_UP)
    whole, cents = divmod(abs(value), 1)
    figure = f"{int(whole):,}".replace(",", ".")
    if cents:
        figure += f",{int(cents * 100):02d}"
    return f"{MINUS if value < 0 else ''}${NBSP}{figure}"


def parse_cop(text_or_number: object) -> Decimal:
    """The amount that a cell or a form says, with two decimals at most.

    Reads `$ 1.850.000`, `1.850.000,00`, `-$ 500`, `265000`, 1850000, 1850000.0 and Decimal. Raises MoneyError for
    anything else: texts with another reading (`1,850`, `1.85`), letters, NaN, infinities, more than two decimals, more
    than twelve whole digits.
    """
    if isinstance(text_or_number, bool) or text_or_number is None:
        raise _unreadable(text_or_number)
    if isinstance(text_or_number, int | Decimal):
        return _checked(Decimal(text_or_number), text_or_number)
    if isinstance(text_or_number, float):
        return _checked(_from_float(text_or_number), text_or_number)
    if not isinstance(text_or_number, str):
        raise _unreadable(text_or_number)
    return _checked(_from_text(text_or_number), text_or_number)


def in_words(amount: Decimal | int) -> str:
    """An amount in Spanish words, as receipts say it: "un millón doscientos cincuenta mil pesos m/cte".

    Raises MoneyError below zero, from a million million on, and for fractions of a cent.
    """
    value = _checked(Decimal(amount), amount)
    if value < 0:
        raise MoneyError(f"No se puede escribir en letras un valor negativo ({cop(value)}).")
    whole, cents = int(value), int(value % 1 * 100)
    noun = "peso" if whole == 1 else "pesos"
    if whole and whole % 1_000_000 == 0:
        noun = "de pesos"
    words = f"{_number(whole)} {noun}"
    if cents:
        words += f" con {_number(cents)} {'centavo' if cents == 1 else 'centavos'}"
    return f"{words} m/cte"


def whole(amount: Decimal) -> Decimal:
    """An amount in whole pesos, half up: how each concept of an invoice is rounded."""
    return amount.quantize(Decimal(1), ROUND_HALF_UP)


def split_shares(total: Decimal, shares: Sequence[Decimal]) -> list[Decimal]:
    """`total` divided by `shares` (percents or any weights) in whole pesos, adding up to `total` exactly.

    Largest remainder; of equal remainders the first. Cents of `total`, if any, go with the last peso given. Raises
    MoneyError without shares, with a negative one, or when all are zero.
    """
    weight = sum(shares, Decimal(0))
    if not shares or weight <= 0 or any(share < 0 for share in shares):
        raise MoneyError("Las participaciones deben ser positivas para repartir un valor.")
    sign = -1 if total < 0 else 1
    exact = [abs(total) * share / weight for share in shares]
    parts = [value.to_integral_value(ROUND_FLOOR) for value in exact]
    left = abs(total) - sum(parts, Decimal(0))
    order = sorted(range(len(shares)), key=lambda i: (parts[i] - exact[i], shares[i] == 0, i))
    for index in order:
        given = min(left, Decimal(1))
        parts[index] += given
        left -= given
    return [part * sign for part in parts]


def _checked(value: Decimal, source: object) -> Decimal:
    if not value.is_finite():
        raise _unreadable(source)
    if abs(value) >= LIMIT:
        raise MoneyError(_("El valor %(shown)s es demasiado grande: se admiten hasta doce cifras de pesos.") % {"shown": _shown(source)})
    if value != value.quantize(CENT):
        raise MoneyError(_("El valor %(shown)s tiene más de dos decimales. Escríbalo así: $ 1.850.000,50.") % {"shown": _shown(source)})
    return value


def _from_float(number: float) -> Decimal:
    value = Decimal(repr(number))
    if not value.is_finite() or abs(value) >= LIMIT:
        return value
    near = value.quantize(CENT, ROUND_HALF_UP)
    # Spreadsheets keep 99999.99 as 99999.990000000005: that is noise, not a third decimal.
    return near if abs(value - near) < Decimal("0.000001") else value


def _from_text(text: str) -> Decimal:
    found = _TEXT.fullmatch(_SPACES.sub(" ", text).strip().replace(MINUS, "-"))
    if not found or (found["sign"] and found["inner"]):
        raise _unreadable(text)
    figure = found["figure"].replace(" ", ".")
    parts = _COLOMBIAN.fullmatch(figure)
    if parts:
        plain = f"{parts['whole'].replace('.', '')}.{parts['cents'] or '0'}"
    elif _PROGRAM.fullmatch(figure):
        plain = figure
    else:
        raise _unreadable(text)
    try:
        value = Decimal(plain)
    except InvalidOperation:  # pragma: no cover  (the patterns above only let digits through)
        raise _unreadable(text) from None
    value = value if value != value.to_integral_value() else value.quantize(Decimal(1)) if value < LIMIT else value
    return -value if found["sign"] or found["inner"] else value


def _unreadable(source: object) -> MoneyError:
    return MoneyError(_("No se entiende %(shown)s como un valor en pesos. Escríbalo así: $ 1.850.000 o 1850000.") % {"shown": _shown(source)})


def _shown(source: object) -> str:
    text = _("vacío") if source is None or source == "" else str(source)
    return f"«{text[:40]}{'…' if len(text) > 40 else ''}»"


# Names are the shortened ones (un, veintiún): what follows is always a masculine noun.
_UNITS = (
    "cero", "un", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve",
    "diez", "once", "doce", "trece", "catorce", "quince", "dieciséis", "diecisiete", "dieciocho", "diecinueve",
    "veinte", "veintiún", "veintidós", "veintitrés", "veinticuatro", "veinticinco", "veintiséis", "veintisiete", "veintiocho", "veintinueve",
)  # fmt: skip
_TENS = ("treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa")
_HUNDREDS = (
    "ciento", "doscientos", "trescientos", "cuatrocientos", "quinientos",
    "seiscientos", "setecientos", "ochocientos", "novecientos",
)  # fmt: skip


def _number(value: int) -> str:
    """0 to 999 999 999 999 in words."""
    if value < 1000:
        return _below_thousand(value)
    if value < 1_000_000:
        thousands, rest = divmod(value, 1000)
        head = "mil" if thousands == 1 else f"{_below_thousand(thousands)} mil"
    else:
        millions, rest = divmod(value, 1_000_000)
        head = "un millón" if millions == 1 else f"{_number(millions)} millones"
    return f"{head} {_number(rest)}" if rest else head


def _below_thousand(value: int) -> str:
    if value == 100:
        return "cien"
    hundreds, rest = divmod(value, 100)
    if rest < 30:
        tail = _UNITS[rest]
    else:
        tens, unit = divmod(rest, 10)
        tail = _TENS[tens - 3] + (f" y {_UNITS[unit]}" if unit else "")
    if not hundreds:
        return tail
    return f"{_HUNDREDS[hundreds - 1]} {tail}" if rest else _HUNDREDS[hundreds - 1]
