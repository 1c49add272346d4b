"""The parts of a TOML text that have lines of their own: headers, keys, and the elements of arrays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

_TOKEN: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|'
    r"'''(?:.)*?'{3,5}|"
    r'"(?:[^"\\\n]|\\.)*"|'
    r"'[^'\n]*'|#[^\n]*|[\[\]{},\n]|"
    r"""[^\s,\[\]{}#"'=]+""",
    re.DOTALL,
)


class Statement(Struct, frozen=True):
    """A line at which a header or a key may stand, with its number from 1."""

    number: int
    line: str


class Element(Struct, frozen=True):
    """An element of an array in the statement before it: its line, the indices of the arrays around it, and its own."""

    number: int
    indices: tuple[int, ...]


class _Open:
    """A bracket that is open. ``index`` is that of the element which began last."""

    __slots__ = ("_waits", "index", "is_array")

    def __init__(self, *, is_array: bool) -> None:
        self.is_array = is_array
        self.index = -1
        self._waits = True

    def begins(self) -> bool:
        """Take note of a token; return whether an element begins with it."""
        begins = self.is_array and self._waits
        self._waits = False
        self.index += begins
        return begins

    def comma(self) -> None:
        """Take note of a comma."""
        self._waits = True


def statements(text: str) -> Iterator[Statement | Element]:
    """Yield the parts of a text in their order. Arrays that stand in inline tables are left out, with all in them.

    A header looks like an array, whose element follows it.
    """
    yield Statement(1, text.split("\n", 1)[0])
    number = 1
    brackets: list[_Open] = []
    for token in _TOKEN.finditer(text):
        found = token[0]
        begins = found[0] not in ",]}#\n" and bool(brackets) and brackets[-1].begins()
        if begins and all(each.is_array for each in brackets):
            yield Element(number, tuple(each.index for each in brackets))
        number += found.count("\n")
        if found in ("[", "{"):
            brackets.append(_Open(is_array=found == "["))
        elif brackets and found in ("]", "}"):
            brackets.pop()
        elif brackets and found == ",":
            brackets[-1].comma()
        elif found == "\n" and not brackets:
            yield Statement(number, text[token.end() : _end_of_line(text, token.end())])


def _end_of_line(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end
