"""Where the lines of components go: guests and streams, both storages, faults, floods."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from datetime import timedelta

import pytest

from obelisk.core.events import Finished, ResultKind, TypedValue
from obelisk.core.lines import LINE_BYTES
from obelisk.errors import CommitRefusedError, ExecutionNotFoundError, StorageError
from obelisk.ids import ExecutionId, new_execution_id
from obelisk.interfaces.components import LogLevel, LogLine, StreamLine, StreamType
from obelisk.interfaces.storage import LineQuery, StoredLine
from obelisk.plugins import candidate
from obelisk.runtime import run_logs
from obelisk.runtime.server_log.levels import TRACE
from obelisk.testing.engine import EngineHarness
from obelisk.testing.exporter import RecordingExporter, using
from tests import scripts
from tests.runtime import printing
from tests.runtime.conftest import FIBO, Open, activity, component
from tests.runtime.printing import PRINT
from tests.runtime.scripting import FIBO_CALL, TABLES, TEXT, child, start
from tests.runtime.test_commits import holds, once, watch

pytestmark = pytest.mark.usefixtures("one_collection")

LOG = "testing:logger/logger.log"
LOG_MANY = "testing:logger/logger.log-many"
ALL = 100_000


def logger(extra: str = "") -> str:
    return activity("logger", "tests/guests/logger.wat", extra)


def printer(extra: str = "") -> str:
    return component("activity_printing", "printer", "", extra).replace('location = ""\n', "")


@pytest.fixture(autouse=True)
def _printing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidate, "BUILT_INS", (*candidate.BUILT_INS, printing.__name__))


async def stored(harness: EngineHarness, execution: ExecutionId, *, derived: bool = False) -> list[StoredLine]:
    query = LineQuery(execution, derived=derived, limit=ALL)
    return [row.stored for row in await harness.engine.executions.logs(query)]


async def texts(harness: EngineHarness, execution: ExecutionId) -> list[str]:
    return [_text(line) for line in await stored(harness, execution)]


def _text(stored: StoredLine) -> str:
    line = stored.line
    return line.message if isinstance(line, LogLine) else line.payload.decode("latin-1")


async def printed(harness: EngineHarness, *lines: str) -> ExecutionId:
    execution = await harness.submit(PRINT, list(lines))
    await harness.result(execution)
    return execution


# --- what is stored ---------------------------------------------------------------------------------------------------


async def test_what_a_guest_logs_is_stored_with_its_run(open_engine: Open):
    async with open_engine(logger()) as harness:
        execution = await harness.submit(LOG, "ä\n")
        await harness.result(execution)
        lines = await stored(harness, execution)
        assert [line.line for line in lines] == [LogLine(level, "ä\n") for level in list(LogLevel)[1:]]
        run_ids = {event.run_id for event in await harness.events(execution) if hasattr(event, "run_id")}
        assert {line.run_id for line in lines} == run_ids


@pytest.mark.parametrize(
    ("least", "count"), [("trace", 5), ("debug", 4), ("info", 3), ("warn", 2), ("error", 1), ("off", 0)]
)
async def test_lines_are_stored_from_the_level_of_their_component_on(open_engine: Open, least: str, count: int):
    async with open_engine(logger(f'logs_store_min_level = "{least}"')) as harness:
        execution = await harness.submit(LOG, "x")
        await harness.result(execution)
        lines = await stored(harness, execution)
        assert [line.line.level for line in lines if isinstance(line.line, LogLine)] == list(LogLevel)[5 - count :]


async def test_all_lines_go_to_the_servers_log_whatever_is_stored(open_engine: Open, caplog: pytest.LogCaptureFixture):
    caplog.set_level(TRACE, "app")
    async with open_engine(logger('logs_store_min_level = "off"')) as harness:
        execution = await harness.submit(LOG, "a line")
        await harness.result(execution)
    found = [(record.levelname, record.message) for record in caplog.records if record.name == "app"]
    assert found == [(name, f"{execution}: a line") for name in ("Level 5", "DEBUG", "INFO", "WARNING", "ERROR")]


async def test_a_line_has_the_time_at_which_it_was_logged(open_engine: Open):
    async with open_engine(printer('exec.lock_expiry = "1h"')) as harness:
        began = harness.clock.now()
        execution = await printed(harness, "info 1", "pass 5", "stdout 2", "pass 60", "info 3")
        times = [line.created_at - began for line in await stored(harness, execution)]
        assert times == [timedelta(0), timedelta(seconds=5), timedelta(seconds=65)]


async def test_streams_are_exported_as_text_with_the_ids_of_their_run(open_engine: Open):
    exporter = RecordingExporter()
    async with open_engine(printer(), exporters=[using(exporter)]) as harness:
        await printed(harness, "stdout a", "stderr \xffb")
    run, whole = exporter.spans
    records = [record for record in exporter.logs if record.target == "app"]
    assert [(record.message, record.attributes["log.iostream"]) for record in records] == [
        ("a", "stdout"),
        ("\N{REPLACEMENT CHARACTER}b", "stderr"),
    ]
    assert {(record.trace_id, record.span_id) for record in records} == {(whole.trace_id, run.span_id)}


async def test_a_stream_that_goes_nowhere_is_not_exported(open_engine: Open):
    exporter = RecordingExporter()
    async with open_engine(printer('forward_stdout = "none"'), exporters=[using(exporter)]) as harness:
        await printed(harness, "stdout a", "stderr b")
    assert [record.message for record in exporter.logs if record.target == "app"] == ["b"]


async def test_streams_and_log_lines_are_stored_in_one_order(open_engine: Open):
    async with open_engine(printer()) as harness:
        execution = await printed(harness, "stdout a", "info b", "stderr \xff", "stdout ", "warn c")
        assert [line.line for line in await stored(harness, execution)] == [
            StreamLine(StreamType.STDOUT, b"a"),
            LogLine(LogLevel.INFO, "b"),
            StreamLine(StreamType.STDERR, b"\xff"),
            StreamLine(StreamType.STDOUT, b""),
            LogLine(LogLevel.WARN, "c"),
        ]


async def test_a_workflow_and_its_children_log_each_for_themselves(open_engine: Open):
    async with open_engine(TABLES, logger()) as harness:
        execution = await start(
            harness, scripts.log("before"), scripts.create(), scripts.submit(0, LOG_MANY, 2), scripts.next_(0),
            scripts.log("after"),
        )  # fmt: skip
        await harness.result(execution)
        assert await texts(harness, execution) == ["before", "after"]
        both = await stored(harness, execution, derived=True)
        assert [(line.execution_id, _text(line)) for line in both] == [
            (execution, "before"), (child(execution), "a line"), (child(execution), "a line"), (execution, "after"),
        ]  # fmt: skip


async def test_what_a_workflow_logged_is_stored_once_however_often_it_is_replayed(reopen: Open):
    async with reopen(TABLES) as harness:
        clock = harness.clock
        execution = await start(
            harness,
            scripts.log("1"),
            scripts.create(),
            scripts.submit(0, TEXT, "x"),
            scripts.next_(0),
            scripts.log("2"),
        )
        await harness.engine.executions.replay(execution)
        assert await texts(harness, execution) == ["1"]
    async with reopen(TABLES, clock=clock) as harness:
        await harness.engine.executions.stub(child(execution), {"ok": "y"})
        await harness.result(execution)
        assert await texts(harness, execution) == ["1", "2"]


async def test_a_long_line_is_cut_with_a_mark(open_engine: Open):
    async with open_engine(logger(), printer()) as harness:
        execution = await harness.submit(LOG, "ä" * LINE_BYTES)
        await harness.result(execution)
        assert set(await texts(harness, execution)) == {
            "ä" * (LINE_BYTES // 2) + f" [cut: the line has {2 * LINE_BYTES} bytes]"
        }
        execution = await printed(harness, "stdout " + "x" * (LINE_BYTES + 1))
        assert await texts(harness, execution) == ["x" * LINE_BYTES + f" [cut: the line has {LINE_BYTES + 1} bytes]"]


async def test_lines_that_wait_are_stored_when_the_engine_closes(reopen: Open):
    async with reopen(logger()) as harness:
        execution = await harness.submit(LOG_MANY, 1200)
        await harness.result(execution)
    async with reopen(logger()) as harness:
        assert await texts(harness, execution) == ["a line"] * 1200


async def test_lines_of_an_execution_that_is_unknown_are_not_found(open_engine: Open):
    async with open_engine(logger()) as harness:
        with pytest.raises(ExecutionNotFoundError):
            await stored(harness, new_execution_id(1, bytes(10)))


# --- a commit that fails ----------------------------------------------------------------------------------------------


async def test_a_line_whose_cause_was_not_committed_is_not_there(open_engine: Open):
    async with open_engine(TABLES) as harness:
        execution = await start(
            harness, scripts.create(), scripts.submit(0, TEXT, "x"), scripts.next_(0), scripts.log("a line")
        )
        watched = watch(harness)
        watched.fault = once(CommitRefusedError("somebody was faster"), lambda batch: holds(batch, Finished))
        await harness.engine.executions.stub(child(execution), {"ok": "y"})
        await harness.result(execution)
        assert watched.fault(watched.batches[0]) is None
        assert await texts(harness, execution) == ["a line"]


async def test_lines_of_an_activity_come_with_its_result_when_its_parent_is_dropped(open_engine: Open):
    async with open_engine(TABLES, logger()) as harness:
        watched = watch(harness)
        watched.fault = once(CommitRefusedError("somebody was faster"), lambda batch: holds(batch, Finished))
        execution = await start(harness, scripts.create(), scripts.submit(0, LOG_MANY, 2), scripts.next_(0))
        await harness.result(execution)
        assert await texts(harness, child(execution)) == ["a line", "a line"]


# --- forwarding -------------------------------------------------------------------------------------------------------


async def test_streams_go_where_their_component_says(open_engine: Open, capfd: pytest.CaptureFixture[str]):
    tables = printer('forward_stdout = "stderr"\nforward_stderr = "stdout"')
    async with open_engine(tables) as harness:
        execution = await printed(harness, "stdout to err", "stderr to out", "info stored")
        assert await texts(harness, execution) == ["stored"]
    out, err = capfd.readouterr()
    assert out == f"[printer {execution} stderr] to out\n"
    assert f"[printer {execution} stdout] to err\n" in err


async def test_a_stream_may_go_nowhere(open_engine: Open, capfd: pytest.CaptureFixture[str]):
    async with open_engine(printer('forward_stdout = "none"')) as harness:
        execution = await printed(harness, "stdout away", "stderr kept")
        assert await texts(harness, execution) == ["kept"]
    assert "away" not in "".join(capfd.readouterr())


async def test_forwarded_bytes_are_shown_whatever_they_are(open_engine: Open, capfd: pytest.CaptureFixture[str]):
    async with open_engine(printer('forward_stdout = "stdout"')) as harness:
        execution = await printed(harness, "stdout \xff\x1b[2J\r\ttab", "stdout ")
    prefix = f"[printer {execution} stdout] "
    assert capfd.readouterr().out == f"{prefix}\ufffd\\x1b[2J\\x0d\ttab\n{prefix}\n"


async def test_a_stream_that_nobody_reads_holds_nothing_up(
    open_engine: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    reading, writing = os.pipe()
    monkeypatch.setitem(run_logs._DESCRIPTORS, run_logs.Forward.STDOUT, writing)
    monkeypatch.setattr(run_logs, "CLOSE_SECONDS", 0.05)
    try:
        async with open_engine(printer('forward_stdout = "stdout"'), logger()) as harness:
            await printed(harness, *["stdout " + "x" * 60_000] * 50)
            execution = await harness.submit(LOG_MANY, 3)
            await harness.result(execution)
            assert await texts(harness, execution) == ["a line"] * 3
        assert "not all lines of components were written in time" in caplog.text
    finally:
        os.close(reading)  # ends the thread that writes
        os.close(writing)


# --- a storage that fails ---------------------------------------------------------------------------------------------


class Stubborn:
    """A storage that takes lines only when it is told to."""

    def __init__(self, harness: EngineHarness) -> None:
        self.outlet = harness.engine._kernel.run_logs._to_storage
        self._storage = self.outlet._destination._storage
        self.outlet._destination._storage = self
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def append_lines(self, lines: Sequence[StoredLine]) -> None:
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        await self._storage.append_lines(lines)


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.name == "obelisk.lines"]


@pytest.mark.parametrize("error", [StorageError("the disk is full"), ValueError("a fault of a plugin")])
async def test_a_storage_that_takes_no_lines_hurts_no_execution_and_is_told_of_once(
    open_engine: Open, caplog: pytest.LogCaptureFixture, error: Exception
):
    async with open_engine(logger()) as harness:
        storage = Stubborn(harness)
        storage.error = error
        for _ in range(3):
            execution = await harness.submit(LOG_MANY, 2)
            assert (await harness.result(execution)).kind is ResultKind.OK
            assert await texts(harness, execution) == []
        storage.error = None
        execution = await harness.submit(LOG_MANY, 1)
        await harness.result(execution)
        assert await texts(harness, execution) == ["a line"]
    assert said(caplog) == [
        f"lines are lost, the storage does not take them: {error}", "the storage takes lines again; 6 lines are lost",
    ]  # fmt: skip


async def test_a_storage_that_hangs_holds_up_no_execution_and_no_stop_for_long(
    open_engine: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(run_logs, "CLOSE_SECONDS", 0.05)
    async with open_engine(logger()) as harness:
        Stubborn(harness).gate.clear()
        for _ in range(3):
            assert (await harness.call(LOG_MANY, 2)).kind is ResultKind.OK
    assert said(caplog) == ["not all lines of components were written in time; at least 4 are lost"]


# --- floods -----------------------------------------------------------------------------------------------------------


async def test_lines_that_come_too_fast_are_dropped_counted_and_told_of(
    open_engine: Open, caplog: pytest.LogCaptureFixture
):
    async with open_engine(printer()) as harness:
        storage = Stubborn(harness)
        storage.gate.clear()
        storage.outlet._limit = 40_000
        flooding = await printed(harness, *[f"info {number:06}" for number in range(1000)])
        other = await printed(harness, "stdout mine")
        storage.gate.set()
        *kept, last = await stored(harness, flooding)
        lost = 1000 - len(kept)
        assert [_text(line) for line in kept] == [f"{number:06}" for number in range(len(kept))]
        assert 30 < len(kept) < 50  # a quarter of the queue
        text = f"{lost} lines were dropped here: they came faster than they could be written"
        assert (last.run_id, last.line) == (kept[0].run_id, LogLine(LogLevel.WARN, text))
        assert await texts(harness, other) == ["mine"]
    assert said(caplog) == [f"{lost} lines were dropped: they came faster than the storage takes them"]


async def test_a_guest_that_logs_without_a_pause_keeps_what_fits_and_counts_the_rest(open_engine: Open):
    async with open_engine(logger()) as harness:
        execution = await harness.submit(LOG_MANY, 200_000)
        await harness.result(execution)
        *kept, last = await texts(harness, execution)
        assert 1000 < len(kept) < 20_000
        assert last == f"{200_000 - len(kept)} more lines were logged without a pause; they are lost"


async def test_others_go_on_and_memory_is_bounded_while_one_logs_without_end(open_engine: Open):
    async with open_engine(FIBO, printer('exec.lock_expiry = "1h"')) as harness:
        storage = Stubborn(harness)
        storage.gate.clear()
        storage.outlet._limit = 100_000
        flooding = await harness.submit(PRINT, ["repeat 1000000000 stdout x"])
        executions = harness.engine.executions
        others = 0
        while others < 30 or not storage.outlet._dropped:
            submitted = await executions.submit(FIBO_CALL, [10])
            assert (await executions.wait(submitted.execution_id)).result.ok == TypedValue("u64", 55)
            assert storage.outlet._bytes <= 100_000
            others += 1
        storage.gate.set()
        await executions.cancel(flooding)
