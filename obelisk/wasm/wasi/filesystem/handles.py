"""The files that one run has open, and the blocking calls that use them.

Theory of operation
    A ``Handle`` is an open file or directory. It counts its *owners*, the guest's resources that refer to it, and the *jobs*
    that use it, and closes when there are none of both. Jobs run in threads of the component. A job counts from when it is
    handed over until it is over or was cancelled in the queue; whether anybody still waits for it makes no difference.
    Closing is a job as well: it may have to write back or to free what a file held.

    ``Files.close`` ends the run's claim: no handle has an owner any more, so all close, those in use after the end of their
    job, and what a job opens after that is closed on the spot. ``on_idle`` is called once, when all is closed and the last
    job is over; perhaps in a thread.

    Counts are changed on the loop and in threads, under one lock for each run. Nothing under it blocks.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from threading import Lock
from typing import Final, TypeVar

from obelisk.wasm.wasi.filesystem.error_codes import failure

T = TypeVar("T")

MAX_OPEN: Final = 1000
"""How many files, directories and streams one run may have open."""


def close_file(number: int) -> None:
    """Close a file of the system. What writing it back may still report is not told: WASI has nobody to tell it to."""
    try:
        os.close(number)
    except OSError:
        pass


class Handle:
    """See the module's theory of operation. ``number`` is valid for owners and in jobs that use the handle."""

    __slots__ = ("_close", "_files", "jobs", "number", "owners")

    def __init__(self, files: Files, number: int, close: Callable[[int], None]) -> None:
        self._files = files
        self._close = close
        self.number = number
        self.owners = 1
        self.jobs = 0

    def share(self) -> None:
        """Count one more owner."""
        with self._files.lock:
            self.owners += 1

    def release(self) -> None:
        """Count one owner less."""
        with self._files.lock:
            if not self.owners:
                return  # the files were closed
            self.owners -= 1
        self._files.close_unused([self])

    def close(self) -> None:
        """Close what the handle holds; ``Files`` calls it once."""
        self._close(self.number)


class Files:
    """See the module's theory of operation. ``threads`` run the jobs.

    ``limit`` is how many files and ``streams`` may be open; each stream has up to a chunk in memory. A file whose number is
    above ``highest`` is not kept either: since the system takes the lowest number that is free, the process itself would
    soon have none left.
    """

    def __init__(
        self, threads: Executor, *, on_idle: Callable[[], None], limit: int = MAX_OPEN, highest: int | None = None
    ) -> None:
        self.lock = Lock()
        self._threads = threads
        self._on_idle = on_idle
        self._limit = limit
        self._highest = highest
        self._handles: set[Handle] = set()
        self._lent: set[Handle] = set()
        self._jobs = 0
        self._closed = False
        self._is_idle = False
        self.streams = 0

    def __len__(self) -> int:
        return len(self._handles)

    def check_room(self) -> None:
        """Raise ``OSError`` when the run has too many files open to open another; ask before anything is done."""
        if len(self._handles) + self.streams >= self._limit:
            raise failure(errno.EMFILE)

    def lend(self, number: int) -> Handle:
        """Return a handle of what is open for longer than the run, and is not closed here."""
        handle = Handle(self, number, _leave_open)
        with self.lock:
            self._handles.add(handle)
            self._lent.add(handle)
        return handle

    def hold(self, number: int, close: Callable[[int], None] = close_file) -> Handle:
        """Return the handle of what was just opened; ``close`` is how it is closed, in any case.

        Raises ``OSError`` when the run is over, or the process has too many files open.
        """
        handle = Handle(self, number, close)
        is_too_high = self._highest is not None and number > self._highest
        with self.lock:
            if not self._closed and not is_too_high:
                self._handles.add(handle)
                return handle
        handle.close()
        raise failure(errno.EMFILE if is_too_high else errno.EBADF)

    async def run(self, job: Callable[[], T], *uses: Handle) -> T:
        """Run a job that uses open handles and return what it returns."""
        return await asyncio.wrap_future(self.start(job, *uses))

    def start(self, job: Callable[[], T], *uses: Handle) -> Future[T]:
        """Hand a job over. It may be cancelled as long as it has not begun."""
        with self.lock:
            self._jobs += 1
            for handle in uses:
                handle.jobs += 1
        try:
            future = self._threads.submit(job)
        except BaseException:
            self._end(uses)
            raise
        future.add_done_callback(lambda _: self._end(uses))
        return future

    def close(self) -> None:
        """Close all. Idempotent."""
        with self.lock:
            self._closed = True
            handles = list(self._handles)
            for handle in handles:
                handle.owners = 0
        self.close_unused(handles)
        self._tell_idle()

    def close_unused(self, handles: Sequence[Handle]) -> None:
        """Close those of some handles that are used no more."""
        with self.lock:
            unused = {each for each in handles if not each.owners and not each.jobs} & self._handles
            self._handles -= unused
        for handle in unused - self._lent:
            try:
                self.start(handle.close)
            except RuntimeError:  # the threads are gone: the component was closed before its run
                handle.close()

    def _end(self, uses: Sequence[Handle]) -> None:
        with self.lock:
            for handle in uses:
                handle.jobs -= 1
        self.close_unused(uses)
        with self.lock:
            self._jobs -= 1
        self._tell_idle()

    def _tell_idle(self) -> None:
        with self.lock:
            tell = self._closed and not self._jobs and not self._is_idle
            self._is_idle = self._is_idle or tell
        if tell:
            self._on_idle()


def _leave_open(number: int) -> None:
    """Do nothing."""
