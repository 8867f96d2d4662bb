"""PayU's signatures as its documentation gives them, written apart from the project's own so that each checks the other.

Promises to work on amounts as text and Decimal, never float. Raises ValueError for an algorithm or amount that PayU has not.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal

ALGORITHMS = ("MD5", "SHA", "SHA256", "HMAC-SHA256")


def sign(api_key: str, parts: Sequence[str], *, algorithm: str = "MD5", secret: str = "") -> str:
    """Hex of `apiKey~part~part…`. `secret` is the key of the HMAC; without one, the API key is."""
    text = (api_key + "".join(f"~{part}" for part in parts)).encode("utf-8")
    match algorithm:
        case "MD5":
            return hashlib.md5(text).hexdigest()
        case "SHA":
            return hashlib.sha1(text).hexdigest()
        case "SHA256":
            return hashlib.sha256(text).hexdigest()
        case "HMAC-SHA256":
            return hmac.digest((secret or api_key).encode("utf-8"), text, "sha256").hex()
    raise ValueError(f"unknown algorithm: {algorithm}")


def checkout_parts(form: dict[str, str]) -> list[str]:
    """What a WebCheckout form signs: its amount as posted, and the restrictions it carries, in PayU's order."""
    signed = [form["merchantId"], form["referenceCode"], form["amount"], form["currency"]]
    return signed + [form[name] for name in ("paymentMethods", "iin", "pseBanks") if form.get(name)]


def return_amount(value: str) -> str:
    """The amount as the return page signs it: rounded half-even to one decimal, always shown."""
    return str(Decimal(value).quantize(Decimal("0.1"), rounding=ROUND_HALF_EVEN))


def confirmation_amount(value: str) -> str:
    """The amount as the confirmation signs it: two decimals, of which the second is left out when it is 0."""
    text = f"{Decimal(value):.2f}"
    return text[:-1] if text.endswith("0") else text


def same(given: str, right: str) -> bool:
    """Whether two signatures are the same, whatever their case, in constant time."""
    return hmac.compare_digest(given.strip().lower().encode("utf-8"), right.lower().encode("utf-8"))
