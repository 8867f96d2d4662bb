"""PayU's signatures: made for the checkout, checked on the return page and on the callback.

Promises comparison in constant time, whatever the case of the hex, and that a malformed input is False, never an
exception. The value is always worked on as text through Decimal: `'%.1f' % 150.35` gives 150.3 and fails PayU's own
example.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_EVEN, Context, Decimal

from payments.gateway import Credentials

ALGORITHMS = ("MD5", "SHA", "SHA256", "HMAC-SHA256")

# What signed a callback is not documented. The length of the signature tells, but for 64 digits, which two share.
_BY_LENGTH = {32: ("MD5",), 40: ("SHA",), 64: ("SHA256", "HMAC-SHA256")}

_HEX = re.compile(r"[0-9a-fA-F]+")
_RETURN_VALUE = re.compile(r"[0-9]{1,16}(\.[0-9]{1,10})?")
# More than two decimals would be cut by the textual rule, and two different values would share one signature.
_CALLBACK_VALUE = re.compile(r"[0-9]{1,16}(\.[0-9]{1,2})?")
_MERCHANT = re.compile(r"[0-9]{1,12}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_STATE = re.compile(r"[0-9]{1,3}")

# Our own context: the caller's thread may have changed precision, rounding or traps.
_CONTEXT = Context(prec=40, rounding=ROUND_HALF_EVEN)


class MalformedValue(ValueError):  # noqa: N818
    """An amount that is not plain digits with at most the decimals its rule allows."""


def return_value(value: str) -> str:
    """The value as the return page signs it: half-even, always one decimal (150.25 → 150.2, 150.35 → 150.4).

    Raises MalformedValue.
    """
    if not _RETURN_VALUE.fullmatch(value):
        raise MalformedValue("El valor debe ser un número con punto decimal, sin signo ni separador de miles.")
    return format(Decimal(value).quantize(Decimal("0.1"), context=_CONTEXT), "f")


def callback_value(value: str) -> str:
    """The value as the callback signs it, a rule about text: a second decimal 0 is dropped (150.00 → 150.0), any other
    stays (150.26), and a value without decimals gets `.0`. Raises MalformedValue.
    """
    if not _CALLBACK_VALUE.fullmatch(value):
        raise MalformedValue("El valor debe ser un número con punto y hasta dos decimales, sin signo ni miles.")
    whole, _, decimals = value.partition(".")
    if not decimals:
        return f"{whole}.0"
    if len(decimals) == 2 and decimals[1] == "0":
        return f"{whole}.{decimals[0]}"
    return value


def digest(parts: Iterable[str], *, api_key: str, algorithm: str, hmac_secret: str = "") -> str:
    """Lower-case hex of `apiKey~part~part…`. The HMAC is keyed with `hmac_secret`, or without one with the API key.

    Raises ValueError for an algorithm PayU does not have.
    """
    message = "~".join((api_key, *parts)).encode()
    if algorithm == "MD5":
        return hashlib.md5(message, usedforsecurity=False).hexdigest()
    if algorithm == "SHA":
        return hashlib.sha1(message, usedforsecurity=False).hexdigest()
    if algorithm == "SHA256":
        return hashlib.sha256(message).hexdigest()
    if algorithm == "HMAC-SHA256":
        return hmac.new((hmac_secret or api_key).encode(), message, hashlib.sha256).hexdigest()
    raise ValueError(f"Algoritmo de firma desconocido: {algorithm!r}. Use uno de: {', '.join(ALGORITHMS)}.")


def sign_checkout(
    credentials: Credentials,
    *,
    reference: str,
    amount: str,
    currency: str,
    payment_methods: str = "",
    iin: str = "",
    pse_banks: str = "",
) -> str:
    """The form's signature. `amount` is the very string that is posted; the last three are added, in this order, when
    the form carries them. Raises ValueError for an unknown algorithm.
    """
    restrictions = [part for part in (payment_methods, iin, pse_banks) if part]
    parts = [credentials.merchant_id, reference, amount, currency, *restrictions]
    return _digest_with(credentials, parts)


def sign_return(credentials: Credentials, *, reference: str, value: str, currency: str, state: str) -> str:
    """The signature of a return page. `value` as it came (`TX_VALUE`). Raises MalformedValue, ValueError."""
    return _digest_with(credentials, [credentials.merchant_id, reference, return_value(value), currency, state])


def sign_callback(credentials: Credentials, *, reference: str, value: str, currency: str, state: str) -> str:
    """The signature of a callback. `value` as it came. Raises MalformedValue, ValueError."""
    return _digest_with(credentials, [credentials.merchant_id, reference, callback_value(value), currency, state])


def _digest_with(credentials: Credentials, parts: list[str]) -> str:
    return digest(parts, api_key=credentials.api_key, algorithm=credentials.algorithm, hmac_secret=credentials.hmac_secret)


def verify(given: str, *expected: str) -> bool:
    """Whether `given` is one of `expected`, in constant time and whatever its case. Never raises."""
    if not isinstance(given, str) or not _HEX.fullmatch(given):
        return False
    lowered = given.lower()
    found = False
    for candidate in expected:  # no early exit: the time must not tell which key or algorithm it was
        found |= hmac.compare_digest(lowered, candidate.lower())
    return found


def verify_return(
    given: str, credentials: Credentials, *, merchant_id: str, reference: str, value: str, currency: str, state: str
) -> bool:
    """Whether a return page was signed with the current or a previous key of `credentials`. Never raises."""
    try:
        text = return_value(value)
    except (MalformedValue, TypeError):
        return False
    return _verify_parts(given, credentials, merchant_id, reference, text, currency, state)


def verify_callback(
    given: str, credentials: Credentials, *, merchant_id: str, reference: str, value: str, currency: str, state: str
) -> bool:
    """Whether a callback was signed with the current or a previous key of `credentials`. Never raises.

    True says nothing about the transaction's id, `test` or how often it was sent: the signature covers none of them.
    """
    try:
        text = callback_value(value)
    except (MalformedValue, TypeError):
        return False
    return _verify_parts(given, credentials, merchant_id, reference, text, currency, state)


def _verify_parts(
    given: str, credentials: Credentials, merchant_id: str, reference: str, value: str, currency: str, state: str
) -> bool:
    """The shapes of all parts but the reference are fixed, so `~` inside a reference cannot move a boundary, and bytes
    appended to a known MD5 or SHA (length extension) never make a state."""
    try:
        shaped = (
            merchant_id == credentials.merchant_id
            and bool(_MERCHANT.fullmatch(merchant_id))
            and bool(_CURRENCY.fullmatch(currency))
            and bool(_STATE.fullmatch(state))
            and bool(reference)
        )
        if not shaped or not _HEX.fullmatch(given):
            return False
        parts = [merchant_id, reference, value, currency, state]
        return verify(given, *_candidates(given, credentials, parts))
    except (TypeError, ValueError):  # not text, or text that is no UTF-8 (lone surrogates)
        return False


def _candidates(given: str, credentials: Credentials, parts: list[str]) -> Iterator[str]:
    keys = [key for key in (credentials.api_key, *credentials.previous_api_keys) if key]
    for algorithm in _BY_LENGTH.get(len(given), ()):
        for key in keys:
            yield digest(parts, api_key=key, algorithm=algorithm)
            if algorithm == "HMAC-SHA256" and credentials.hmac_secret:
                yield digest(parts, api_key=key, algorithm=algorithm, hmac_secret=credentials.hmac_secret)
