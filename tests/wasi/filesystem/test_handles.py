"""Open files of a run: who holds them, and when they are closed."""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from queue import Queue

import pytest

from obelisk.wasm.wasi.filesystem.handles import Files, Handle

PATIENCE = 10


class Counted:
    """A run's files; what is closed is noted."""

    def __init__(self, threads: ThreadPoolExecutor, *, limit: int = 10, highest: int | None = None) -> None:
        self.closed: Queue[int] = Queue()
        self.idle = threading.Event()
        self.files = Files(threads, on_idle=self._told, limit=limit, highest=highest)

    def hold(self, number: int) -> Handle:
        return self.files.hold(number, self.closed.put)

    def next_closed(self) -> int:
        """Return what was closed next, which may still have to happen."""
        return self.closed.get(timeout=PATIENCE)

    def _told(self) -> None:
        assert not self.idle.is_set()
        self.idle.set()


@pytest.fixture
def counted(threads) -> Counted:
    return Counted(threads)


def test_a_file_is_closed_with_its_last_owner(counted):
    handle = counted.hold(1)
    handle.share()
    handle.release()
    assert len(counted.files) == 1
    handle.release()
    assert (counted.next_closed(), len(counted.files)) == (1, 0)


def test_a_file_that_a_job_uses_is_closed_when_the_job_is_over(counted):
    handle, go = counted.hold(1), threading.Event()
    counted.files.start(go.wait, handle, handle)
    handle.release()
    assert (len(counted.files), counted.closed.empty()) == (1, True)
    go.set()
    assert counted.next_closed() == 1


def test_closing_closes_all_that_is_not_in_use(counted):
    used, unused, go = counted.hold(1), counted.hold(2), threading.Event()
    counted.files.start(go.wait, used)
    counted.files.close()
    assert counted.next_closed() == 2
    assert not counted.idle.is_set()
    go.set()
    assert counted.next_closed() == 1
    assert counted.idle.wait(PATIENCE)
    unused.release()
    used.release()
    assert counted.closed.empty()


def test_what_is_opened_after_the_end_is_closed_on_the_spot(counted):
    counted.files.close()
    with pytest.raises(OSError, match="EBADF"):
        counted.hold(1)
    assert counted.closed.get_nowait() == 1


def test_a_file_is_not_kept_when_the_process_has_few_left(threads):
    counted = Counted(threads, highest=100)
    counted.hold(100)
    with pytest.raises(OSError, match="EMFILE"):
        counted.hold(101)
    assert counted.closed.get_nowait() == 101


def test_a_file_can_be_closed_when_the_threads_are_gone():
    threads = ThreadPoolExecutor(1)
    counted = Counted(threads)
    counted.hold(1)
    threads.shutdown()
    counted.files.close()
    assert counted.closed.get_nowait() == 1
    assert counted.idle.is_set()


async def test_a_job_that_was_cancelled_in_the_queue_uses_nothing_any_more():
    with ThreadPoolExecutor(1) as threads:
        counted, go = Counted(threads), threading.Event()
        handle = counted.hold(1)
        counted.files.start(go.wait)
        waiting = asyncio.get_running_loop().create_task(counted.files.run(pytest.fail, handle))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        handle.release()
        go.set()
        assert counted.next_closed() == 1


async def test_who_stops_waiting_for_a_job_does_not_stop_the_job(counted):
    began, go = threading.Event(), threading.Event()

    def job() -> None:
        began.set()
        go.wait()

    handle = counted.hold(1)
    waiting = asyncio.get_running_loop().create_task(counted.files.run(job, handle))
    assert await asyncio.to_thread(began.wait, PATIENCE)
    waiting.cancel()
    await asyncio.wait([waiting])
    counted.files.close()
    assert (counted.closed.empty(), counted.idle.is_set()) == (True, False)
    go.set()
    assert await asyncio.to_thread(counted.idle.wait, PATIENCE)
    assert counted.closed.get_nowait() == 1


def test_the_end_is_told_once(counted):
    counted.files.close()
    counted.files.close()
    assert counted.idle.is_set()


def test_there_is_room_for_so_many_files(threads):
    counted = Counted(threads, limit=1)
    counted.files.check_room()
    handle = counted.hold(1)
    with pytest.raises(OSError, match="EMFILE"):
        counted.files.check_room()
    handle.release()
    counted.files.check_room()


def test_a_file_is_closed_by_the_system(tmp_path):
    number = os.open(tmp_path, os.O_RDONLY)
    with ThreadPoolExecutor(1) as threads:
        Files(threads, on_idle=lambda: None).hold(number).release()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(number)
