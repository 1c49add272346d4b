"""The channel of a client command: the URL of a server, whom it is trusted by, and the token that it wants."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

import grpc
from msgspec import Struct

from obelisk.api.loopback import is_loopback
from obelisk.errors import InputError

EXPECTED = "expected `http://HOST:PORT` or `https://HOST:PORT`"
DEFAULT_PORTS = {"http": 80, "https": 443}
"""As in ``obelisk.interfaces``, of which a command that calls a server imports nothing."""
MAX_CERTIFICATES = 1024 * 1024

_OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.keepalive_time_ms", 20_000),
    # Connections belong to their channel, so that a new channel tries at once, whatever an older one found.
    ("grpc.use_local_subchannel_pool", 1),
)


class ServerUrl(Struct, frozen=True):
    """Where a server is. ``target`` is ``HOST:PORT``; ``is_local`` tells that it is on this machine."""

    text: str
    target: str
    is_encrypted: bool
    is_local: bool


def parse_url(text: str) -> ServerUrl:
    """Return what the URL of a server says. Raises ``InputError`` for text that is none."""
    if "@" in text:
        raise InputError(f"the URL of a server holds no user and no password, {EXPECTED} without `@`")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise InputError(f"`{text}` is not the URL of a server: {error}") from error
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or not _ends_with_port(parts):
        raise InputError(f"`{text}` is not the URL of a server, {EXPECTED}")
    target = parts.netloc if port is not None else f"{parts.netloc.rstrip(':')}:{DEFAULT_PORTS[parts.scheme]}"
    return ServerUrl(text, target, parts.scheme == "https", is_loopback(parts.hostname))


def _ends_with_port(parts: SplitResult) -> bool:
    return parts.path in ("", "/") and not parts.query and not parts.fragment


def check_token(token: str) -> None:
    """Raise ``InputError``, which does not repeat it, for a token that cannot be sent."""
    if not token:
        raise InputError("the API token is empty; leave it out when the server wants none")
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise InputError("the API token holds a space, a line end or a character that is not ASCII; is it all there?")


def read_authorities(path: Path) -> bytes:
    """Return the PEM file of the authorities that are trusted. Raises ``InputError`` when it holds none."""
    import ssl

    try:
        with path.open("rb") as file:
            content = file.read(MAX_CERTIFICATES + 1)
    except OSError as error:
        raise InputError(f"cannot read the certificates of --api-ca in {path}: {error.strerror or error}") from error
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=content.decode("ascii", "ignore"))
    except (ssl.SSLError, ValueError) as error:
        raise InputError(f"{path} holds no certificate, expected PEM with `BEGIN CERTIFICATE` (--api-ca)") from error
    return content


def open_channel(url: ServerUrl, *, token: str | None, authorities: bytes | None) -> grpc.Channel:
    """Return a channel that connects with its first call, and sends ``token`` with each.

    ``authorities`` is PEM; ``None``: those that gRPC knows are trusted.
    """
    # A proxy cannot reach this machine's own loopback addresses.
    options = [*_OPTIONS, *([("grpc.enable_http_proxy", 0)] if url.is_local else [])]
    if url.is_encrypted:
        channel = grpc.secure_channel(url.target, grpc.ssl_channel_credentials(authorities), options=options)
    else:
        channel = grpc.insecure_channel(url.target, options=options)
    return channel if token is None else grpc.intercept_channel(channel, _Sending(token))


class _Details(NamedTuple):
    """What gRPC wants to know about a call."""

    method: str
    timeout: float | None
    metadata: Any
    credentials: Any
    wait_for_ready: Any
    compression: Any


class _Sending(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):  # type: ignore[type-arg]
    """Sends a token with each call. gRPC's own way to do so works over TLS only."""

    def __init__(self, token: str) -> None:
        self._header = ("authorization", f"Bearer {token}")

    def intercept_unary_unary(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        """Make a call with one answer."""
        return continuation(self._with_token(details), request)

    def intercept_unary_stream(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        """Make a call with many answers."""
        return continuation(self._with_token(details), request)

    def _with_token(self, details: Any) -> Any:
        metadata = [*(details.metadata or ()), self._header]
        return _Details(
            details.method, details.timeout, metadata, details.credentials, details.wait_for_ready, details.compression
        )
