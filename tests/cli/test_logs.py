"""``logs`` against a real server with a fake engine behind it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from obelisk.cli.logs import LINGER
from obelisk.core.events import Paused
from obelisk.ids import DelayId, ExecutionId, RunId
from obelisk.interfaces.components import LogLevel, LogLine, StreamLine, StreamType
from obelisk.interfaces.storage import StoredLine
from tests.api.calls import ID
from tests.api.fakes import NOW, created
from tests.api.served import Served
from tests.cli.commands import UNREACHABLE, Time, lines

CHILD = ExecutionId(f"{ID}.g:1_1")
DELAY = DelayId(f"Delay_{ID[2:]}.g:1_1")
RUN = RunId("Run_1")
SECOND = timedelta(seconds=1)


def logged(
    text: str, level: LogLevel = LogLevel.INFO, *, of: ExecutionId = ID, after: timedelta = SECOND
) -> StoredLine:
    return StoredLine(of, RUN, NOW + after, LogLine(level, text))


def printed(payload: bytes, stream: StreamType = StreamType.STDOUT) -> StoredLine:
    return StoredLine(ID, RUN, NOW, StreamLine(stream, payload))


@pytest.fixture
def execution(server: Served) -> ExecutionId:
    """An execution that has not ended and logged nothing."""
    server.run(server.engine.append(ID, created([10, 5])))
    return ID


def texts(result: Any) -> list[str]:
    """Return the texts of JSON lines."""
    assert result.exit_code == 0, result.output
    return [line.get("message", line.get("text")) for line in lines(result)]


# --- what is shown ----------------------------------------------------------------------------------------------------


def test_people_see_time_kind_and_text(run: Any, server: Served, execution: ExecutionId) -> None:
    server.engine.log(logged("a line"), printed(b"out"), printed(b"err", StreamType.STDERR))
    assert run("logs", execution).stdout.splitlines() == [
        "2026-11-23 12:00:01.123Z  info    a line",
        "2026-11-23 12:00:00.123Z  stdout  out",
        "2026-11-23 12:00:00.123Z  stderr  err",
    ]


def test_people_see_the_execution_with_derived_ones_and_the_run_when_asked(
    run: Any, server: Served, execution: ExecutionId
) -> None:
    server.engine.log(logged("mine"), logged("its", of=CHILD))
    assert len(run("logs", execution).stdout.splitlines()) == 1
    shown = run("logs", execution, "--show-derived", "--show-run-id").stdout.splitlines()
    assert [line.split("  ")[-3:] for line in shown] == [[ID, RUN, "mine"], [CHILD, RUN, "its"]]


def test_scripts_see_all_that_is_known_of_a_line(run: Any, server: Served, execution: ExecutionId) -> None:
    server.engine.log(logged("careful", LogLevel.WARN), printed("ä".encode()), printed(b"\xff\n"))
    common = {"execution_id": ID, "run_id": RUN}
    early = {**common, "created_at": "2026-11-23T12:00:00.123456Z", "stream": "stdout"}
    assert lines(run("logs", execution, "--json")) == [
        {**common, "created_at": "2026-11-23T12:00:01.123456Z", "level": "warn", "message": "careful"},
        {**early, "text": "ä"},
        {**early, "text": "\ufffd\n", "payload": "/wo="},
    ]


def test_what_a_guest_logs_cannot_act_on_a_terminal_nor_pass_for_a_line(
    run: Any, server: Served, execution: ExecutionId
) -> None:
    server.engine.log(logged("\x1b[2Jred\r\nerror   x\ttab"), printed(b"\x07\xff"))
    shown = run("logs", execution).stdout.splitlines()
    assert shown[0].endswith("  \\x1b[2Jred\\x0d")
    assert shown[1] == "    error   x\ttab"
    assert shown[2].endswith("  \\x07\ufffd")


# --- which lines ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        ((), ["debug", "info", "warn", "error", "stdout", "stderr"]),
        (("--level", "trace"), ["trace", "debug", "info", "warn", "error", "stdout", "stderr"]),
        (("--level", "warn"), ["warn", "error", "stdout", "stderr"]),
        (("--level", "error", "--stream-type", "stderr"), ["error", "stderr"]),
        (("--level", "error", "--stream-type", "stderr", "--stream-type", "stdout"), ["error", "stdout", "stderr"]),
        (("--level", "error", "--stream-type", "none"), ["error"]),
    ],
)
def test_lines_are_chosen_by_level_and_stream(
    run: Any, server: Served, execution: ExecutionId, flags: tuple[str, ...], found: list[str]
) -> None:
    server.engine.log(*[logged(level.value, level) for level in LogLevel])
    server.engine.log(*[printed(stream.value.encode(), stream) for stream in StreamType])
    assert texts(run("logs", execution, "--json", *flags)) == found


@pytest.mark.parametrize("after", ["2026-11-23T12:00:01.123456Z", "2026-11-23 13:00:01.123456+01:00"])
def test_lines_begin_after_a_time(run: Any, server: Served, execution: ExecutionId, after: str) -> None:
    server.engine.log(*[logged(str(number), after=number * SECOND) for number in (1, 2, 1, 3)])
    assert texts(run("logs", execution, "--json", "--after", after)) == ["2", "3"]


def test_people_see_twenty_lines_unless_told_and_that_there_are_more(
    run: Any, server: Served, execution: ExecutionId
) -> None:
    server.engine.log(*[logged(str(number)) for number in range(450)])
    short, long = run("logs", execution), run("logs", execution, "--limit", "450")
    assert (len(short.stdout.splitlines()), "there are more lines" in short.stderr) == (20, True)
    assert (len(long.stdout.splitlines()), long.stderr) == (450, "")


def test_scripts_get_all_lines_in_order(run: Any, server: Served, execution: ExecutionId) -> None:
    server.engine.log(*[logged(str(number)) for number in range(450)])
    assert texts(run("logs", execution, "--json")) == [str(number) for number in range(450)]


def test_an_execution_that_logged_nothing_has_no_lines(run: Any, execution: ExecutionId) -> None:
    result = run("logs", execution)
    assert (result.exit_code, result.output) == (0, "")


# --- following --------------------------------------------------------------------------------------------------------


def test_following_ends_with_the_execution(run: Any, server: Served, time: Time, execution: ExecutionId) -> None:
    steps = iter((
        lambda: server.engine.log(logged("1")),
        lambda: server.engine.log(logged("2"), logged("3")),
        lambda: server.run(server.engine.append(ID, Paused())),
        lambda: server.run(server.engine.finish(ID)),
    ))  # fmt: skip
    time.on_sleep = lambda: next(steps, lambda: None)()
    assert texts(run("logs", execution, "--follow", "--json")) == ["1", "2", "3"]
    assert next(steps, None) is None


def test_following_waits_for_lines_that_come_after_the_end(
    run: Any, server: Served, time: Time, execution: ExecutionId
) -> None:
    server.run(server.engine.finish(ID))
    late = iter((LINGER * 0.8, LINGER * 1.6))
    due = [next(late)]

    def log_late() -> None:
        if due[0] is not None and time.seconds >= due[0]:
            server.engine.log(logged(f"{due[0]}"))
            due[0] = next(late, None)

    time.on_sleep = log_late
    assert texts(run("logs", execution, "--follow", "--json")) == ["0.8", "1.6"]
    assert time.seconds < 4


def test_a_limit_beyond_all_numbers_is_none(run: Any, server: Served, execution: ExecutionId) -> None:
    server.engine.log(logged("1"), logged("2", after=2 * SECOND))
    assert texts(run("logs", execution, "--json", "--limit", "99999999999999999999")) == ["1", "2"]


def test_following_ends_at_the_limit(run: Any, server: Served, execution: ExecutionId) -> None:
    server.engine.log(*[logged(str(number)) for number in range(5)])
    result = run("logs", execution, "--follow", "--limit", "3")
    assert (len(result.stdout.splitlines()), result.stderr) == (3, "")


def test_following_takes_up_a_connection_that_was_lost_and_repeats_nothing(
    run: Any, server: Served, time: Time, execution: ExecutionId
) -> None:
    server.engine.log(logged("1"))
    steps = iter((
        server.stop,
        lambda: server.engine.log(logged("2")),
        server.start,
        lambda: server.run(server.engine.finish(ID)),
    ))  # fmt: skip
    time.on_sleep = lambda: next(steps, lambda: None)()
    assert texts(run("logs", execution, "--follow", "--json")) == ["1", "2"]


def test_following_gives_up_a_server_that_stays_away(
    run: Any, server: Served, time: Time, execution: ExecutionId
) -> None:
    server.engine.log(logged("1"))
    steps = iter((server.stop,))
    time.on_sleep = lambda: next(steps, lambda: None)()
    result = run("logs", execution, "--follow", "--json")
    assert (result.exit_code, "is lost for 30 s" in result.stderr) == (3, True)
    assert [line["message"] for line in map(json.loads, result.stdout.splitlines())] == ["1"]


def test_an_interrupt_ends_it_without_a_word(run: Any, server: Served, time: Time, execution: ExecutionId) -> None:
    server.engine.log(logged("1"))

    def interrupt() -> None:
        raise KeyboardInterrupt

    time.on_sleep = interrupt
    result = run("logs", execution, "--follow")
    assert (result.exit_code, len(result.stdout.splitlines()), result.stderr) == (130, 1, "")


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (("--level", "loud"), "loud"),
        (("--stream-type", "stdin"), "stdin"),
        (("--stream-type", "none", "--stream-type", "stdout"), "none"),
        (("--limit", "-1"), "-1"),
        (("--limit", "0"), "0"),
        (("--after", "yesterday"), "yesterday"),
        (("--after", "2026-01-31T12:00:00"), "zone"),
        (("--after", "0001-01-01T00:00:00+23:59"), "zone"),
    ],
)
def test_what_is_no_option_is_rejected_before_any_call(run: Any, flags: tuple[str, ...], word: str) -> None:
    result = run("logs", ID, *flags, url=UNREACHABLE)
    assert (result.exit_code, result.stdout) == (2, "")
    assert word in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("target", ["", "x", DELAY])
def test_an_id_that_is_none_is_rejected_before_any_call(run: Any, target: str) -> None:
    assert run("logs", target, url=UNREACHABLE).exit_code == 2


@pytest.mark.parametrize("flags", [(), ("--follow",)])
def test_an_unknown_execution_is_rejected(run: Any, flags: tuple[str, ...]) -> None:
    result = run("logs", ID, *flags)
    assert (result.exit_code, result.stdout, ID in result.stderr) == (2, "", True)


@pytest.mark.parametrize("flags", [(), ("--follow",)])
def test_an_unreachable_server_is_exit_code_3(run: Any, flags: tuple[str, ...]) -> None:
    assert run("logs", ID, *flags, url=UNREACHABLE).exit_code == 3
