"""Exporters that fail, hang or flood: the engine goes on, and what is lost is counted."""

from __future__ import annotations

import asyncio
import gc
import logging
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from obelisk.config.model import Chosen
from obelisk.errors import ConfigError, PluginError
from obelisk.interfaces.components import LogLevel
from obelisk.interfaces.exporters import Exporter, Interests
from obelisk.interfaces.log_filter import LogFilter
from obelisk.interfaces.provider import Host, Provider
from obelisk.interfaces.signals import LogRecord, Signal, SignalKind
from obelisk.runtime import exporter_feed
from obelisk.testing.exporter import NoSettings, RecordingExporter, using
from tests.runtime.conftest import FIBO, FIBO_WORKFLOW, Exporting, Open, activity
from tests.runtime.scripting import reaches

FIBOA = "testing:fibo-workflow/workflow.fiboa"
SPANS_ONLY = Interests(logs=None, metrics_every=None)


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Lets a blocked exporter go on, at the latest when the test is over."""
    event = threading.Event()
    yield event
    event.set()


class Blocking(RecordingExporter):
    """Blocks its thread until it may go on."""

    def __init__(self, release: threading.Event, interests: Interests = SPANS_ONLY) -> None:
        super().__init__(interests)
        self.entered = threading.Event()
        self._release = release

    async def export(self, batch: Sequence[Signal]) -> None:
        self.entered.set()
        self._release.wait()
        await super().export(batch)


class Failing(RecordingExporter):
    """Raises ``times`` times."""

    def __init__(self, times: int) -> None:
        super().__init__(SPANS_ONLY)
        self._left = times

    async def export(self, batch: Sequence[Signal]) -> None:
        if self._left:
            self._left -= 1
            raise OSError("no route to host")
        await super().export(batch)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporter_feed, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(exporter_feed, "GATHER_SECONDS", 0.0)


@pytest.fixture
def storage() -> str:
    return "memory"


async def test_each_exporter_gets_every_signal(open_engine: Open):
    first, second = RecordingExporter(SPANS_ONLY), RecordingExporter(SPANS_ONLY)
    async with open_engine(FIBO, exporters=[using(first), using(second, name="other")]) as harness:
        await harness.call("testing:fibo/fibo.fibo", 5)
    assert first.spans == second.spans
    assert len(first.spans) == 2


async def test_an_exporter_gets_only_what_it_wants(open_engine: Open):
    exporter = RecordingExporter(Interests(spans=False, logs=None, metrics_every=None))
    async with open_engine(FIBO, exporters=[using(exporter)]) as harness:
        await harness.call("testing:fibo/fibo.fibo", 5)
    assert exporter.signals == []


async def test_an_exporter_that_blocks_stops_nobody(open_engine: Open, release: threading.Event):
    exporter = Blocking(release)
    async with open_engine(FIBO, FIBO_WORKFLOW, exporters=[using(exporter)]) as harness:
        await harness.call("testing:fibo/fibo.fibo", 5)
        await asyncio.to_thread(exporter.entered.wait)
        await harness.call(FIBOA, 5, 20)
        release.set()
    assert len(exporter.spans) == 2 + 2 * 21


async def test_a_server_does_not_wait_for_an_exporter_that_blocks(
    open_engine: Open, release: threading.Event, caplog: pytest.LogCaptureFixture
):
    exporter = Blocking(release)
    async with open_engine(FIBO, exporters=[using(exporter)], server='exporter_timeout = "50ms"') as harness:
        await harness.call("testing:fibo/fibo.fibo", 5)
        await asyncio.to_thread(exporter.entered.wait)
    assert "exporter `recording` did not end within 0.05 s" in caplog.text


async def test_what_finds_no_room_is_dropped_and_counted(
    open_engine: Open, release: threading.Event, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(exporter_feed, "QUEUED_BYTES", 3 * exporter_feed.SPAN_COST)
    exporter = Blocking(release)
    async with open_engine(FIBO, FIBO_WORKFLOW, exporters=[using(exporter)]) as harness:
        await harness.call("testing:fibo/fibo.fibo", 5)
        await asyncio.to_thread(exporter.entered.wait)
        await harness.call(FIBOA, 5, 20)
        dropped = {kind: count for _, kind, count in harness.engine._exports.dropped()}
        release.set()
    assert dropped[SignalKind.SPANS] == 2 * 22 - len(exporter.spans)
    assert 0 < dropped[SignalKind.SPANS] < 2 * 22
    assert "exporter `recording` does not keep up: 1 signals are dropped" in caplog.text


class Losing(RecordingExporter):
    """Takes each batch, and finds out later that it is lost."""

    def __init__(self) -> None:
        super().__init__(SPANS_ONLY)

    def report_losses(self, lost: Callable[[SignalKind, int], None]) -> None:
        self._lost = lost

    async def export(self, batch: Sequence[Signal]) -> None:
        await super().export(batch)
        asyncio.get_running_loop().call_soon(self._lost, SignalKind.SPANS, len(batch))


async def test_what_an_exporter_loses_after_it_took_it_is_counted(open_engine: Open):
    exporter = Losing()
    async with open_engine(FIBO, exporters=[using(exporter)]) as harness:
        await harness.call("testing:fibo/fibo.fibo", 5)
        await reaches(lambda: ("recording", SignalKind.SPANS, 2) in harness.engine._exports.dropped())


async def test_tracebacks_of_the_servers_log_take_room_too(
    open_engine: Open, release: threading.Event, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(exporter_feed, "QUEUED_BYTES", 100_000)
    exporter = Blocking(release, Interests(spans=False, metrics_every=None))
    async with open_engine(FIBO, exporters=[using(exporter)]) as harness:
        for _ in range(20):
            try:
                raise ValueError("x" * 20_000)
            except ValueError:
                logging.getLogger("obelisk.engine").exception("unexpected")
        feed = harness.engine._exports._feeds[0]
        await reaches(lambda: feed.dropped[SignalKind.LOGS] >= 10)
        release.set()


async def test_a_batch_that_was_refused_is_tried_again(open_engine: Open):
    exporter = Failing(times=2)
    async with open_engine(FIBO, exporters=[using(exporter)]) as harness:
        await harness.call("testing:fibo/fibo.fibo", 5)
        await reaches(lambda: len(exporter.signals) == 2)
    assert len(exporter.spans) == 2


async def test_a_batch_that_is_always_refused_is_lost_and_the_next_is_not(
    open_engine: Open, caplog: pytest.LogCaptureFixture
):
    exporter = Failing(times=exporter_feed.TRIES)
    async with open_engine(FIBO, exporters=[using(exporter)]) as harness:
        await harness.call("testing:fibo/fibo.fibo", 5)
        feed = harness.engine._exports._feeds[0]
        await reaches(lambda: sum(feed.dropped.values()))
        await harness.call("testing:fibo/fibo.fibo", 5)
    assert caplog.text.count("exporter `recording` fails, signals are lost: OSError: no route to host") == 1
    assert "exporter `recording` works again" in caplog.text
    assert len(exporter.spans) == 2 * 2 - sum(feed.dropped.values())


class Breaking(RecordingExporter):
    """Raises what an exporter should not raise."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(SPANS_ONLY)
        self._error = error

    async def export(self, batch: Sequence[Signal]) -> None:
        raise self._error


