"""How many bytes of a guest wait to be sent."""

from __future__ import annotations

from typing import Final

from obelisk.errors import GuestTrapError

MAX_UNSENT: Final = 16 * 1024 * 1024
"""How many bytes all bodies of a run may hold together."""


class UnsentBytes:
    """The bytes that the bodies of one run hold."""

    def __init__(self) -> None:
        self.size = 0

    def add(self, size: int) -> None:
        """Count bytes in, or out with a negative size. Raises ``GuestTrapError`` when they are too many."""
        if self.size + size > MAX_UNSENT:
            raise GuestTrapError(
                f"the bodies of this run hold {self.size} bytes to send, at most {MAX_UNSENT} may wait"
            )
        self.size += size
