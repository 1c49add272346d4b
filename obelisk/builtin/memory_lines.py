"""What components logged, in memory: the newest lines, up to ``KEPT_BYTES``."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence, Set

from obelisk.ids import ExecutionId, top_level
from obelisk.interfaces.components import LogLine
from obelisk.interfaces.storage import LineQuery, LineRow, Order, StoredLine, is_listed

KEPT_BYTES = 64 * 1024 * 1024
ROW_BYTES = 400
"""What a line takes besides its text."""


class MemoryLines:
    """Lines in the order in which they came; the oldest are forgotten."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._rows: deque[LineRow] = deque()
        self._kept_bytes = kept_bytes
        self._bytes = 0
        self._last = 0

    def append(self, lines: Sequence[StoredLine]) -> None:
        """Append lines, and forget old ones for them."""
        for stored in lines:
            self._last += 1
            self._rows.append(LineRow(self._last, stored))
            self._bytes += _size(stored)
        while self._bytes > self._kept_bytes:
            self._bytes -= _size(self._rows.popleft().stored)

    def delete(self, roots: Set[ExecutionId]) -> None:
        """Forget the lines of top-level executions and of all below them."""
        self._rows = deque(row for row in self._rows if top_level(row.stored.execution_id) not in roots)
        self._bytes = sum(_size(row.stored) for row in self._rows)

    def page(self, query: LineQuery) -> list[LineRow]:
        """Return a page, oldest first."""
        older = query.order is Order.OLDER
        found: list[LineRow] = []
        for row in reversed(self._rows) if older else self._rows:
            if len(found) >= query.limit:
                break
            if _is_beyond(row.cursor, query) and is_listed(row.stored, query):
                found.append(row)
        return found[::-1] if older else found


def _is_beyond(cursor: int, query: LineQuery) -> bool:
    if query.cursor is None:
        return True
    return cursor < query.cursor if query.order is Order.OLDER else cursor > query.cursor


def _size(stored: StoredLine) -> int:
    line = stored.line
    return ROW_BYTES + len(line.message if isinstance(line, LogLine) else line.payload)
