"""Keeping values out of what people read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

HIDDEN = "***"
MIN_LINE = 8
"""Lines of a value with several are looked for one by one only from this length on: ``}`` is no secret."""


class Mask:
    """Replaces values, wherever they occur, by ``***``.

    A value is found as it is and as JSON text escapes it; of one with several lines, such as a private key, each line of
    ``MIN_LINE`` bytes is found by itself too. It is not found in another form, such as base64: this is a guard against
    accidents, none against a program that wants to give a value away.
    """

    __slots__ = ("_longest", "_pattern")

    def __init__(self, values: Iterable[str]) -> None:
        forms = {form for value in values for form in _forms(value)}
        self._longest = max(map(len, forms), default=0)
        ordered = sorted(forms, key=lambda form: (-len(form), form))
        self._pattern = re.compile(b"|".join(map(re.escape, ordered))) if ordered else None

    def __repr__(self) -> str:
        return "Mask(...)"

    @property
    def longest(self) -> int:
        """The length of the longest form, in bytes: so much beyond its end ``data`` has to see of a text that it cuts."""
        return self._longest

    def text(self, text: str) -> str:
        """Return ``text`` without the values."""
        if self._pattern is None:
            return text
        return self._pattern.sub(HIDDEN.encode(), text.encode(errors="surrogatepass")).decode(errors="surrogatepass")

    def data(self, data: bytes, limit: int) -> bytes:
        """Return the first ``limit`` bytes without the values; one that begins there and ends beyond is hidden whole.

        That needs ``longest`` bytes beyond ``limit``, as far as there are any.
        """
        if self._pattern is None:
            return data[:limit]
        return b"".join(self._pieces(data, limit))

    def _pieces(self, data: bytes, limit: int) -> Iterator[bytes]:
        assert self._pattern is not None
        end = 0
        for found in self._pattern.finditer(data):
            if found.start() >= limit:
                break
            yield data[end : found.start()]
            yield HIDDEN.encode()
            end = found.end()
        yield data[end:limit]


def _forms(value: str) -> Iterator[bytes]:
    yield from _written(value)
    yield from _written(value.strip())  # a line end at the end is easily lost
    lines = value.strip().splitlines()
    for line in lines if len(lines) > 1 else ():
        if len(line.encode(errors="surrogatepass")) >= MIN_LINE:
            yield from _written(line)


def _written(text: str) -> Iterator[bytes]:
    if text:
        yield text.encode(errors="surrogatepass")
        yield json.dumps(text)[1:-1].encode()
        yield json.dumps(text, ensure_ascii=False)[1:-1].encode(errors="surrogatepass")
