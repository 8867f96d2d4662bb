"""Names cleaned and folded, and subdomains that a hurried eye takes for each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas.lib.text import clean_name, fold, look_alike


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Óscar  Ñáñez", "oscar nanez"), ("PEÑA", "pena"), ("Pen\u0303a", "pena"), ("  Ana\tMaría\n", "ana maria"), ("Güiza", "guiza"),
        ("Straße", "strasse"), ("ﬁn", "fin"), ("Ana\u200bMaría", "anamaria"), ("a\u00a0b", "a b"), ("", ""), ("Nº 5", "no 5"),
        ("\u202eana", "ana"),
    ],
)  # fmt: skip
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("  Ana   María  ", "Ana María"), ("Pen\u0303a", "Peña"), ("Ana\u200b \u202eMaría", "Ana María"), ("Ana\x00\x07", "Ana"),
        ("ANA de la O", "ANA de la O"), ("a\u00a0b\tc\nd", "a b c d"), ("\ufeffÑáñez", "Ñáñez"), ("", ""), ("soft\u00adhyphen", "softhyphen"),
    ],
)  # fmt: skip
def test_clean_name(text: str, clean: str) -> None:
    assert clean_name(text) == clean


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean_name(clean_name(text)) == clean_name(text)
    assert clean_name(text) == clean_name(text).strip()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alfa", "a1fa"), ("alfa", "aifa"), ("alfa", "al-fa"), ("alfa", "ALFA"), ("alfa", "allfa"), ("alfa", "álfa"), ("modelo", "rnodelo"),
        ("wilson", "vvilson"), ("casa", "ca5a"), ("casa", "c4s4"), ("betta", "beta"), ("hogar", "h0gar"), ("zona", "2ona"), ("elite", "31ite"),
        ("lili", "1i1i"), ("beta-8", "beta-b"),
    ],
)  # fmt: skip
def test_these_look_alike(one: str, other: str) -> None:
    assert look_alike(one) == look_alike(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("alfa", "alta"), ("alfa", "beta"), ("casas", "casa"), ("norte", "norte-sur"), ("hogar", "hogares"), ("pato", "gato")],
)
def test_these_do_not(one: str, other: str) -> None:
    assert look_alike(one) != look_alike(other)


@pytest.mark.parametrize(("slug", "skeleton"), [("Inmobiliaria-Alfa", "lnmoblllarlaalfa"), ("10", "lo"), ("---", ""), ("mmm", "m")])
def test_the_skeleton(slug: str, skeleton: str) -> None:
    import re

    assert look_alike(slug) == re.sub(r"(.)\1+", r"\1", skeleton)
