"""Tokens of the API, which the server knows by their hashes alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable

TOKEN_RANDOM_BYTES = 32
PREFIX = "obelisk_"
"""Scanners for secrets find a token by it, and no token begins like an option of a command."""

_HASH_PREFIX = "sha256:"


class Tokens:
    """The tokens that are accepted, given as ``sha256:`` and the SHA-256 of each in hexadecimal digits."""

    __slots__ = ("_digests",)

    def __init__(self, hashes: Iterable[str]) -> None:
        self._digests = tuple(bytes.fromhex(text.removeprefix(_HASH_PREFIX)) for text in hashes)

    def accept(self, token: str) -> bool:
        """Tell whether ``token`` is one of them, in a time that does not depend on which, or on how nearly."""
        if not token.isascii():
            return False
        found = hashlib.sha256(token.encode()).digest()
        return sum([hmac.compare_digest(found, known) for known in self._digests]) > 0


def new_token(random: bytes) -> str:
    """Return a token made of ``random``, ``TOKEN_RANDOM_BYTES`` bytes that nobody can guess."""
    return PREFIX + base64.urlsafe_b64encode(random).decode().rstrip("=")


def token_hash(token: str) -> str:
    """Return what ``[api] token_hashes`` lists for ``token``."""
    return _HASH_PREFIX + hashlib.sha256(token.encode()).hexdigest()
