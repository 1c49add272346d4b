"""Whether it is calm enough for the loop to make a transaction itself.

To hand a batch to a thread and to hear of its end, two threads have to wake up. While the loop makes the transaction
itself nothing else goes on, though, so it is worth that only when nothing else is to be done and the disk is quick: when the
last ``ENOUGH`` transactions took no longer than ``QUICK_SECONDS`` each, and nothing else came to be written meanwhile.

Nothing can come while the loop is busy with one, so such a transaction tells little about what else goes on. After
``MAX_IN_ROW`` of them the next is the thread's again.
"""

from __future__ import annotations

from typing import Final

QUICK_SECONDS: Final = 0.001
ENOUGH: Final = 8
MAX_IN_ROW: Final = 16


class Calm:
    """Counts the transactions since something else was going on; see the module's docstring. Used on the loop."""

    __slots__ = ("_count",)

    def __init__(self) -> None:
        self._count = 0

    @property
    def is_enough(self) -> bool:
        """Whether the next transaction may be the loop's."""
        return ENOUGH <= self._count < ENOUGH + MAX_IN_ROW

    def note(self, seconds: float | None, *, was_alone: bool) -> None:
        """Take note of a transaction, and of whether nothing else waited at its end.

        One without ``seconds`` wrote nothing, which tells nothing of the disk.
        """
        if not was_alone or (seconds is not None and seconds > QUICK_SECONDS):
            self._count = 0
        elif seconds is None:
            return
        elif self._count < ENOUGH + MAX_IN_ROW:
            self._count += 1
        else:
            self._count = ENOUGH

    def ends(self) -> None:
        """Take note of something else that goes on."""
        self._count = 0
