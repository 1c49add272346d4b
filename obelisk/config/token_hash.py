"""Hashes of API tokens in a configuration."""

from __future__ import annotations

import hashlib
import re

_FORM = re.compile(r"sha256:[0-9a-f]{64}", re.IGNORECASE)


class TokenHash(str):
    """The SHA-256 of an API token: ``sha256:`` and 64 hexadecimal digits, in lower case."""

    __slots__ = ()


HASH_OF_NOTHING = TokenHash("sha256:" + hashlib.sha256().hexdigest())


def parse_token_hash(value: object) -> TokenHash:
    """Return the hash that ``value`` writes; raise ``ValueError``, which does not repeat it: it may be a token."""
    if not isinstance(value, str) or not _FORM.fullmatch(value):
        raise ValueError("not the hash of a token")
    return TokenHash(value.lower())
