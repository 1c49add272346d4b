"""What people are told of collectors that do not take signals: one calm line, and few of them.

Everything that goes wrong with one place is told at once the first time, then gathered: the next line of that place
comes 30 s later at the earliest, the one after it 60 s later, and so on up to ten minutes. It tells the latest cause,
how many tries failed and how many records were dropped since the line before it. A last line tells when all is well
again, or what was left at the end.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Final

from obelisk_otlp.outcome import Accepted, Failed
from obelisk_otlp.plan import Kind, Target, counted
from obelisk_otlp.wire import Notice, Severity

QUIET_SECONDS: Final = 30.0
LONGEST_QUIET: Final = 600.0
TOO_SLOW: Final = "it takes them slower than they come"


class _Place:
    """What is known of one address."""

    def __init__(self, target: Target) -> None:
        self.name = f"{target.shown} over {target.protocol.value}"
        self.kinds: dict[Kind, None] = {}
        self.failing: set[Kind] = set()
        self.since = 0.0
        self.cause = ""
        self.hint = ""
        self.tries = 0
        self.dropped: Counter[Kind] = Counter()
        self.quiet_until = 0.0
        self.quiet = QUIET_SECONDS
        self.is_told = False


class Troubles:
    """Gathers what goes wrong, from all threads that send. ``clock`` returns seconds that never go back."""

    def __init__(self, tell: Callable[[Notice], None], clock: Callable[[], float]) -> None:
        self._tell = tell
        self._clock = clock
        self._places: dict[str, _Place] = {}
        self._lock = threading.Lock()

    def failed(self, target: Target, failed: Failed) -> None:
        """A try failed."""
        with self._lock:
            place = self._place(target)
            if not place.failing:
                place.since = self._clock()
            place.failing.add(target.kind)
            place.cause, place.hint = failed.cause, failed.hint
            place.tries += 1
            self._maybe_tell(place)

    def dropped(self, target: Target, count: int) -> None:
        """Records were given up, or found no room."""
        with self._lock:
            place = self._place(target)
            place.dropped[target.kind] += count
            if not place.failing:
                place.cause, place.hint = TOO_SLOW, ""
            self._maybe_tell(place)

    def answered(self, target: Target, accepted: Accepted) -> None:
        """The collector took a request, perhaps not all of it."""
        with self._lock:
            if accepted.rejected or accepted.message:
                place = self._place(target)
                place.dropped[target.kind] += accepted.rejected
                said = accepted.message or "it did not say why"
                place.cause, place.hint = f"it rejected {accepted.rejected} of them: {said}", ""
                self._maybe_tell(place)
            known = self._places.get(target.shown)
            if known is not None and target.kind in known.failing:
                known.failing.remove(target.kind)
                self._maybe_relieve(known)

    def left(self, target: Target, count: int) -> None:
        """Records were left at the end; ``close`` tells of them."""
        if count:
            with self._lock:
                self._place(target).dropped[target.kind] += count

    def close(self) -> None:
        """Tell what was not told yet of records that reached nobody."""
        with self._lock:
            for place in self._places.values():
                if place.dropped.total():
                    lost = counted(place.dropped)
                    self._tell(Notice(Severity.WARNING, f"{place.name} did not take all by the end; dropped: {lost}"))
                    place.dropped.clear()

    def _place(self, target: Target) -> _Place:
        place = self._places.setdefault(target.shown, _Place(target))
        place.kinds[target.kind] = None
        return place

    def _maybe_tell(self, place: _Place) -> None:
        now = self._clock()
        if now < place.quiet_until:
            return
        self._tell(Notice(Severity.WARNING, self._text(place)))
        place.quiet_until = now + place.quiet
        place.quiet = min(place.quiet * 2, LONGEST_QUIET)
        place.is_told = True
        self._forget(place)

    def _maybe_relieve(self, place: _Place) -> None:
        if place.failing or not place.is_told:
            return
        lost = f"; dropped: {counted(place.dropped)}" if place.dropped.total() else ""
        seconds = self._clock() - place.since
        self._tell(Notice(Severity.INFO, f"{place.name} takes signals again after {seconds:.0f} s{lost}"))
        place.is_told = False
        place.quiet = QUIET_SECONDS
        self._forget(place)

    def _forget(self, place: _Place) -> None:
        place.kinds.clear()
        place.tries = 0
        place.dropped.clear()

    def _text(self, place: _Place) -> str:
        kinds = " and ".join(kind.value for kind in Kind if kind in place.kinds)
        parts = [f"cannot send {kinds} to {place.name}: {place.cause}"]
        if place.hint:
            parts.append(place.hint)
        if place.tries > 1:
            parts.append(f"{place.tries} tries failed since the last such message")
        if place.dropped.total():
            parts.append(f"dropped: {counted(place.dropped)}")
        parts.append("the server goes on")
        return "; ".join(parts)
