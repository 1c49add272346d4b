"""Where a key of a configuration stands: the line of each key, of each element of an array, and of each table's header.

A path is written as messages have it: ``workflows.hot_limit``, ``activity_wasm[fibo].exec.lock_expiry``. An entry of a
list of tables is called by its label (``config.labels``), or by its index from 0. What stands inside of an inline table
has the line on which that begins.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from obelisk.config.labels import entry_labels, key_path
from obelisk.config.statements import Element, Statement, statements

_BARE = r"[A-Za-z0-9_-]+"
_PART = rf"{_BARE}|\"(?:[^\"\\]|\\.)*\"|'[^']*'"
_DOTTED = rf"(?:{_PART})(?:[ \t]*\.[ \t]*(?:{_PART}))*"
_HEADER = re.compile(rf"[ \t]*(\[\[?)[ \t]*({_DOTTED})[ \t]*\]")
_KEY = re.compile(rf"[ \t]*({_DOTTED})[ \t]*=")
_ENTRY = re.compile(r"^(\w+)\[([0-9]{1,9})\]")
_PATHS = re.compile(r"`([^`]+)`(?:: `([^`]+)`:)?")
_QUOTED = re.compile(r"`([^`]+)`")


class Positions:
    """The lines of one configuration. ``tables`` is what the text means, for the names of entries."""

    def __init__(self, text: str, tables: Mapping[str, Any]) -> None:
        self._tables = tables
        self._lines: dict[str, int] = {}
        self._entries: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._labels: dict[str, tuple[str, ...]] = {}
        table = key = ""
        for part in statements(text):
            if isinstance(part, Statement):
                table, key = self._take(table, part.number, part.line)
            elif key:
                self._element(key, part)

    def exact(self, path: str) -> int | None:
        """Return the line of a key, or of a table's header; ``None`` when it does not stand in the file."""
        return self._lines.get(_ENTRY.sub(lambda entry: f"{entry[1]}[{self._label(entry[1], int(entry[2]))}]", path))

    def line_of(self, path: str) -> int | None:
        """Return the line of a key, or of the nearest thing around it that stands in the file."""
        lines = (self.exact(each) for each in around(path))
        return next((line for line in lines if line is not None), None)

    def entry_in(self, message: str, others: Mapping[str, str] = {}) -> str:
        """Return the path of the entry whose name a message has first, empty when it has none.

        ``others`` are names that do not stand in the file, with the paths of their entries.
        """
        paths = {**others, **self._entries}
        names = (match[1] for match in _QUOTED.finditer(message))
        return next((paths[name] for name in names if name in paths), "")

    def _take(self, table: str, number: int, line: str) -> tuple[str, str]:
        """Note what a statement begins; return the table and the key that what follows belongs to."""
        header = _HEADER.match(line)
        if header is not None:
            path = self._header(_parts(header[2]), number, is_entry=header[1] == "[[")
            self._lines.setdefault(path, number)
            if header[1] == "[[" and path.count("[") == 1:
                table = path.partition("[")[0]
                self._entry(table, self._counts[table] - 1, path)
            return path, ""
        key = _KEY.match(line)
        if key is None:
            return table, ""
        path = table
        for part in _parts(key[1]):
            path = key_path(path, part)
            self._lines.setdefault(path, number)
        return table, path

    def _element(self, key: str, element: Element) -> None:
        first, *others = element.indices
        path = f"{key}[{self._label(key, first)}]"
        if not others:
            self._entry(key, first, path)
        self._lines.setdefault("".join([path, *(f"[{index}]" for index in others)]), element.number)

    def _header(self, parts: list[str], number: int, *, is_entry: bool) -> str:
        """Return the path of a table; one inside of a list belongs to the list's last entry."""
        path = ""
        for index, part in enumerate(parts):
            path = key_path(path, part)
            if is_entry and index == len(parts) - 1:
                self._counts[path] += 1
                self._lines.setdefault(path, number)  # the list begins with its first entry
            if self._counts[path]:
                path = f"{path}[{self._label(path, self._counts[path] - 1)}]"
        return path

    def _entry(self, table: str, index: int, path: str) -> None:
        """Note the name of an entry of a list of tables, if it has one."""
        entries = self._tables.get(table)
        entry = entries[index] if isinstance(entries, list) and index < len(entries) else None
        name = entry.get("name") if isinstance(entry, dict) else None
        if isinstance(name, str):
            self._entries[name] = path  # of two with the same name the second is wrong

    def _label(self, path: str, index: int) -> str:
        if path not in self._labels:
            entries = self._tables.get(path)
            self._labels[path] = entry_labels(entries) if isinstance(entries, list) else ()
        labels = self._labels[path]
        return labels[index] if index < len(labels) else str(index)


def path_in(message: str) -> str:
    """Return the path of a key that a message begins with, empty when it begins with none."""
    found = _PATHS.match(message)
    return "" if found is None else f"{found[1]}.{found[2]}" if found[2] else found[1]


def around(path: str) -> Iterator[str]:
    """Yield a path, and then what is around it, from the inside to the outside."""
    while path:
        yield path
        path = path[: max(path.rfind("."), path.rfind("["), 0)]


def _parts(dotted: str) -> list[str]:
    return [_key(match[0]) for match in re.finditer(_PART, dotted)]


def _key(part: str) -> str:
    if part[0] not in "\"'":
        return part
    try:
        return str(tomllib.loads(f"key = {part}")["key"])
    except ValueError:  # the text is no TOML
        return part[1:-1]
