"""The leave to work on one request."""

from __future__ import annotations

from collections.abc import Callable


class Permit:
    """Counts as taken until it is released.

    It is released with the answer, unless somebody ``keep``s it for what is still to be done; they release it then.
    """

    def __init__(self, on_release: Callable[[], None]) -> None:
        self._on_release: Callable[[], None] | None = on_release
        self.is_kept = False

    def keep(self) -> None:
        """Leave it taken after the answer."""
        self.is_kept = True

    def release(self) -> None:
        """Give it back. Idempotent."""
        on_release, self._on_release = self._on_release, None
        if on_release is not None:
            on_release()