class Stopping(RecordingExporter):
    """Stops the loop that it runs on."""

    def __init__(self) -> None:
        super().__init__(SPANS_ONLY)

    async def export(self, batch: Sequence[Signal]) -> None:
        asyncio.get_running_loop().stop()
        await asyncio.sleep(0)


@pytest.mark.parametrize("error", [asyncio.CancelledError("odd"), SystemExit("odd"), KeyboardInterrupt("odd")])
async def test_an_exporter_that_raises_what_ends_a_program_loses_its_batch_and_goes_on(
    open_engine: Open, caplog: pytest.LogCaptureFixture, error: BaseException
):
    async with open_engine(FIBO, exporters=[using(Breaking(error))]) as harness:
        await harness.call("testing:fibo/fibo.fibo", 5)
        feed = harness.engine._exports._feeds[0]
        await reaches(lambda: sum(feed.dropped.values()) == 2)
    assert f"exporter `recording` fails, signals are lost: {type(error).__name__}: odd" in caplog.text
    assert "ended unexpectedly" not in caplog.text


async def test_an_exporter_whose_thread_ends_is_told_of_at_once_and_what_comes_later_is_counted(
    open_engine: Open, caplog: pytest.LogCaptureFixture
):
    async with open_engine(FIBO, exporters=[using(Stopping())]) as harness:
        await harness.call("testing:fibo/fibo.fibo", 5)
        await reaches(lambda: "exporter `recording` ended unexpectedly" in caplog.text)
        feed = harness.engine._exports._feeds[0]
        await harness.call("testing:fibo/fibo.fibo", 5)
        await reaches(lambda: feed.dropped[SignalKind.SPANS] == 2 + 2)
        assert feed.waiting == 0
    assert caplog.text.count("ended unexpectedly") == 1
    assert "never retrieved" not in caplog.text


@pytest.mark.parametrize(
    ("interests", "found"),
    [
        (7, "`interests`: expected `Interests`, found 7"),
        (Interests(spans="yes"), "`interests.spans`: expected true or false, found 'yes'"),  # type: ignore[arg-type]
        (Interests(logs="info"), "`interests.logs`: expected a `LogFilter` or nothing, found 'info'"),  # type: ignore[arg-type]
        (
            Interests(metrics_every=timedelta()),
            "`interests.metrics_every`: expected a time of at least 1 s or nothing, found datetime.timedelta(0)",
        ),
    ],
)
async def test_an_exporter_with_interests_that_cannot_be_ends_the_start(
    open_engine: Open, interests: Interests, found: str
):
    with pytest.raises(PluginError, match=re.escape(f"exporter `recording`: {found}")):
        async with open_engine(FIBO, exporters=[using(RecordingExporter(interests))]):
            pass


