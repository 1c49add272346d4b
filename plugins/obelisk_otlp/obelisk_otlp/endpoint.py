"""The address of a collector, as people write it."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

EXPECTED: Final = "expected a URL such as `http://localhost:4317`"
_GRPC_PORTS: Final = {"http": 4317, "https": 443, "": 4317}


class Endpoint(Struct, frozen=True):
    """The parts of an address. ``scheme`` is ``http``, ``https``, or empty for ``host:port`` alone."""

    scheme: str
    host: str
    port: int | None
    path: str

    @property
    def authority(self) -> str:
        """The host and the port, if one was given."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def grpc_target(self) -> str:
        """The address in the form that gRPC connects to; a port that was left out is OTLP's own, or that of HTTPS."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port or _GRPC_PORTS[self.scheme]}"

    def url(self, path: str = "") -> str:
        """Return the URL with a further part of a path."""
        base = self.path if not path else f"{self.path.rstrip('/')}{path}"
        return f"{self.scheme}://{self.authority}{base}"


def parse_endpoint(text: str) -> Endpoint:
    """Read an address. Raises ``ValueError`` that says what was expected; it never repeats a password."""
    if not text or any(not "!" <= letter <= "~" for letter in text):
        raise ValueError(f"{EXPECTED}, found {text[:100]!a}")
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{EXPECTED}, found `{_without_user(text)}`: {error}") from error
    if "@" in parts.netloc:
        raise ValueError(f"{EXPECTED}, found one with a user or password; give them as `headers`")
    if parts.scheme not in ("", "http", "https") or not parts.hostname or port == 0:
        raise ValueError(f"{EXPECTED}, found `{text[:100]}`")
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise ValueError(f"{EXPECTED} without `?` and `#`, found `{text[:100]}`")
    return Endpoint(parts.scheme, parts.hostname, port, parts.path)


def _without_user(text: str) -> str:
    return text.rpartition("@")[2][:100]
