"""Patterns of paths: ``/orders/:id``, ``/files/*path``, ``""``.

A pattern is a row of segments. ``:name`` stands for one segment that is not empty, ``*name`` or ``*`` at the end for one or
more. ``""`` is ``/`` and every other path. Of two patterns that fit a path, the one wins that is more literal at the first
segment in which they differ in kind.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum
from typing import Final

from msgspec import Struct

from obelisk.errors import InvalidValueError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_LITERAL = re.compile(r"[!$&'()+,;=@A-Za-z0-9._~-]*")
"""A segment that needs no percent-encoding (RFC 3986, section 3.3), without ``*`` and ``:``."""
EVERYTHING: Final = ""


class Kind(IntEnum):
    """What a segment of a pattern stands for, the more literal first."""

    LITERAL = 0
    PARAMETER = 1
    REST = 2


class Segment(Struct, frozen=True):
    """A segment of a pattern; ``text`` is the literal, or the name of what it stands for."""

    kind: Kind
    text: str


class Pattern(Struct, frozen=True):
    """See the module's documentation."""

    segments: tuple[Segment, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its parameters."""
        return tuple(each.text for each in self.segments if each.kind is not Kind.LITERAL and each.text)

    @property
    def shape(self) -> tuple[tuple[int, str], ...]:
        """What two patterns have in common that fit the same paths; sorts them by precedence."""
        return tuple((each.kind, each.text if each.kind is Kind.LITERAL else "") for each in self.segments)

    @property
    def is_literal(self) -> bool:
        """Whether it stands for one path only."""
        return all(each.kind is Kind.LITERAL for each in self.segments)

    def match(self, path: Sequence[str]) -> dict[str, str] | None:
        """Return the parameters that the segments of a path give, ``None`` when it does not fit."""
        found: dict[str, str] = {}
        for index, segment in enumerate(self.segments):
            if segment.kind is Kind.REST:
                return self._with_rest(found, segment, path[index:])
            if index >= len(path):
                return None
            if segment.kind is Kind.LITERAL and path[index] != segment.text:
                return None
            if segment.kind is Kind.PARAMETER:
                if not path[index]:
                    return None
                found[segment.text] = path[index]
        return found if len(path) == len(self.segments) else None

    def _with_rest(self, found: dict[str, str], segment: Segment, rest: Sequence[str]) -> dict[str, str] | None:
        text = "/".join(rest)
        if not text:
            return None
        return {**found, segment.text: text} if segment.text else found


def parse_pattern(text: str) -> Pattern:
    """Return the pattern that ``text`` writes, of ``""`` the one for all but ``/``. Raises ``InvalidValueError``."""
    if text == EVERYTHING:
        return Pattern((Segment(Kind.REST, ""),))
    if not text.startswith("/"):
        raise InvalidValueError(f'expected a path that begins with `/`, or "" for every path, found "{text}"')
    segments = tuple(_segment(part, text) for part in text[1:].split("/"))
    if any(each.kind is Kind.REST for each in segments[:-1]):
        raise InvalidValueError(f"expected `*` in the last segment only, found `{text}`")
    names = [each.text for each in segments if each.kind is not Kind.LITERAL and each.text]
    for name in names:
        if names.count(name) > 1:
            raise InvalidValueError(
                f"expected each parameter once, found `{name}` {names.count(name)} times in `{text}`"
            )
    return Pattern(segments)


def patterns_of(text: str) -> tuple[Pattern, ...]:
    """Return the patterns that a route stands for: two for ``""``, which is ``/`` too."""
    pattern = parse_pattern(text)
    return (pattern, parse_pattern("/")) if text == EVERYTHING else (pattern,)


def _segment(part: str, text: str) -> Segment:
    mark, name = part[:1], part[1:]
    if mark == ":" or (mark == "*" and name):
        if not _NAME.fullmatch(name):
            raise InvalidValueError(f"expected a name of letters, digits, `_` and `-` after `{mark}`, found `{text}`")
        return Segment(Kind.PARAMETER if mark == ":" else Kind.REST, name)
    if mark == "*":
        return Segment(Kind.REST, "")
    if not _LITERAL.fullmatch(part):
        raise InvalidValueError(
            f"expected a path without query, and without what has to be percent-encoded, found `{part}` in `{text}`"
        )
    return Segment(Kind.LITERAL, part)
