"""Encrypted columns and random references.

AES-256-GCM; what is sealed for one schema, model, row and column opens nowhere else. Keys come from
`settings.FIELD_KEYS`: the first encrypts, all decrypt, so a key is changed by putting a new one in front and sealing
again. No error here ever holds plain text, ciphertext or a key.
"""

from __future__ import annotations

import base64
import binascii
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = "v1"
_NONCE = 12
_TAG = 16
_COLUMNS: dict[str, tuple[str, ...]] = {}


class CryptoError(Exception):
    """A sealed value cannot be made or opened. The message says why, without any of it."""


def encrypt(plain: str, *, schema: str, model: str, pk: int | str, field: str) -> str:
    """`plain` sealed for one column of one row: `v1.<key id>.<base64 of nonce and ciphertext>`. Raises CryptoError."""
    key_id, key = _keys()[0]
    nonce = secrets.token_bytes(_NONCE)
    sealed = AESGCM(key).encrypt(nonce, plain.encode(), _place(schema, model, pk, field))
    return f"{VERSION}.{key_id}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def decrypt(token: str, *, schema: str, model: str, pk: int | str, field: str) -> str:
    """What `encrypt` sealed for exactly this place. Raises CryptoError: another place, an unknown key, or altered."""
    key_id, raw = _parts(token)
    key = dict(_keys()).get(key_id)
    if key is None:
        raise CryptoError("the key that sealed this value is not in FIELD_KEYS")
    try:
        return AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], _place(schema, model, pk, field)).decode()
    except (InvalidTag, UnicodeDecodeError):
        # `from None`: the cause's frames hold the ciphertext.
        raise CryptoError("the sealed value was altered, or belongs to another place") from None


def needs_rotation(token: str) -> bool:
    """Whether a token was sealed with another key than the first. Raises CryptoError if it is not a token."""
    return _parts(token)[0] != _keys()[0][0]


def seals(model: str, *fields: str) -> None:
    """Said by an app once: those columns of `model` (its label) are sealed, so that rotation and restoring find them."""
    _COLUMNS[model] = fields


def sealed_columns() -> dict[str, tuple[str, ...]]:
    """What every app said: the sealed columns by the label of their model."""
    return dict(_COLUMNS)


def random_reference(nbytes: int = 10) -> str:
    """A random text of capital letters and the digits 2 to 7, for URLs and reading aloud; 10 bytes give 16 signs."""
    if nbytes < 8:
        raise ValueError("fewer than 64 random bits can be guessed")
    return base64.b32encode(secrets.token_bytes(nbytes)).decode().rstrip("=")


def _keys() -> list[tuple[str, bytes]]:
    from django.conf import settings

    keys: list[tuple[str, bytes]] = list(settings.FIELD_KEYS)
    if not keys:
        raise CryptoError("FIELD_KEYS is empty: give at least one key")
    if any(len(key) != 32 for _key_id, key in keys):
        raise CryptoError("every key of FIELD_KEYS must have 32 bytes")
    return keys


def _parts(token: str) -> tuple[str, bytes]:
    pieces = token.split(".")
    if len(pieces) != 3 or pieces[0] != VERSION:
        raise CryptoError("not a sealed value")
    try:
        raw = base64.b64decode(pieces[2].encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise CryptoError("not a sealed value") from None
    if len(raw) < _NONCE + _TAG:
        raise CryptoError("not a sealed value")
    return pieces[1], raw


def _place(schema: str, model: str, pk: int | str, field: str) -> bytes:
    """The associated data. Each part carries its length, so that no two places give the same bytes."""
    if pk in (None, "") or not schema or not model or not field:
        raise CryptoError("a sealed value needs its schema, model, row and column")
    parts = [part.encode() for part in (VERSION, schema, model, str(pk), field)]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
