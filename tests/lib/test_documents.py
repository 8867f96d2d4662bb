"""Identity documents: check digits of real companies, and every spelling that people use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas.lib.documents import (
    LABELS,
    DocumentError,
    DocumentType,
    check_nit,
    format_document,
    nit_check_digit,
    normalise_document,
    normalise_type,
    split_document,
)

# Bancolombia, Banco de Bogotá, PayU Colombia, Banco de la República and others, as their invoices show them.
COMPANIES = [
    ("890903938", "8"), ("860002964", "4"), ("900373913", "4"), ("899999068", "1"), ("860005216", "7"), ("800197268", "4"),
    ("890900608", "9"), ("860034313", "7"), ("899999063", "3"),
]  # fmt: skip


@pytest.mark.parametrize(("nit", "check"), COMPANIES)
def test_check_digits_of_real_companies(nit: str, check: str) -> None:
    assert nit_check_digit(nit) == check
    assert check_nit(nit, check) == check
    assert check_nit(nit, int(check)) == check
    assert check_nit(nit, float(check)) == check


@pytest.mark.parametrize(("nit", "check"), COMPANIES)
def test_every_other_check_digit_is_refused_never_corrected(nit: str, check: str) -> None:
    for wrong in {*"0123456789"} - {check}:
        with pytest.raises(DocumentError, match=f"^El dígito de verificación «{wrong}» no es el del NIT "):
            check_nit(nit, wrong)
        with pytest.raises(DocumentError, match="Revise el número y el dígito"):
            normalise_document(f"{nit}-{wrong}", DocumentType.NIT)


@pytest.mark.parametrize(
    "written",
    [
        "890903938", "890.903.938", "890 903 938", "890903938-8", "890.903.938-8", "890.903.938 - 8", " 890903938 -8 ", "890903938\u20138",
        "890\u00a0903\u00a0938", "890-903-938-8", "0890903938", 890903938, 890903938.0,
    ],
)  # fmt: skip
def test_a_nit_however_it_is_written(written: object) -> None:
    assert normalise_document(written, DocumentType.NIT) == "890903938"
    assert normalise_document(written, "NIT") == "890903938"


def test_the_check_digit_that_came_is_kept_apart() -> None:
    assert split_document("890.903.938-8", DocumentType.NIT) == ("890903938", "8")
    assert split_document("890.903.938", DocumentType.NIT) == ("890903938", "")
    assert split_document("1.007.975.904", DocumentType.CC) == ("1007975904", "")


@pytest.mark.parametrize("nit", ["", "A", "890903938A", "8909039388909039", "٣", "²", "8,9"])
def test_what_has_no_check_digit(nit: str) -> None:
    with pytest.raises(DocumentError):
        nit_check_digit(nit)


@pytest.mark.parametrize("check", ["", None, "88", "x", True, [], 8.5, "-8"])
def test_what_is_no_check_digit(check: object) -> None:
    with pytest.raises(DocumentError):
        check_nit("890903938", check)


@given(st.integers(min_value=10_000, max_value=9_999_999_999))
def test_a_check_digit_catches_one_wrong_digit(number: int) -> None:
    nit = str(number)
    check = nit_check_digit(nit)
    assert normalise_document(f"{nit}-{check}", DocumentType.NIT) == nit
    changed = str((int(nit[-1]) + 1) % 10)
    # 11 divides no weight: one wrong digit always moves the sum; remainders 0 and 1 are 0 and 1, the rest 11 - r.
    assert nit_check_digit(nit[:-1] + changed) != check


@pytest.mark.parametrize(
    ("written", "kind", "kept"),
    [
        ("1.007.975.904", "CC", "1007975904"), ("1007975904", "CC", "1007975904"), (" 1 007 975 904 ", "CC", "1007975904"),
        ("1,007", "PA", None), ("52.345.678", "CC", "52345678"), (670459676.0, "CC", "670459676"), (123, "CC", "123"),
        ("00123", "CC", "123"), ("12", "CC", None), ("12345678901", "CC", None), ("0", "CC", None), ("", "CC", None), (None, "CC", None),
        (True, "CC", None), (1.5, "CC", None), ("1e9", "CC", None), ("1007975904A", "CC", None), ("١٢٣٤٥", "CC", None), ("-123456", "CC", "123456"),
        ("345678", "CE", "345678"), ("1234567890", "TI", "1234567890"), ("12345678901", "TI", "12345678901"), ("123456789", "TI", None),
        ("5432109", "PPT", "5432109"), ("ab 123-456", "PA", "AB123456"), ("AB123456", "PA", "AB123456"), ("abc", "PA", None),
        ("Ñ1234", "PA", None), ("A" * 21, "PA", None), ("1234", "NIT", None), ("12345678901", "NIT", None),
    ],
)  # fmt: skip
def test_documents_of_every_kind(written: object, kind: str, kept: str | None) -> None:
    if kept is None:
        with pytest.raises(DocumentError):
            normalise_document(written, kind)
    else:
        assert normalise_document(written, kind) == kept


def test_a_check_digit_on_a_cedula_is_a_mistake_of_the_kind() -> None:
    with pytest.raises(DocumentError, match="que solo tiene el NIT. Revise el tipo de documento"):
        normalise_document("890.903.938-8", DocumentType.CC)
    assert normalise_document("AB123-4", DocumentType.PA) == "AB1234"


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("CC", "CC"), ("cc", "CC"), ("C.C.", "CC"), (" c.c ", "CC"), ("C. C.", "CC"), ("Cédula", "CC"), ("CÉDULA DE CIUDADANÍA", "CC"),
        ("cedula  de ciudadania", "CC"), ("CE", "CE"), ("C.E.", "CE"), ("Cédula de extranjería", "CE"), ("NIT", "NIT"), ("N.I.T.", "NIT"),
        ("nit.", "NIT"), ("TI", "TI"), ("T.I.", "TI"), ("Tarjeta de identidad", "TI"), ("Pasaporte", "PA"), ("PP", "PA"), ("PA", "PA"),
        ("PPT", "PPT"), ("P.P.T.", "PPT"), ("Permiso por Protección Temporal", "PPT"), (DocumentType.CC, "CC"),
    ],
)  # fmt: skip
def test_kinds_however_they_are_written(written: object, kind: str) -> None:
    assert normalise_type(written) is DocumentType(kind)


@pytest.mark.parametrize("written", ["", None, "DNI", "RUT", "CCC", 7, "licencia"])
def test_other_kinds_are_refused_and_ours_are_named(written: object) -> None:
    with pytest.raises(DocumentError, match="Use uno de estos: CC, CE, NIT, TI, PA, PPT"):
        normalise_type(written)


def test_every_kind_has_a_label() -> None:
    assert set(LABELS) == set(DocumentType)


@pytest.mark.parametrize(
    ("kind", "number", "check", "shown"),
    [
        ("CC", "1007975904", "", "CC 1.007.975.904"), (DocumentType.NIT, "890903938", "8", "NIT 890.903.938-8"),
        ("PA", "AB123456", "", "PA AB123456"), ("CC", "123", "", "CC 123"), ("NIT", "890903938", "", "NIT 890.903.938"),
        ("NIT", "900123456", "0", "NIT 900.123.456-0"),
    ],
)  # fmt: skip
def test_documents_as_people_read_them(kind: str, number: str, check: str, shown: str) -> None:
    assert format_document(kind, number, check) == shown
