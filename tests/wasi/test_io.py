"""``wasi:io``, called by a guest: errors, waiting, and streams. Files in a scratch directory give the streams."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.wasi.probing import Probe, open_probe

TMP = """
from contextlib import suppress
(tmp, name), = preopens.get_directories()
READ, WRITE = filesystem.DescriptorFlags.READ, filesystem.DescriptorFlags.WRITE
def file(content=b"", at="file"):
    opened = tmp.open_at(filesystem.PathFlags(0), at, filesystem.OpenFlags.CREATE, READ | WRITE)
    opened.write(content, 0)
    return opened
def stored(opened):
    return opened.read(1 << 20, 0)[0]
"""


@pytest.fixture
async def probe(wasi_probe: Path, tmp_path: Path) -> AsyncIterator[Probe]:
    async with open_probe(wasi_probe, tmp_path, keys="tmp = true") as probe:
        yield probe


# --- poll -------------------------------------------------------------------------------------------------------------


async def test_an_instant_that_has_passed_is_ready(probe: Probe):
    script = "result = monotonic_clock.subscribe_duration(0).ready()"
    assert await probe.run(script) is True


async def test_an_instant_to_come_is_not_ready(probe: Probe):
    script = "result = monotonic_clock.subscribe_duration(10**12).ready()"
    assert await probe.run(script) is False


async def test_block_waits(probe: Probe):
    script = """
before = monotonic_clock.now()
monotonic_clock.subscribe_duration(20_000_000).block()
result = monotonic_clock.now() - before >= 20_000_000
"""
    assert await probe.run(script) is True


async def test_poll_returns_the_indexes_of_all_that_are_ready(probe: Probe):
    script = """
later, now = monotonic_clock.subscribe_duration(10**12), monotonic_clock.subscribe_duration(0)
result = list(poll.poll([now, later, now]))
"""
    assert await probe.run(script) == [0, 2]


async def test_poll_waits_for_the_first(probe: Probe):
    script = """
result = list(poll.poll([monotonic_clock.subscribe_duration(d) for d in (10**12, 10_000_000, 10**12)]))
"""
    assert await probe.run(script) == [1]


async def test_poll_of_nothing_traps(probe: Probe):
    failure = await probe.failure("poll.poll([])")
    assert failure.reason == "activity trap: poll was called with no pollable, expected at least one"


# --- input streams ----------------------------------------------------------------------------------------------------


async def test_a_stream_is_read_in_parts_and_then_closed(probe: Probe):
    script = (
        TMP
        + """
stream = file(b"abcdef").read_via_stream(2)
result = [stream.blocking_read(3), stream.blocking_read(100)]
try:
    stream.blocking_read(1)
except Err as end:
    result.append(end.value)
"""
    )
    assert await probe.run(script) == ["cde", "f", {"case": "StreamError_Closed"}]


async def test_read_returns_what_is_there(probe: Probe):
    script = (
        TMP
        + """
stream = file(b"abc").read_via_stream(0)
stream.subscribe().block()
result = stream.read(2)
"""
    )
    assert await probe.run(script) == "ab"


async def test_reading_nothing_does_not_wait(probe: Probe):
    script = TMP + 'result = file(b"abc").read_via_stream(0).blocking_read(0)'
    assert await probe.run(script) == ""


async def test_skip_and_blocking_skip_count_what_they_leave_out(probe: Probe):
    script = (
        TMP
        + """
stream = file(b"abcdef").read_via_stream(0)
result = [stream.blocking_skip(2)]
stream.subscribe().block()
result += [stream.skip(1), stream.blocking_read(100)]
"""
    )
    assert await probe.run(script) == [2, 1, "def"]


# --- output streams ---------------------------------------------------------------------------------------------------


async def test_what_is_written_is_there_after_a_flush(probe: Probe):
    script = (
        TMP
        + """
opened = file()
stream = opened.write_via_stream(0)
permitted = stream.check_write()
stream.write(b"abc")
stream.blocking_flush()
result = [permitted > 0, stored(opened)]
"""
    )
    assert await probe.run(script) == [True, "abc"]


async def test_flush_ends_when_the_stream_takes_more(probe: Probe):
    script = (
        TMP
        + """
opened = file()
stream = opened.write_via_stream(0)
stream.write(b"abc")
stream.flush()
stream.subscribe().block()
result = [stream.check_write() > 0, stored(opened)]
"""
    )
    assert await probe.run(script) == [True, "abc"]


async def test_blocking_write_and_flush_writes_all(probe: Probe):
    script = (
        TMP
        + """
opened = file()
stream = opened.write_via_stream(1)
stream.blocking_write_and_flush(b"x" * 4096)
result = len(stored(opened))
"""
    )
    assert await probe.run(script) == 4097


async def test_writing_more_than_permitted_traps(probe: Probe):
    failure = await probe.failure(TMP + "s = file().write_via_stream(0)\ns.write(b'x' * (s.check_write() + 1))")
    assert failure.reason is not None
    assert failure.reason.startswith("activity trap: write of ")


async def test_zeroes_are_written(probe: Probe):
    script = (
        TMP
        + """
opened = file(b"abcdef")
stream = opened.write_via_stream(0)
stream.check_write()
stream.write_zeroes(2)
stream.blocking_flush()
stream.blocking_write_zeroes_and_flush(1)
result = list(stored(opened))
"""
    )
    assert await probe.run(script) == [0, 0, 0, *b"def"]


async def test_splice_moves_bytes_from_one_stream_to_another(probe: Probe):
    script = (
        TMP
        + """
target = file()
source, stream = file(b"abcdef", "other").read_via_stream(0), target.write_via_stream(0)
moved = stream.blocking_splice(source, 4)
stream.blocking_flush()
source.subscribe().block()
moved = [moved, stream.splice(source, 100)]
stream.blocking_flush()
result = [moved, stored(target)]
"""
    )
    assert await probe.run(script) == [[4, 2], "abcdef"]


async def test_a_failed_operation_says_why(probe: Probe):
    script = (
        TMP
        + """
opened = tmp.open_at(filesystem.PathFlags(0), "new", filesystem.OpenFlags.CREATE, WRITE)
try:
    opened.read_via_stream(0).blocking_read(1)
    result = "no error"
except Err as failed:
    payload = getattr(failed.value, "value", failed.value)
    result = payload.to_debug_string() if hasattr(payload, "to_debug_string") else str(payload)
"""
    )
    assert await probe.run(script) != "no error"


async def test_a_guest_holds_a_bounded_number_of_handles(probe: Probe):
    failure = await probe.failure("held = [monotonic_clock.subscribe_duration(0) for _ in range(20_000)]")
    assert failure.reason == "activity trap: the guest holds 10000 resources, no more are possible; drop some"
