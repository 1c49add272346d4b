"""Tokens that registries gave, kept until they expire, for all threads of a process."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

DEFAULT_LIFE: Final = timedelta(seconds=60)
"""How long a token lasts whose issuer does not say (Docker's token specification)."""
LEEWAY: Final = timedelta(seconds=10)
"""A token that expires so soon is not used any more."""


class TokenKey(Struct, frozen=True):
    """What a token was asked with. ``holder`` tells apart for whom, and is no secret."""

    realm: str
    service: str
    scope: str
    holder: str


class Token(Struct, frozen=True):
    """A token and when it expires."""

    value: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Token(expires_at={self.expires_at})"


class Tokens:
    """See the module's documentation."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[TokenKey, Token] = {}

    def find(self, key: TokenKey, now: datetime) -> str | None:
        """Return a token that has not expired."""
        with self._lock:
            token = self._kept.get(key)
        return token.value if token is not None and token.expires_at - LEEWAY > now else None

    def keep(self, key: TokenKey, token: Token) -> None:
        """Keep a token."""
        with self._lock:
            self._kept[key] = token

    def forget(self, key: TokenKey) -> None:
        """Drop a token that was refused."""
        with self._lock:
            self._kept.pop(key, None)
