"""Which request goes where: patterns by method, and one set for all other methods.

The router of the method is asked first, then the one for any method. ``HEAD`` goes where ``GET`` goes unless it has a route
of its own (RFC 9110, section 9.3.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Generic, TypeVar
from urllib.parse import unquote_to_bytes

from msgspec import Struct

from obelisk.errors import ConfigError
from obelisk_http_webhook.pattern import Pattern, patterns_of

T = TypeVar("T")
ANY: Final = ""
"""The method of the router for any method."""
HEAD: Final = "HEAD"
GET: Final = "GET"


class Match(Struct, Generic[T], frozen=True):
    """Where a request goes, with the parameters of its path."""

    target: T
    params: dict[str, str]


class NoRoute(Struct, frozen=True):
    """No route fits. ``allowed`` are the methods with which one would; none when the path is unknown."""

    allowed: tuple[str, ...] = ()


class _Table(Generic[T]):
    """The patterns of one method and their targets: the most particular one that fits a path wins."""

    def __init__(self) -> None:
        self._literal: dict[tuple[str, ...], T] = {}
        self._patterns: list[tuple[Pattern, T]] = []
        self._shapes: dict[tuple[tuple[int, str], ...], T] = {}

    def add(self, pattern: Pattern, target: T) -> T | None:
        """Add a pattern; return the target of one that fits the same paths."""
        taken = self._shapes.setdefault(pattern.shape, target)
        if taken is not target:
            return taken
        if pattern.is_literal:
            self._literal[tuple(each.text for each in pattern.segments)] = target
        else:
            self._patterns.append((pattern, target))
            self._patterns.sort(key=lambda pair: pair[0].shape)
        return None

    def find(self, path: tuple[str, ...]) -> Match[T] | None:
        literal = self._literal.get(path)
        if literal is not None:
            return Match(literal, {})
        for pattern, target in self._patterns:
            params = pattern.match(path)
            if params is not None:
                return Match(target, params)
        return None


class Router(Generic[T]):
    """See the module's documentation."""

    def __init__(self) -> None:
        self._tables: dict[str, _Table[T]] = {}

    def add(self, route: str, methods: Iterable[str], target: T, *, names: dict[T, str]) -> None:
        """Add a route; raise ``ConfigError`` when another target has it. ``names`` tell what targets are called."""
        for method in tuple(methods) or (ANY,):
            table = self._tables.setdefault(method, _Table())
            for pattern in patterns_of(route):
                taken = table.add(pattern, target)
                if taken is not None:
                    raise ConfigError(
                        f'the route "{route}" for {method or "any method"} of `{names[target]}` is already one of '
                        f"`{names[taken]}`; remove one of the two"
                    )

    def find(self, method: str, path: Sequence[str]) -> Match[T] | NoRoute:
        """Return where a request goes; ``path`` are the decoded segments."""
        segments = tuple(path)
        for name in (method, GET, ANY) if method == HEAD else (method, ANY):
            found = self._tables[name].find(segments) if name in self._tables else None
            if found is not None:
                return found
        return NoRoute(self._allowed(segments))

    def _allowed(self, path: tuple[str, ...]) -> tuple[str, ...]:
        found = {method for method, table in self._tables.items() if method != ANY and table.find(path) is not None}
        if GET in found:
            found.add(HEAD)
        return tuple(sorted(found))


def segments_of(path: str) -> tuple[str, ...] | None:
    """Return the decoded segments of an absolute path, ``None`` when they are no text."""
    if "%" not in path:
        return tuple(path[1:].split("/"))
    try:
        found = tuple(unquote_to_bytes(part).decode() for part in path[1:].split("/"))
    except UnicodeDecodeError:
        return None
    return None if any("\0" in part for part in found) else found
