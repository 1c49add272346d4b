"""Addresses to listen at."""

from __future__ import annotations

import re

from obelisk.errors import InvalidValueError

_ADDRESS = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9._-]+)):(?P<port>[0-9]{1,5})")


def parse_address(text: str) -> tuple[str, int]:
    """Return host and port of ``HOST:PORT``, where an IPv6 address stands in brackets; raise ``InvalidValueError``."""
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match["port"]) >= 2**16:
        raise InvalidValueError(f'expected an address such as "127.0.0.1:9090" or "[::1]:9090", found "{text}"')
    return match["v6"] or match["host"], int(match["port"])


def address_text(host: str, port: int) -> str:
    """Return an address as it is written."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
