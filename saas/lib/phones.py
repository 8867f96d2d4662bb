"""Colombian telephone numbers: read as people write them, kept as +57 and ten digits, shown in groups.

Ten digits: a mobile begins with 3, a landline with 60 and its area's digit (CRC Resolution 5826 of 2019). Never guesses
the area of an old seven-digit number.
"""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

COUNTRY = "+57"
_SEPARATORS = re.compile(r"[\s\u00a0\u202f.\-\u2010-\u2015()/]+")
_MOBILE = re.compile(r"3[0-9]{9}")
_LANDLINE = re.compile(r"60[124-8][0-9]{7}")


class PhoneError(ValueError):
    """A text that is not a Colombian telephone number. Its message is for people."""


def normalise(value: object) -> str:
    """`+573231629072`, from `+57 3231629072`, `321 474 5328`, `(601) 745 2030`, 3211999941 or 3211999941.0.

    Raises PhoneError.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise _wrong(value)
    digits = _SEPARATORS.sub("", str(value))
    for prefix in (COUNTRY, "0057"):
        digits = digits.removeprefix(prefix)
    if len(digits) == 12:
        digits = digits.removeprefix("57")
    if not (_MOBILE.fullmatch(digits) or _LANDLINE.fullmatch(digits)):
        raise _wrong(value)
    return COUNTRY + digits


def is_mobile(number: str) -> bool:
    """Whether a number, as `normalise` gives it, is a mobile."""
    return number.startswith(f"{COUNTRY}3")


def pretty(number: str) -> str:
    """As people read it: `323 162 9072`, `(601) 745 2030`. What is not one of ours is shown as it is."""
    digits = number.removeprefix(COUNTRY)
    if not number.startswith(COUNTRY) or len(digits) != 10:
        return number
    area, middle, last = digits[:3], digits[3:6], digits[6:]
    return f"{area} {middle} {last}" if is_mobile(number) else f"({area}) {middle} {last}"


def _wrong(value: object) -> PhoneError:
    text = _("vacío") if value is None or value == "" else str(value)[:40]
    told = _(
        "«%(text)s» no es un teléfono de Colombia. Escriba diez dígitos: un celular (300 123 4567) o un fijo con su "
        "indicativo (601 234 5678)."
    )
    return PhoneError(told % {"text": text})
