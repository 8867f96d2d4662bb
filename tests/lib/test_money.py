"""Pesos: every spelling that is read, every one that is refused, amounts in words, and shares that add up."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas.lib.money import LIMIT, MoneyError, cop, in_words, parse_cop, split_shares

amounts = st.decimals(min_value=-LIMIT + 1, max_value=LIMIT - 1, places=2)
weights = st.lists(st.decimals(min_value=0, max_value=100, places=4), min_size=1, max_size=12).filter(any)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (0, "$\u00a00"),
        (5, "$\u00a05"),
        (999, "$\u00a0999"),
        (1000, "$\u00a01.000"),
        (1_850_000, "$\u00a01.850.000"),
        (-1_850_000, "\u2212$\u00a01.850.000"),
        (Decimal("1850000.00"), "$\u00a01.850.000"),
        (Decimal("1850000.5"), "$\u00a01.850.000,50"),
        (Decimal("0.05"), "$\u00a00,05"),
        (Decimal("0.005"), "$\u00a00,01"),  # half up
        (Decimal("0.994"), "$\u00a00,99"),
        (Decimal("0.995"), "$\u00a01"),
        (Decimal("-0.004"), "$\u00a00"),  # no minus before nothing
        (Decimal("-0.005"), "\u2212$\u00a00,01"),
        (999_999_999_999, "$\u00a0999.999.999.999"),
    ],
)
def test_cop(amount: Decimal | int, shown: str) -> None:
    assert cop(amount) == shown


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        ("$ 1.850.000", "1850000"),
        ("$1.850.000", "1850000"),
        ("$\u00a01.850.000", "1850000"),
        ("  $  1.850.000\t", "1850000"),
        ("COP 1.850.000", "1850000"),
        ("cop1.850.000", "1850000"),
        ("1.850.000 COP", "1850000"),
        ("1.850.000", "1850000"),
        ("1.850.000,00", "1850000"),
        ("1.850.000,5", "1850000.5"),
        ("1.850.000,50", "1850000.5"),
        ("1 850 000", "1850000"),
        ("1\u202f850\u202f000", "1850000"),
        ("1850000", "1850000"),
        ("1850000,50", "1850000.5"),
        ("1850000.0", "1850000"),
        ("1850000.5", "1850000.5"),
        ("1850000.50", "1850000.5"),
        ("265000", "265000"),
        ("1.850", "1850"),
        ("999.0", "999"),
        ("5.00", "5"),
        ("12,50", "12.5"),
        ("0", "0"),
        ("0,05", "0.05"),
        ("-$ 500", "-500"),
        ("$ -500", "-500"),
        ("-500", "-500"),
        ("\u2212500", "-500"),
        ("999.999.999.999,99", "999999999999.99"),
        (1_850_000, "1850000"),
        (0, "0"),
        (-7, "-7"),
        (1_850_000.0, "1850000"),
        (0.1, "0.1"),
        (99999.990000000005, "99999.99"),
        (265000.5, "265000.5"),
        (Decimal("1850000.50"), "1850000.5"),
    ],
)
def test_what_is_read(said: object, amount: str) -> None:
    read = parse_cop(said)
    assert read == Decimal(amount)
    assert read == read.quantize(Decimal("0.01"))


@pytest.mark.parametrize(
    "said",
    [
        "1,850", "1.85", "1.8", "0.5", "12.50", "1,850,000", "1,850.50", "1.850.000.00", "1.850,000", "1.85.000", "1.8500",
        "1850.000", "01.850", "0.000", "1.850.000,500", "1850000.500", ".5", ",5", "5,", "5.", ".", ",", "1..000", "1.000,,5",
        "", "   ", "$", "COP", "-", "--5", "-$-5", "$$5", "5-", "(500)", "+5", "USD 5", "€5", "1e6", "1_000", "0x10", "abc", "un millón",
        "NaN", "Infinity", "١٢٣", "1/2", "5 %", "1 2", "10 20", "950000 265000", "1.850 000", "1 850.000", "1. 850", "1 8500", "1850 000",
        "1 850 00", "0 850", "- - 5", "C OP 5",
    ],
)  # fmt: skip
def test_what_has_two_readings_or_none_is_refused(said: str) -> None:
    with pytest.raises(MoneyError, match="No se entiende «.*» como un valor en pesos"):
        parse_cop(said)


@pytest.mark.parametrize(
    "said", [None, True, False, b"5", [5], 5j, float("nan"), float("inf"), float("-inf"), Decimal("NaN"), Decimal("Infinity")]
)
def test_what_is_no_amount_is_refused(said: object) -> None:
    with pytest.raises(MoneyError, match="No se entiende"):
        parse_cop(said)


@pytest.mark.parametrize(
    "said", [10**12, "1.000.000.000.000", "1000000000000", -(10**12), 1e12, 1e300, Decimal("1E+30"), "9" * 200]
)
def test_what_no_column_holds_is_refused(said: object) -> None:
    with pytest.raises(MoneyError, match="demasiado grande: se admiten hasta doce cifras"):
        parse_cop(said)


@pytest.mark.parametrize("said", [Decimal("0.001"), 0.125, 1850000.505, Decimal("1E-30")])
def test_fractions_of_a_cent_are_refused(said: object) -> None:
    with pytest.raises(MoneyError, match="más de dos decimales"):
        parse_cop(said)


def test_the_message_repeats_a_long_text_only_in_part() -> None:
    with pytest.raises(MoneyError) as refused:
        parse_cop("x" * 100)
    assert f"«{'x' * 40}…»" in str(refused.value)
    with pytest.raises(MoneyError, match="«vacío»"):
        parse_cop("")


@given(amounts)
def test_what_is_shown_is_read_back(amount: Decimal) -> None:
    assert parse_cop(cop(amount)) == amount
    assert parse_cop(str(cop(amount)).replace("\u00a0", "")) == amount


@given(amounts)
def test_numbers_are_read_as_they_are(amount: Decimal) -> None:
    assert parse_cop(amount) == amount
    assert parse_cop(float(amount)) == amount
    assert parse_cop(int(amount)) == int(amount)


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(MoneyError):
        assert abs(parse_cop(text)) < LIMIT


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "cero pesos"),
        (1, "un peso"),
        (2, "dos pesos"),
        (15, "quince pesos"),
        (16, "dieciséis pesos"),
        (21, "veintiún pesos"),
        (22, "veintidós pesos"),
        (30, "treinta pesos"),
        (31, "treinta y un pesos"),
        (99, "noventa y nueve pesos"),
        (100, "cien pesos"),
        (101, "ciento un pesos"),
        (121, "ciento veintiún pesos"),
        (500, "quinientos pesos"),
        (700, "setecientos pesos"),
        (999, "novecientos noventa y nueve pesos"),
        (1000, "mil pesos"),
        (1001, "mil un pesos"),
        (1100, "mil cien pesos"),
        (2000, "dos mil pesos"),
        (21_000, "veintiún mil pesos"),
        (31_000, "treinta y un mil pesos"),
        (100_000, "cien mil pesos"),
        (101_000, "ciento un mil pesos"),
        (121_021, "ciento veintiún mil veintiún pesos"),
        (950_000, "novecientos cincuenta mil pesos"),
        (1_000_000, "un millón de pesos"),
        (1_000_001, "un millón un pesos"),
        (1_250_000, "un millón doscientos cincuenta mil pesos"),
        (1_850_000, "un millón ochocientos cincuenta mil pesos"),
        (2_000_000, "dos millones de pesos"),
        (21_000_000, "veintiún millones de pesos"),
        (100_000_000, "cien millones de pesos"),
        (101_000_100, "ciento un millones cien pesos"),
        (1_000_000_000, "mil millones de pesos"),
        (1_001_000_000, "mil un millones de pesos"),
        (1_500_000_001, "mil quinientos millones un pesos"),
        (
            999_999_999_999,
            "novecientos noventa y nueve mil novecientos noventa y nueve millones novecientos noventa y nueve mil "
            "novecientos noventa y nueve pesos",
        ),
        (Decimal("0.01"), "cero pesos con un centavo"),
        (Decimal("0.50"), "cero pesos con cincuenta centavos"),
        (Decimal("1.21"), "un peso con veintiún centavos"),
        (Decimal("1000000.05"), "un millón de pesos con cinco centavos"),
        (Decimal("1250000.99"), "un millón doscientos cincuenta mil pesos con noventa y nueve centavos"),
    ],
)
def test_in_words(amount: Decimal | int, words: str) -> None:
    assert in_words(amount) == f"{words} m/cte"


def test_what_is_not_said_in_words() -> None:
    with pytest.raises(MoneyError, match="negativo"):
        in_words(-1)
    with pytest.raises(MoneyError, match="demasiado grande"):
        in_words(10**12)
    with pytest.raises(MoneyError, match="más de dos decimales"):
        in_words(Decimal("0.001"))


@given(st.integers(min_value=0, max_value=999_999_999_998))
def test_two_amounts_are_never_said_alike(amount: int) -> None:
    assert in_words(amount) != in_words(amount + 1)
    assert "  " not in in_words(amount)


@pytest.mark.parametrize(
    ("total", "shares", "parts"),
    [
        ("100", ["50", "50"], ["50", "50"]),
        ("100", ["1", "1", "1"], ["34", "33", "33"]),  # of equal remainders the first
        ("101", ["1", "1", "1"], ["34", "34", "33"]),
        ("1000000", ["33.33", "33.33", "33.34"], ["333300", "333300", "333400"]),
        ("10", ["0.6", "0.25", "0.15"], ["6", "3", "1"]),  # equal remainders: the first of the two
        ("10", ["100"], ["10"]),
        ("1", ["0", "100"], ["0", "1"]),
        ("1", ["0", "50", "50"], ["0", "1", "0"]),
        ("0", ["50", "50"], ["0", "0"]),
        ("-100", ["1", "1", "1"], ["-34", "-33", "-33"]),
        ("100.50", ["50", "50"], ["50.50", "50"]),
        ("101.50", ["1", "1", "1"], ["34", "34", "33.50"]),
    ],
)
def test_split_shares(total: str, shares: list[str], parts: list[str]) -> None:
    assert split_shares(Decimal(total), [Decimal(share) for share in shares]) == [Decimal(part) for part in parts]


@given(amounts, weights)
def test_shares_add_up_exactly_and_are_fair(total: Decimal, shares: list[Decimal]) -> None:
    parts = split_shares(total, shares)
    assert sum(parts) == total
    for part, share in zip(parts, shares, strict=True):
        assert abs(part - total * share / sum(shares)) < 1
        assert share != 0 or part == 0


@given(st.integers(min_value=0, max_value=10**11), weights)
def test_whole_pesos_are_shared_in_whole_pesos(total: int, shares: list[Decimal]) -> None:
    assert all(part == int(part) for part in split_shares(Decimal(total), shares))


@pytest.mark.parametrize("shares", [[], ["0"], ["0", "0"], ["-1"], ["100", "-1"]])
def test_shares_that_divide_nothing(shares: list[str]) -> None:
    with pytest.raises(MoneyError, match="Las participaciones deben ser positivas"):
        split_shares(Decimal(100), [Decimal(share) for share in shares])
