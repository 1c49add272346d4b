"""Lines before an output that hangs or fails."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest

from obelisk.runtime.server_log.console import Console
from obelisk.runtime.server_log.sink import CHUNK_BYTES, LINE_COST, Sink

SECONDS = 20.0
LINE = "x" * 99 + "\n"


class FakeOutput:
    """Takes lines while it is open; fails as long as ``error`` is set."""

    name = "the output"

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.error: Exception | None = None
        self.is_open = threading.Event()
        self.is_open.set()
        self.is_asked = threading.Event()
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.is_asked.set()
        self.is_open.wait()
        if self.error is not None:
            raise self.error
        self.written.append(data)

    def close(self) -> None:
        self.is_closed = True

    @property
    def lines(self) -> list[str]:
        return b"".join(self.written).decode().splitlines()


def full_pipe() -> tuple[int, int]:
    """Return the ends of a pipe that takes nothing more before somebody reads it."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(writing, b"." * CHUNK_BYTES)
    os.set_blocking(writing, True)
    return reading, writing


def warning(text: str) -> str:
    return f"! {text}\n"


@pytest.fixture
def output() -> Iterator[FakeOutput]:
    made = FakeOutput()
    yield made
    made.is_open.set()


def test_lines_are_written_in_their_order_and_close_waits_for_them(output: FakeOutput):
    sink = Sink(output, warning)
    for number in range(1000):
        sink.put(f"{number}\n")
    sink.close(SECONDS)
    assert output.lines == [str(number) for number in range(1000)]
    assert output.is_closed


def test_lines_are_written_whole_and_no_more_at_once_than_a_pipe_takes(output: FakeOutput):
    sink = Sink(output, warning)
    output.is_open.clear()
    for length in (10, 3000, 3000, 10, 9000, 10):
        sink.put("x" * length + "\n")
    output.is_open.set()
    sink.close(SECONDS)
    assert all(data.endswith(b"\n") for data in output.written)
    assert [len(data) for data in output.written if data.count(b"\n") > 1 and len(data) > CHUNK_BYTES] == []


def test_what_comes_while_the_output_hangs_is_kept_up_to_a_limit_and_counted(output: FakeOutput):
    sink = Sink(output, warning, limit=10 * (len(LINE) + LINE_COST))
    output.is_open.clear()
    for _ in range(25):
        sink.put(LINE)
    assert not sink.flush(0)
    output.is_open.set()
    assert sink.flush(SECONDS)
    assert output.lines == [LINE[:-1]] * 10 + [
        "! 15 lines are missing here: they came faster than they could be written"
    ]
    sink.put("after\n")
    sink.close(SECONDS)
    assert output.lines[-1] == "after"


def test_close_does_not_wait_for_an_output_that_hangs(output: FakeOutput):
    sink = Sink(output, warning)
    output.is_open.clear()
    sink.put(LINE)
    sink.close(0)
    sink.put(LINE)
    output.is_open.set()
    sink.close(SECONDS)
    assert output.lines == [LINE[:-1]]


def test_lines_that_cannot_be_written_are_counted_before_the_first_that_can(
    output: FakeOutput, caplog: pytest.LogCaptureFixture
):
    sink = Sink(output, warning)
    output.error = OSError(28, "No space left on device")
    for _ in range(2):
        sink.put(LINE)
        assert sink.flush(SECONDS)
    output.error = None
    sink.put("works\n")
    sink.close(SECONDS)
    assert output.lines == ["! 2 lines are missing here: they could not be written", "works"]
    assert caplog.messages == ["lines are lost, the output does not take them: No space left on device"]


def test_a_line_with_half_a_letter_is_written(output: FakeOutput):
    sink = Sink(output, warning)
    sink.put("\ud800\n")
    sink.close(SECONDS)
    assert output.lines == ["\\ud800"]


def test_a_pipe_that_nobody_reads_costs_lines_and_says_so_once_it_is_read():
    reading, writing = full_pipe()
    try:
        sink = Sink(Console(writing), warning, limit=100_000)
        for _ in range(2000):
            sink.put(LINE)
        assert not sink.flush(0)
        seen = b""
        while b"missing" not in seen:
            seen += os.read(reading, 65536).lstrip(b".")
        kept, told = seen.decode().splitlines().count(LINE[:-1]), seen.decode().splitlines()[-1]
        assert told == f"! {2000 - kept} lines are missing here: they came faster than they could be written"
        sink.close(SECONDS)
    finally:
        os.close(reading)
        os.close(writing)


def test_a_reader_that_is_gone_is_an_error_like_others(caplog: pytest.LogCaptureFixture):
    reading, writing = os.pipe()
    os.close(reading)
    sink = Sink(Console(writing), warning)
    sink.put(LINE)
    sink.close(SECONDS)
    os.close(writing)
    assert caplog.messages == ["lines are lost, the console does not take them: Broken pipe"]
