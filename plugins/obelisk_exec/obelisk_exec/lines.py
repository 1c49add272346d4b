"""Lines of a stream that never ends, in bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from obelisk.interfaces.mask import Mask

MAX_LINE = 8192
CUT = b"..."
TAIL_LINES = 20
TAIL_LINE = 500
"""Bytes of a line in the tail."""


class Lines:
    """Cuts what it is fed into lines without their ends and hands each to ``emit``, without what ``mask`` hides.

    Of a longer line only the first ``MAX_LINE`` bytes are handed on, and ``...``.
    """

    def __init__(self, emit: Callable[[bytes], None], mask: Mask) -> None:
        self._emit = emit
        self._mask = mask
        self._kept = MAX_LINE + mask.longest  # so that a value across the cut is seen whole
        self._line = bytearray()
        self._length = 0
        self._tail: deque[bytes] = deque(maxlen=TAIL_LINES)

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        *ended, rest = data.split(b"\n")
        for part in ended:
            self._add(part)
            self._end_line()
        self._add(rest)

    def end(self) -> None:
        """Hand on a last line without an end."""
        if self._length:
            self._end_line()

    def tail(self) -> str:
        """Return the last lines, each shortened, as text."""
        return "\n".join(line.decode(errors="replace") for line in self._tail)

    def _add(self, part: bytes) -> None:
        self._length += len(part)
        self._line += part[: max(0, self._kept - len(self._line))]

    def _end_line(self) -> None:
        shown = self._mask.data(bytes(self._line), MAX_LINE)
        self._emit(shown + CUT if self._length > MAX_LINE else shown)
        self._tail.append(shown[:TAIL_LINE])
        self._line.clear()
        self._length = 0
