"""Colombian telephone numbers: read as people write them, kept in one form, shown in groups."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas.lib.phones import PhoneError, is_mobile, normalise, pretty


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("+57 3231629072", "+573231629072"), ("3231629072", "+573231629072"), ("323 162 9072", "+573231629072"),
        ("323-162-9072", "+573231629072"), ("(323) 162.9072", "+573231629072"), ("57 323 162 9072", "+573231629072"),
        ("0057 323 162 9072", "+573231629072"), ("+57(323)162-9072", "+573231629072"), ("323\u00a0162\u202f9072", "+573231629072"),
        ("323\u2013162\u20139072", "+573231629072"), (" 3231629072\n", "+573231629072"), (3231629072, "+573231629072"),
        (3231629072.0, "+573231629072"), (573231629072, "+573231629072"), ("(601) 745 2030", "+576017452030"),
        ("601 7452030", "+576017452030"), ("+57 604 444 5566", "+576044445566"), ("608/123/4567", "+576081234567"),
    ],
)  # fmt: skip
def test_numbers_however_they_are_written(written: object, kept: str) -> None:
    assert normalise(written) == kept
    assert normalise(kept) == kept


@pytest.mark.parametrize(
    "written",
    [
        "", "   ", None, True, [], "7452030", "17452030", "745 2030", "323162907", "32316290722", "2231629072", "6037452030", "6097452030",
        "6007452030", "+1 3231629072", "+57", "+57 +57 3231629072", "57573231629072", "+57 57 323162907", "3231629072 ext 5",
        "tres dos tres", "323162907x", "٣٢٣١٦٢٩٠٧٢", 323162907.5, -3231629072.5, "3231629072; 3001234567", "+573231629072,", b"3231629072",
    ],
)  # fmt: skip
def test_what_is_no_colombian_number_is_refused(written: object) -> None:
    with pytest.raises(PhoneError, match=r"no es un teléfono de Colombia. Escriba diez dígitos: un celular \(300 123 4567\)"):
        normalise(written)


@pytest.mark.parametrize(
    ("kept", "shown", "mobile"),
    [
        ("+573231629072", "323 162 9072", True), ("+576017452030", "(601) 745 2030", False), ("", "", False),
        ("+13231629072", "+13231629072", False), ("3231629072", "3231629072", False), ("+57323", "+57323", True),
    ],
)  # fmt: skip
def test_numbers_as_people_read_them(kept: str, shown: str, mobile: bool) -> None:
    assert (pretty(kept), is_mobile(kept)) == (shown, mobile)


@given(st.from_regex(r"(3[0-9]{9}|60[124-8][0-9]{7})", fullmatch=True))
def test_what_is_shown_is_read_back(digits: str) -> None:
    kept = normalise(digits)
    assert kept == f"+57{digits}"
    assert normalise(pretty(kept)) == kept
    assert is_mobile(kept) == digits.startswith("3")
