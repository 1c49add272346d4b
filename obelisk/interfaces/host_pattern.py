"""Patterns of hosts that requests may go to: ``"https://*.example.com"``, ``"http://127.0.0.1:8080"``, ``"*://a.example:*"``.

``[SCHEME://]HOST[:PORT]``. Without a scheme it is ``https``, ``*`` is any. The host may begin or end with one ``*``, which
stands for any characters, dots included; ``*`` alone is every host. Without a port it is the scheme's own, ``*`` is any.
Names are compared in their ASCII form (IDNA) and in lower case, without a trailing dot; addresses in their usual form.
"""

from __future__ import annotations

import ipaddress
import re
from enum import Enum
from typing import Final

from msgspec import Struct

DEFAULT_PORTS: Final = {"http": 80, "https": 443}
MAX_PORT: Final = 65535
MAX_HOST_LENGTH: Final = 253
"""What the domain name system carries (RFC 1035, section 2.3.4)."""
ANY: Final = "*"
SCHEME_END: Final = "://"
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.(?!-)[a-z0-9_-]{1,63})*")
_PART = re.compile(r"[a-z0-9_.-]*")
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")


class Wildcard(Enum):
    """Where the ``*`` of a host is."""

    NONE = "none"
    LEADING = "leading"
    TRAILING = "trailing"


class HostPattern(Struct, frozen=True):
    """A pattern that was read. ``scheme`` and ``port`` are ``None`` for any; ``host`` is without its ``*``."""

    scheme: str | None
    host: str
    wildcard: Wildcard
    port: int | None

    def matches(self, scheme: str, host: str, port: int) -> bool:
        """Tell whether a request goes to what the pattern names; the arguments are in their usual form."""
        return self.scheme in (None, scheme) and self.port in (None, port) and self._matches_host(host)

    def _matches_host(self, host: str) -> bool:
        if self.wildcard is Wildcard.LEADING:
            return host.endswith(self.host) and len(host) > len(self.host)
        if self.wildcard is Wildcard.TRAILING:
            return host.startswith(self.host) and len(host) > len(self.host)
        return host == self.host


def parse_host_pattern(text: str) -> tuple[HostPattern, ...]:
    """Return what a pattern stands for: two when any scheme may be used, each with its own port.

    Raises ``ValueError`` that says what is wrong.
    """
    scheme, rest = _split_scheme(text)
    if any(letter in rest for letter in "/?#\\"):
        raise ValueError(f"host pattern must not contain a path, found `{text}`")
    if "@" in rest:
        raise ValueError("host pattern must not contain a user or a password")
    host, port = split_port(rest)
    base, wildcard = _split_wildcard(host, text)
    name = _normal_part(base, wildcard, text) if wildcard is not Wildcard.NONE else _whole(base, text)
    number = None if port == ANY else _port(port, text)
    schemes = DEFAULT_PORTS if scheme == ANY else (scheme,)
    return tuple(HostPattern(each, name, wildcard, DEFAULT_PORTS[each] if number == 0 else number) for each in schemes)


def split_port(authority: str) -> tuple[str, str | None]:
    """Split ``HOST[:PORT]``, where an IPv6 address stands in brackets; the port is ``None`` when there is none.

    Raises ``ValueError`` when a bracket is not closed, or something else than a port follows it.
    """
    if authority.startswith("["):
        host, closed, rest = authority.partition("]")
        if not closed or (rest and not rest.startswith(":")):
            raise ValueError(f"expected `[ADDRESS]` or `[ADDRESS]:PORT`, found `{authority}`")
        return host + closed, rest[1:] if rest else None
    host, colon, port = authority.partition(":")
    if ":" in port:
        raise ValueError(f"expected `HOST:PORT`, found `{authority}`; an IPv6 address stands in brackets")
    return host, port if colon else None


