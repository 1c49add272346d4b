"""Where a key of a configuration stands: the line of each key and of each table's header.

A path is written as messages have it: ``workflows.hot_limit``, ``activity_wasm[fibo].exec.lock_expiry``. An entry of a
list of tables is called by its ``name``, or by its index from 0. What stands inside of a list or an inline table has the
line on which that begins.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

_BARE = r"[A-Za-z0-9_-]+"
_PART = rf"{_BARE}|\"(?:[^\"\\]|\\.)*\"|'[^']*'"
_DOTTED = rf"(?:{_PART})(?:[ \t]*\.[ \t]*(?:{_PART}))*"
_HEADER = re.compile(rf"[ \t]*(\[\[?)[ \t]*({_DOTTED})[ \t]*\]")
_KEY = re.compile(rf"[ \t]*({_DOTTED})[ \t]*=")
_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|' + r"'''(?:.)*?'{3,5}|" + r'"(?:[^"\\\n]|\\.)*"|' + r"'[^'\n]*'|#[^\n]*|[\[\]{}\n]",
    re.DOTALL,
)
_ENTRY = re.compile(r"^(\w+)\[([0-9]{1,9})\]")
_PATHS = re.compile(r"`([^`]+)`(?:: `([^`]+)`:)?")
_QUOTED = re.compile(r"`([^`]+)`")


class Positions:
    """The lines of one configuration. ``tables`` is what the text means, for the names of entries."""

    def __init__(self, text: str, tables: Mapping[str, Any]) -> None:
        self._tables = tables
        self._lines: dict[str, int] = {}
        self._entries: dict[str, int] = {}
        self._counts: Counter[str] = Counter()
        table = ""
        for number, line in _statements(text):
            table = self._take(table, number, line)

    def line_of(self, path: str) -> int | None:
        """Return the line of a key, or of the nearest thing around it that stands in the file."""
        path = _ENTRY.sub(lambda entry: f"{entry[1]}[{self._label(entry[1], int(entry[2]))}]", path)
        while path:
            if path in self._lines:
                return self._lines[path]
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return None

    def find(self, message: str) -> int | None:
        """Return the line of what a message is about: the path that it begins with, else the entry that it names first."""
        first = _PATHS.match(message)
        path = "" if first is None else f"{first[1]}.{first[2]}" if first[2] else first[1]
        line = self.line_of(path)
        if line is not None:
            return line
        names = (match[1] for match in _QUOTED.finditer(message))
        return next((self._entries[name] for name in names if name in self._entries), None)

    def _take(self, table: str, number: int, line: str) -> str:
        header = _HEADER.match(line)
        if header is not None:
            path = self._header(_parts(header[2]), number, is_entry=header[1] == "[[")
            self._lines.setdefault(path, number)
            if header[1] == "[[" and path.count("[") == 1:
                self._entries[path[path.index("[") + 1 : -1]] = number  # of two with the same name the second is wrong
            return path
        key = _KEY.match(line)
        if key is not None:
            path = table
            for part in _parts(key[1]):
                path = f"{path}.{part}" if path else part
                self._lines.setdefault(path, number)
        return table

    def _header(self, parts: list[str], number: int, *, is_entry: bool) -> str:
        """Return the path of a table; one inside of a list belongs to the list's last entry."""
        path = ""
        for index, part in enumerate(parts):
            path = f"{path}.{part}" if path else part
            if is_entry and index == len(parts) - 1:
                self._counts[path] += 1
                self._lines.setdefault(path, number)  # the list begins with its first entry
            if self._counts[path]:
                path = f"{path}[{self._label(path, self._counts[path] - 1)}]"
        return path

    def _label(self, path: str, index: int) -> str:
        entries = self._tables.get(path)
        entry = entries[index] if isinstance(entries, list) and index < len(entries) else None
        name = entry.get("name") if isinstance(entry, dict) else None
        return name if isinstance(name, str) and name else str(index)


def _parts(dotted: str) -> list[str]:
    parts = (match[0] for match in re.finditer(_PART, dotted))
    return [part[1:-1] if part[0] in "\"'" else part for part in parts]


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines at which a header or a key may stand, with their numbers: not those inside of a value."""
    number, depth = 1, 0
    yield number, text.split("\n", 1)[0]
    for token in _TOKEN.finditer(text):
        found = token[0]
        number += found.count("\n")
        if found in "[{":
            depth += 1
        elif found in "]}":
            depth -= 1
        elif found == "\n" and depth == 0:
            yield number, text[token.end() : _end_of_line(text, token.end())]


def _end_of_line(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end
