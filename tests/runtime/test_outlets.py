"""A bounded queue of lines: order, room, and what is said of lines that are missing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from obelisk.ids import ExecutionId
from obelisk.interfaces.components import LogLevel, LogLine
from obelisk.interfaces.storage import StoredLine
from obelisk.runtime import outlets
from obelisk.runtime.outlets import LINE_COST, Outlet
from obelisk.testing.storage_samples import execution, logged


class Kept:
    """A destination that keeps texts, once it is open."""

    name = "the test"
    batch = 10
    gather_seconds = 0.0
    pause_seconds = 0.0

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.asked = asyncio.Event()
        self.done = asyncio.Event()

    @property
    def texts(self) -> list[str]:
        return [text for batch in self.batches for text in batch]

    async def write(self, items: Sequence[StoredLine]) -> None:
        self.asked.set()
        await self.open.wait()
        self.batches.append([item.line.message for item in items if isinstance(item.line, LogLine)])
        self.done.set()

    def missing(self, first: StoredLine, count: int) -> StoredLine:
        return StoredLine(first.execution_id, first.run_id, first.created_at, LogLine(LogLevel.WARN, f"-{count}"))


@pytest.fixture
def kept() -> Kept:
    return Kept()


def outlet(kept: Kept, room: int = 1000) -> Outlet[StoredLine]:
    """Return an outlet with room for so many lines of a letter, and for a quarter of them of one execution."""
    return Outlet(kept, limit=room * (LINE_COST + 1))


def put(to: Outlet[StoredLine], texts: str, *, of: ExecutionId | None = None, by: int = 1) -> None:
    """Put a line for each letter."""
    for text in texts:
        line = logged(text, of=of or execution(), by=by)
        to.put(line, line)


async def test_lines_are_written_in_their_order_in_batches(kept: Kept):
    lines = outlet(kept)
    put(lines, "abcdefghijklmno")
    await lines.flush()
    assert kept.batches == [list("abcdefghij"), list("klmno")]


async def test_what_is_put_is_written_without_a_flush(kept: Kept):
    lines = outlet(kept)
    running = asyncio.ensure_future(lines.run())
    for text in ("abc", "d"):
        kept.done.clear()
        put(lines, text)
        await kept.done.wait()
    running.cancel()
    assert kept.texts == list("abcd")


async def test_a_flush_waits_for_a_batch_that_is_being_written(kept: Kept):
    lines = outlet(kept)
    kept.open.clear()
    running = asyncio.ensure_future(lines.run())
    put(lines, "a")
    await kept.asked.wait()
    flush = asyncio.ensure_future(lines.flush())
    await asyncio.sleep(0)
    assert not flush.done()
    kept.open.set()
    await flush
    running.cancel()
    assert kept.texts == ["a"]


async def test_a_flush_does_not_wait_for_lines_that_come_after_it(kept: Kept):
    lines = outlet(kept)
    kept.open.clear()
    put(lines, "a")
    flush = asyncio.ensure_future(lines.flush())
    await kept.asked.wait()
    put(lines, "bc")
    kept.open.set()
    await flush
    assert (kept.texts, lines.waiting) == (["a"], 2)


async def test_one_execution_fills_no_more_than_its_part(kept: Kept):
    lines = outlet(kept, room=12)
    put(lines, "abcd")
    put(lines, "xyz", of=execution(2))
    await lines.flush()
    assert kept.texts == ["a", "b", "c", "x", "y", "z", "-1"]


async def test_lines_that_are_lost_are_counted_from_the_start_on(kept: Kept, monkeypatch: pytest.MonkeyPatch):
    lines = outlet(kept, room=12)
    put(lines, "abcdefgh")
    await lines.flush()
    assert lines.lost == 5

    async def fail(items: Sequence[StoredLine]) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(kept, "write", fail)
    put(lines, "ij")
    await lines.flush()
    assert lines.lost == 7


async def test_what_is_written_makes_room(kept: Kept):
    lines = outlet(kept, room=12)
    for _ in range(5):
        put(lines, "abc")
        await lines.flush()
    assert kept.texts == list("abc") * 5
    assert lines._held == {}
    assert lines._bytes == 0


async def test_all_together_fill_no_more_than_there_is(kept: Kept):
    lines = outlet(kept, room=12)
    for number in range(1, 7):
        put(lines, "abc", of=execution(number), by=number)
    assert lines.waiting == 12


async def test_each_run_is_told_how_many_of_its_lines_are_missing_where_they_are_missing(kept: Kept):
    lines = outlet(kept, room=12)
    put(lines, "abcde", by=1)
    put(lines, "fg", by=2)
    await lines.flush()
    put(lines, "h", by=2)
    await lines.flush()
    assert kept.texts == ["a", "b", "c", "-2", "-2", "h"]


async def test_a_burst_is_told_of_once(kept: Kept, caplog: pytest.LogCaptureFixture):
    lines = outlet(kept, room=12)
    put(lines, "abcdef")
    await lines.flush()
    put(lines, "abcde")
    await lines.flush()
    await lines.flush()
    text = "lines were dropped: they came faster than the test takes them"
    assert [record.message for record in caplog.records] == [f"3 {text}", f"2 {text}"]


async def test_a_burst_without_an_end_is_told_of_from_time_to_time(
    kept: Kept, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(outlets, "TELL_SECONDS", -1)
    lines = outlet(kept, room=12)
    put(lines, "abcdef")
    assert len(caplog.records) == 2


async def test_not_more_runs_than_a_bound_are_told(kept: Kept, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(outlets, "MAX_TOLD", 2)
    lines = outlet(kept, room=0)
    for number in range(1, 6):
        put(lines, "ab", of=execution(number), by=number)
    put(lines, "c", of=execution(1), by=1)
    assert len(lines._lost) == 2
    assert lines._dropped == 11