def normal_host(host: str) -> str:
    """Return a host in its usual form: ASCII, lower case, no trailing dot, an address in its shortest form.

    IPv6 addresses come in brackets and leave without. Raises ``ValueError`` for what is no host, and for an IPv4 address
    in an unusual form such as ``127.1``, which resolvers read differently.
    """
    if host.startswith("["):
        return _ipv6(host)
    name = _ascii(host).removesuffix(".")
    if _ENDS_IN_NUMBER.fullmatch(name):
        return _ipv4(name)
    if len(name) > MAX_HOST_LENGTH or not _NAME.fullmatch(name):
        raise ValueError(f"expected the name of a host or an address, found `{host[:MAX_HOST_LENGTH]}`")
    return name


def is_address(host: str) -> bool:
    """Tell whether a host in its usual form is an address."""
    return ":" in host or _ENDS_IN_NUMBER.fullmatch(host) is not None


def _split_scheme(text: str) -> tuple[str, str]:
    scheme, end, rest = text.partition(SCHEME_END)
    if not end:
        return "https", text
    scheme = scheme.lower()
    if scheme != ANY and scheme not in DEFAULT_PORTS:
        raise ValueError(f"expected the scheme `http`, `https` or `*`, found `{scheme}` in `{text}`")
    return scheme, rest


def _split_wildcard(host: str, text: str) -> tuple[str, Wildcard]:
    if ANY not in host:
        return host, Wildcard.NONE
    if host.count(ANY) > 1 or not (host.startswith(ANY) or host.endswith(ANY)):
        raise ValueError(f"expected a host with one `*` at its beginning or its end, found `{text}`")
    return (host[1:], Wildcard.LEADING) if host.startswith(ANY) else (host[:-1], Wildcard.TRAILING)


def _whole(host: str, text: str) -> str:
    if not host:
        raise ValueError(f"expected a host, found none in `{text}`")
    return normal_host(host)


def _normal_part(part: str, wildcard: Wildcard, text: str) -> str:
    """Return the part of a host beside its ``*``."""
    if not part.isascii():
        cut = part.startswith(".") if wildcard is Wildcard.LEADING else part.endswith(".")
        if not cut:
            raise ValueError(f"expected a `.` between the `*` and letters beyond ASCII, found `{text}`")
        inner = _ascii(part.strip("."))
        part = f".{inner}" if wildcard is Wildcard.LEADING else f"{inner}."
    part = part.lower()
    if wildcard is Wildcard.LEADING and part != ".":
        part = part.removesuffix(".")
    if len(part) > MAX_HOST_LENGTH or part == "." or ".." in part or not _PART.fullmatch(part):
        raise ValueError(f"expected letters, digits, `-`, `_` and `.` beside the `*`, found `{text}`")
    return part


def _port(port: str | None, text: str) -> int:
    """Return the number of a port, 0 for the scheme's own."""
    if port is None:
        return 0
    if not (port.isascii() and port.isdecimal() and len(port) <= len(str(MAX_PORT)) and 0 < int(port) <= MAX_PORT):
        raise ValueError(f"expected a port from 1 to {MAX_PORT} or `*`, found `{port}` in `{text}`")
    return int(port)


def _ascii(host: str) -> str:
    """Return a name in lower case, labels beyond ASCII as IDNA writes them (RFC 3490)."""
    if host.isascii():
        return host.lower()
    if len(host) > MAX_HOST_LENGTH:
        raise ValueError(f"expected a host of at most {MAX_HOST_LENGTH} characters, found {len(host)}")
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise ValueError(f"expected the name of a host, found `{host}`: {error}") from error


def _ipv4(text: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError as error:
        raise ValueError(f"expected an IPv4 address such as `127.0.0.1`, found `{text[:MAX_HOST_LENGTH]}`") from error


def _ipv6(text: str) -> str:
    inner = text[1:-1] if text.endswith("]") else ""
    try:
        address = ipaddress.IPv6Address(inner)
    except ValueError as error:
        raise ValueError(f"expected an IPv6 address in brackets, found `{text[:MAX_HOST_LENGTH]}`") from error
    if address.scope_id is not None:
        raise ValueError(f"expected an IPv6 address without a zone, found `{text[:MAX_HOST_LENGTH]}`")
    return str(address)
