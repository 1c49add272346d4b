"""Where a guest's HTTP request goes."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from obelisk.errors import InvalidTargetError
from obelisk.interfaces.host_pattern import DEFAULT_PORTS, MAX_PORT, normal_host, split_port
from obelisk.wasm.wasi.http.grammar import TOKEN

MAX_METHOD_LENGTH: Final = 64
MAX_PATH_LENGTH: Final = 64 * 1024
MAX_SHOWN: Final = 1024
HIDDEN_QUERY: Final = "?***"
_PATH = re.compile(r"[/?][\x21-\x22\x24-\x7e]*|\*|")
"""Visible letters but ``#``, which begins what is never sent (RFC 9110, section 7.1)."""
_DOTS = re.compile(r"(?:^|[/\\])\.\.?(?:[;/\\]|$)")
"""Some servers drop what follows a ``;``, the parameters of a segment, before they look for dots."""
_ESCAPES = {"%2e": ".", "%2f": "/", "%3b": ";", "%5c": "\\"}
_ESCAPE = re.compile("|".join(_ESCAPES), re.IGNORECASE)


class Target(Struct, frozen=True):
    """Where a request goes; made by ``parse_target``.

    ``method`` is as the guest sent it, ``scheme`` ``http`` or ``https``. ``host`` is a name in lower case, in its ASCII form
    and without a trailing dot, or an IP address in its shortest form without brackets. ``port`` is a number even when the
    guest gave none. ``path_with_query`` begins with ``/``, or is ``*``.
    """

    method: str
    scheme: str
    host: str
    port: int
    path_with_query: str

    @property
    def authority(self) -> str:
        """Host and port as they stand in a URL and in the ``host`` header; the default port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole URL."""
        return f"{self.scheme}://{self.authority}{self.path_with_query}"

    @property
    def url_without_query(self) -> str:
        """The URL up to its query."""
        return self.url.partition("?")[0]

    @property
    def shown(self) -> str:
        """Method and URL for people: the query is hidden."""
        url, mark, _ = self.url.partition("?")
        return f"{self.method} {shortened(url)}{HIDDEN_QUERY if mark else ''}"

    @property
    def has_dot_segments(self) -> bool:
        """Whether a server may read the path as another one: because of ``.`` or ``..`` in it, escaped or not."""
        path = self.path_with_query.partition("?")[0]
        return _DOTS.search(_ESCAPE.sub(lambda found: _ESCAPES[found[0].lower()], path)) is not None


def parse_target(method: str, scheme: str, authority: str, path_with_query: str) -> Target:
    """Read what a guest gave: names are put into their ASCII form (IDNA), ports and addresses into their usual one.

    ``scheme`` is ``http`` or ``https`` in any case, ``authority`` ``HOST``, ``HOST:PORT`` or ``[IPV6]:PORT``. Raises
    ``InvalidTargetError``: for other schemes, for a user or password in the authority, for control characters and blanks,
    and for addresses in unusual forms such as ``127.1`` or ``0x7f000001``, which resolvers read differently.
    """
    if len(method) > MAX_METHOD_LENGTH or not TOKEN.fullmatch(method):
        raise InvalidTargetError(f"expected a method such as `GET`, found {shortened(ascii(method))}")
    if scheme.lower() not in DEFAULT_PORTS:
        raise InvalidTargetError(f"expected the scheme `http` or `https`, found {shortened(ascii(scheme))}")
    if len(path_with_query) > MAX_PATH_LENGTH or not _PATH.fullmatch(path_with_query):
        raise InvalidTargetError(
            f"expected a path of at most {MAX_PATH_LENGTH} visible ASCII characters that begins with `/`, without `#`"
        )
    host, port = _host_and_port(authority, scheme.lower())
    path = path_with_query if path_with_query.startswith(("/", "*")) else f"/{path_with_query}"
    return Target(method, scheme.lower(), host, port, path)


def shortened(text: str, limit: int = MAX_SHOWN) -> str:
    """Return a text, or its beginning when it is long."""
    return text if len(text) <= limit else f"{text[:limit]}..."


def _host_and_port(authority: str, scheme: str) -> tuple[str, int]:
    if "@" in authority:
        raise InvalidTargetError("a URL with a user or a password is not supported; send an `authorization` header")
    try:
        host, port = split_port(authority)
        return normal_host(host), DEFAULT_PORTS[scheme] if port is None else _port(port)
    except ValueError as error:
        raise InvalidTargetError(f"the authority of a request: {shortened(str(error))}") from error


def _port(port: str) -> int:
    if not (port.isascii() and port.isdecimal() and len(port) <= len(str(MAX_PORT)) and 0 < int(port) <= MAX_PORT):
        raise ValueError(f"expected a port from 1 to {MAX_PORT}, found `{port}`")
    return int(port)
