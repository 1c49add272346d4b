"""What a registry demands: the challenges of ``WWW-Authenticate`` (RFC 9110, 11.6.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

MAX_HEADER = 16 * 1024
_WORD = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_PARAM = re.compile(rf'\s*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_WORD}))\s*(?:,|$)')
_SCHEME = re.compile(rf"[\s,]*({_WORD})(?:\s+|\s*,|$)")
_ESCAPE = re.compile(r"\\(.)")


class Challenge(Struct, frozen=True):
    """One challenge; ``scheme`` and the names of ``params`` are in small letters."""

    scheme: str
    params: Mapping[str, str]


def parse_challenges(header: str) -> tuple[Challenge, ...]:
    """Return the challenges of a header, in their order. What does not follow the grammar ends the list."""
    found = []
    position = 0
    text = header[:MAX_HEADER]
    while (scheme := _SCHEME.match(text, position)) is not None:
        params: dict[str, str] = {}
        position = scheme.end()
        while (param := _PARAM.match(text, position)) is not None:
            value = param[3] if param[2] is None else _ESCAPE.sub(r"\1", param[2])
            params.setdefault(param[1].lower(), value)
            position = param.end()
        found.append(Challenge(scheme[1].lower(), params))
    return tuple(found)
