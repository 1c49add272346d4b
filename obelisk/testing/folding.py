"""An execution's state, as a storage keeps it beside a log that grows."""

from __future__ import annotations

from datetime import datetime

from obelisk.core.events import Event, Response
from obelisk.core.state import JoinSetCounts, State, counted_join_set, fold
from obelisk.ids import JoinSetId


class Folding:
    """The state of a log as it grows."""

    def __init__(self) -> None:
        self.state: State | None = None
        self._counts: dict[JoinSetId, JoinSetCounts | None] = {}

    def append(self, entry: Event | Response, at: datetime) -> None:
        """Take the next entry; raise ``IllegalTransitionError`` when it may not be appended."""
        join_set = counted_join_set(entry)
        counts = None if join_set is None else self._counts.get(join_set)
        self.state, counts = fold(self.state, counts, entry, at=at)
        if join_set is not None:
            self._counts[join_set] = counts
