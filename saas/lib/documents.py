"""Identity documents of Colombia: which kinds there are, how people write them, how we keep and show them.

Kept without dots, spaces or dashes; a NIT without its check digit, which is kept apart. A check digit that does not
match is refused, never corrected.
"""

from __future__ import annotations

import re
from enum import StrEnum

from django.utils.translation import gettext as _

from saas.lib.text import fold


class DocumentType(StrEnum):
    """Kinds of identity document in use."""

    CC = "CC"
    CE = "CE"
    NIT = "NIT"
    TI = "TI"
    PA = "PA"
    PPT = "PPT"


LABELS: dict[DocumentType, str] = {
    DocumentType.CC: "Cédula de ciudadanía",
    DocumentType.CE: "Cédula de extranjería",
    DocumentType.NIT: "NIT",
    DocumentType.TI: "Tarjeta de identidad",
    DocumentType.PA: "Pasaporte",
    DocumentType.PPT: "Permiso por protección temporal",
}
# How else they are written, folded and without dots.
_NAMES = {
    "cedula": DocumentType.CC,
    "cedula ciudadania": DocumentType.CC,
    "cedula de extranjero": DocumentType.CE,
    "cedula extranjeria": DocumentType.CE,
    "numero de identificacion tributaria": DocumentType.NIT,
    "pp": DocumentType.PA,
    "pas": DocumentType.PA,
    "pasaporte": DocumentType.PA,
    "permiso por proteccion temporal": DocumentType.PPT,
    "permiso proteccion temporal": DocumentType.PPT,
    **{fold(label): kind for kind, label in LABELS.items()},
    **{kind.value.lower(): kind for kind in DocumentType},
}
# Fewest and most digits. A tarjeta de identidad has ten or eleven; the others grew over the years.
_LENGTHS = {
    DocumentType.CC: (3, 10),
    DocumentType.CE: (3, 10),
    DocumentType.NIT: (5, 10),
    DocumentType.TI: (10, 11),
    DocumentType.PPT: (3, 10),
}
_WEIGHTS = (3, 7, 13, 17, 19, 23, 29, 37, 41, 43, 47, 53, 59, 67, 71)
_SEPARATORS = re.compile(r"[\s\u00a0\u2007\u202f.\-\u2010-\u2015]+")
_WITH_CHECK = re.compile(r"(?P<number>.+?)\s*[-\u2010-\u2015]\s*(?P<check>[0-9])")


class DocumentError(ValueError):
    """A text that is not a document, or whose check digit is wrong. Its message is for people."""


def normalise_type(text: object) -> DocumentType:
    """The kind that a text names: `C.C.`, `cc`, `Cédula`, `Pasaporte`, `PP`… Raises DocumentError."""
    key = fold(str(text or "").replace(".", ""))
    kind = _NAMES.get(key) or _NAMES.get(key.replace(" ", ""))
    if kind is None:
        known = ", ".join(DocumentType)
        raise DocumentError(f"No se conoce el tipo de documento {_shown(text)}. Use uno de estos: {known}.")
    return kind


def normalise_document(value: object, type: DocumentType | str) -> str:  # noqa: A002  (the word of the domain)
    """The document as we keep it: digits (a passport: capital letters and digits), without separators.

    Takes texts and the numbers of spreadsheets (670459676.0). Of a NIT the check digit after a dash is verified and
    taken off. Raises DocumentError.
    """
    kind = type if isinstance(type, DocumentType) else normalise_type(type)
    return split_document(value, kind)[0]


def split_document(value: object, kind: DocumentType) -> tuple[str, str]:
    """The document as we keep it and the check digit that came with it ("" when none did). Raises DocumentError."""
    text = _as_text(value)
    with_check = _WITH_CHECK.fullmatch(text) if kind is not DocumentType.PA else None
    if with_check and kind is not DocumentType.NIT:
        raise DocumentError(
            _("%(shown)s lleva dígito de verificación, que solo tiene el NIT. Revise el tipo de documento.") % {"shown": _shown(value)}
        )
    number = _clean(with_check["number"] if with_check else text, kind, value)
    check = with_check["check"] if with_check else ""
    if check:
        check_nit(number, check)
    return number, check


def nit_check_digit(nit: str) -> str:
    """The check digit of a NIT (DIAN, Orden administrativa 4 de 1989). Raises DocumentError unless 1 to 15 digits."""
    digits = _SEPARATORS.sub("", nit)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(_WEIGHTS)):
        raise DocumentError(_("El NIT %(shown)s debe tener solo números, sin el dígito de verificación.") % {"shown": _shown(nit)})
    total = sum(int(digit) * weight for digit, weight in zip(reversed(digits), _WEIGHTS, strict=False))
    return "01987654321"[total % 11]


def check_nit(nit: str, dv: object) -> str:
    """The check digit of `nit`, having made sure that `dv` is that one. Raises DocumentError if it is not."""
    right = nit_check_digit(nit)
    if _as_text(dv) != right:
        raise DocumentError(
            _("El dígito de verificación %(shown)s no es el del NIT %(nit)s. Revise el número y el dígito.")
            % {"shown": _shown(dv), "nit": _dotted(nit)}
        )
    return right


def format_document(type: DocumentType | str, number: str, dv: str = "") -> str:  # noqa: A002
    """As people read it: `CC 1.007.975.904`, `NIT 890.903.938-8`, `PA AB123456`. Nothing is verified."""
    shown = f"{type} {_dotted(number)}"
    return f"{shown}-{dv}" if dv else shown


def _clean(text: str, kind: DocumentType, source: object) -> str:
    clean = _SEPARATORS.sub("", text).upper()
    label = LABELS[kind]
    if kind is DocumentType.PA:
        if not re.fullmatch(r"[A-Z0-9]{4,20}", clean):
            raise DocumentError(_("%(shown)s no es un número de pasaporte: lleva de 4 a 20 letras y números.") % {"shown": _shown(source)})
        return clean
    least, most = _LENGTHS[kind]
    digits = clean.lstrip("0")
    if not (digits.isascii() and digits.isdigit() and least <= len(digits) <= most):
        raise DocumentError(
            _("%(shown)s no es un número de %(label)s: son de %(least)s a %(most)s dígitos, sin letras.")
            % {"shown": _shown(source), "label": _(label), "least": least, "most": most}
        )
    return digits


def _as_text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or value is None or not isinstance(value, str | int):
        raise DocumentError(_("No se entiende %(shown)s como número de documento. Escríbalo así: 1007975904.") % {"shown": _shown(value)})
    return str(value).strip()


def _dotted(number: str) -> str:
    return f"{int(number):,}".replace(",", ".") if number.isascii() and number.isdigit() else number


def _shown(value: object) -> str:
    text = _("vacío") if value is None or value == "" else str(value)
    return f"«{text[:40]}{'…' if len(text) > 40 else ''}»"
