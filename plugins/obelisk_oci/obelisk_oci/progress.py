"""A bar for each transfer that takes a while, on terminals only."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.progress import Progress

LARGE: Final = 1024 * 1024
"""Bytes; what is smaller is not worth a bar."""
Advance = Callable[[int], None]


class Transfers:
    """Shows the transfers of one process side by side on standard error."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._progress: Progress | None = None
        self._running = 0

    @contextmanager
    def showing(self, name: str, total: int) -> Iterator[Advance]:
        """Show a transfer of ``total`` bytes for as long as the block runs; it reports how many more came."""
        if total < LARGE or not sys.stderr.isatty():
            yield _nothing
            return
        progress = self._started()
        task = progress.add_task(name, total=total)
        try:
            yield lambda count: progress.advance(task, count)
        finally:
            progress.remove_task(task)
            self._ended()

    def _started(self) -> Progress:
        with self._lock:
            if self._progress is None:
                self._progress = _new_progress()
                self._progress.start()
            self._running += 1
            return self._progress

    def _ended(self) -> None:
        with self._lock:
            self._running -= 1
            if self._running == 0 and self._progress is not None:
                self._progress.stop()
                self._progress = None


def _nothing(count: int) -> None:
    return


def _new_progress() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
