"""Addresses that the server listens at, ``HOST:PORT``."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence
from typing import Any

from obelisk.errors import ServerError

_Place = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]


def split_address(address: str) -> tuple[str, int]:
    """Return host and port; an IPv6 address keeps its brackets. Raises ``ServerError``."""
    host, colon, port = address.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) < 2**16):
        raise ServerError(f"cannot listen at `{address}`: expected `HOST:PORT` with a port from 0 to 65535")
    return host, int(port)


def check_address(address: str) -> None:
    """Raise ``ServerError`` when nobody could listen at ``address`` now.

    It is bound for a moment: the system says why that fails, a server may say only that it does.
    """
    places = _places(address)
    errors = [found for place in places if (found := _bind_error(place)) is not None]
    # A name may stand for an address of a family that the machine does not have; one that can be bound is enough.
    if len(errors) == len(places) or any(found.errno == errno.EADDRINUSE for found in errors):
        raise ServerError(f"cannot listen at `{address}`: {_what_to_do(errors[0])}") from errors[0]


def _what_to_do(error: OSError) -> str:
    """Return what is wrong, and the next step."""
    text = error.strerror or str(error)
    if error.errno == errno.EADDRINUSE:
        return f"{text}; end the server that runs there, or choose another `listening_addr`"
    return f"{text}; choose another `listening_addr`"


def _places(address: str) -> Sequence[_Place]:
    host, port = split_address(address)
    text = host.strip("[]")
    name = text.encode() if text.isascii() else text  # for text Python loads the tables of international names
    try:
        return socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise ServerError(f"cannot listen at `{address}`: {error.strerror or error}") from error
    except UnicodeError as error:
        raise ServerError(f"cannot listen at `{address}`: no host can have this name, {error}") from error


def _bind_error(place: _Place) -> OSError | None:
    family, kind, protocol, _, name = place
    try:
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind(name)
    except OSError as error:
        return error
    return None