async def test_an_exporter_without_interests_ends_the_start(open_engine: Open):
    exporter = RecordingExporter()
    del exporter.interests
    with pytest.raises(PluginError, match=r"exporter `recording` cannot be opened: AttributeError: .*interests"):
        async with open_engine(FIBO, exporters=[using(exporter)]):
            pass


def that_raises(error: BaseException) -> Exporting:
    @asynccontextmanager
    async def opened(settings: NoSettings, host: Host) -> AsyncIterator[Exporter]:
        raise error
        yield

    return Chosen(Provider("broken", "For tests.", NoSettings, opened), NoSettings())


async def test_an_exporter_that_cannot_be_opened_ends_the_start(open_engine: Open):
    with pytest.raises(ConfigError, match="no such host"):
        async with open_engine(FIBO, exporters=[that_raises(ConfigError("no such host"))]):
            pass


@pytest.mark.parametrize("error", [RuntimeError("odd"), SystemExit("odd")])
async def test_an_exporter_that_raises_what_nobody_expects_when_it_is_opened_is_named(
    open_engine: Open, caplog: pytest.LogCaptureFixture, error: BaseException
):
    expected = f"exporter `broken` cannot be opened: {type(error).__name__}: odd; correct the table `\\[broken\\]`"
    with pytest.raises(PluginError, match=expected):
        async with open_engine(FIBO, exporters=[that_raises(error)]):
            pass
    gc.collect()
    assert "never retrieved" not in caplog.text


async def test_exporters_that_were_opened_before_are_closed_then(open_engine: Open):
    with pytest.raises(ConfigError):
        async with open_engine(FIBO, exporters=[using(RecordingExporter()), that_raises(ConfigError("no"))]):
            pass
    await reaches(lambda: "obelisk-recording" not in {thread.name for thread in threading.enumerate()})


async def test_a_start_does_not_wait_for_an_exporter_that_blocks_when_it_is_opened(
    open_engine: Open, release: threading.Event, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(exporter_feed, "OPEN_SECONDS", 0.05)

    @asynccontextmanager
    async def opened(settings: NoSettings, host: Host) -> AsyncIterator[Exporter]:
        release.wait()
        yield RecordingExporter()

    slow = Chosen(Provider("slow", "For tests.", NoSettings, opened), NoSettings())
    async with open_engine(FIBO, exporters=[slow]) as harness:
        await harness.call("testing:fibo/fibo.fibo", 5)
    assert "exporter `slow` did not open within 0.05 s; the server goes on without it" in caplog.text


# --- logs ---


def server_records(exporter: RecordingExporter) -> list[LogRecord]:
    return [record for record in exporter.logs if record.target.startswith("obelisk")]


async def test_lines_of_components_have_the_ids_of_their_run(open_engine: Open):
    exporter = RecordingExporter()
    async with open_engine(activity("logger", "tests/guests/logger.wat"), exporters=[using(exporter)]) as harness:
        execution = await harness.submit("testing:logger/logger.log", "hello")
        await harness.result(execution)
    run, whole = exporter.spans
    records = [record for record in exporter.logs if record.target == "app"]
    assert [record.level.value for record in records] == ["debug", "info", "warn", "error"]
    assert {(record.trace_id, record.span_id) for record in records} == {(whole.trace_id, run.span_id)}
    assert records[0].attributes == {
        "obelisk.execution.id": execution,
        "obelisk.run.id": run.attributes["obelisk.run.id"],
        "obelisk.component.name": "logger",
    }


async def test_the_servers_own_log_is_exported(open_engine: Open):
    exporter = RecordingExporter(Interests(spans=False, logs=LogFilter.parse("warn"), metrics_every=None))
    async with open_engine(FIBO, exporters=[using(exporter)]):
        logging.getLogger("obelisk.timers").warning("late by %d s", 3)
        logging.getLogger("obelisk.timers").info("not wanted")
    (record,) = server_records(exporter)
    assert (record.target, record.level, record.message) == ("obelisk.timers", LogLevel.WARN, "late by 3 s")


class Talking(RecordingExporter):
    """Logs whenever it gets something."""

    async def export(self, batch: Sequence[Signal]) -> None:
        await super().export(batch)
        logging.getLogger("obelisk.plugin").error("got %d", len(batch))


async def test_what_exporters_log_is_not_exported(open_engine: Open):
    exporter = Talking(Interests(spans=False, metrics_every=None))
    async with open_engine(FIBO, exporters=[using(exporter)]):
        logging.getLogger("obelisk.exporters").error("fails")
        logging.getLogger("obelisk.timers").error("late")
        await reaches(lambda: server_records(exporter))
        logging.getLogger("obelisk.timers").error("later")
    assert [record.message for record in server_records(exporter)] == ["late", "later"]


async def test_an_error_with_its_traceback_is_exported(open_engine: Open):
    exporter = RecordingExporter(Interests(spans=False, metrics_every=None))
    async with open_engine(FIBO, exporters=[using(exporter)]):
        try:
            raise ValueError("odd")
        except ValueError:
            logging.getLogger("obelisk.engine").exception("unexpected")
    (record,) = server_records(exporter)
    assert record.attributes["exception.type"] == "ValueError"
    assert "ValueError: odd" in str(record.attributes["exception.stacktrace"])
