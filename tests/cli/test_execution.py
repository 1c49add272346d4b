"""``obelisk client execution`` against a real server: what it prints, and how it ends."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from obelisk.api.convert.results import result_message
from obelisk.api.convert.states import status_message
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.cli.execution_view import CLEAR_LINE, TextView
from obelisk.cli.main import cli
from obelisk.core.events import (
    ChildExecutionFinished,
    Created,
    DelayFinished,
    ExecutionResult,
    FailureKind,
    Locked,
    LogEvent,
    RetryConfig,
    TimeSpan,
    TypedValue,
    encode_event,
    failed,
)
from obelisk.core.state import Lifecycle
from obelisk.core.trace_context import outer_metadata
from obelisk.errors import StorageError
from obelisk.ids import DelayId, ExecutionId, ExecutorId, JoinSetId, RunId, parse_execution_id
from tests.api.calls import ID, OTHER_ID
from tests.api.fakes import COMPONENT, DEPLOYMENT, DIGEST, FIBOA, NOW, created
from tests.api.served import Served
from tests.cli.commands import UNREACHABLE, Time, lines

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CHILD = ExecutionId(f"{ID}.g:1_1")
LOCK = Locked(
    COMPONENT,
    ExecutorId("Exr_1"),
    DEPLOYMENT,
    RunId("Run_1"),
    NOW + timedelta(seconds=9),
    RetryConfig(None, TimeSpan(0)),
)
TYPED_ERROR = ExecutionResult(err=TypedValue("string", "no"))
FAILURE = failed(FailureKind.OUT_OF_FUEL, "it ran dry", "frame 1")
ENDINGS: list[tuple[ExecutionResult, dict[str, Any], int]] = [
    (ExecutionResult(ok=TypedValue("u64", 55)), {"ok": 55}, 0),
    (ExecutionResult(ok=None), {"ok": None}, 0),
    (TYPED_ERROR, {"err": "no"}, 1),
    (ExecutionResult(err=None), {"err": None}, 1),
    (FAILURE, {"execution_failure": {"kind": "out_of_fuel", "reason": "it ran dry"}}, 1),
]


def finish_on_submit(server: Served, result: ExecutionResult) -> None:
    """Let executions end at once."""

    async def finish(execution_id: ExecutionId) -> None:
        await server.engine.finish(execution_id, result)

    server.engine.on_submit = finish


# --- submit -----------------------------------------------------------------------------------------------------------


def test_submit_prints_the_id(run: Any, server: Served) -> None:
    result = run("submit", FIBOA, "[10, 5]")
    assert result.exit_code == 0
    assert [*server.engine.logs_of] == [parse_execution_id(result.stdout.strip())]


def test_submit_as_json_has_no_result(run: Any, server: Served) -> None:
    finish_on_submit(server, TYPED_ERROR)
    result = run("submit", FIBOA, "[10, 5]", "--json", "--execution-id", ID)
    assert (result.exit_code, lines(result)) == (0, [{"execution_id": ID, "status": "finished"}])


def test_a_paused_submission_is_created_and_not_run(run: Any, server: Served) -> None:
    result = run("submit", FIBOA, "[10, 5]", "--paused", "-e", ID)
    assert (result.exit_code, result.stdout) == (0, f"{ID}\n")
    assert server.engine.states[ID].lifecycle is Lifecycle.PAUSED
    shown = run("submit", FIBOA, "[10, 5]", "--paused", "--json", "-e", OTHER_ID)
    assert lines(shown) == [{"execution_id": OTHER_ID, "status": "paused"}]


@pytest.mark.parametrize("state", [{}, {"TRACESTATE": "vendor=1"}])
def test_a_submission_is_part_of_the_trace_that_the_command_is_run_in(
    run: Any, server: Served, monkeypatch: pytest.MonkeyPatch, state: dict[str, str]
) -> None:
    for name, value in {"TRACEPARENT": PARENT, **state}.items():
        monkeypatch.setenv(name, value)
    run("submit", FIBOA, "[10, 5]", "-e", ID)
    first = server.engine.logs_of[ID][0].event
    assert isinstance(first, Created)
    assert first.metadata == outer_metadata(PARENT, state.get("TRACESTATE", ""))


def test_a_trace_that_is_none_does_not_keep_a_command_from_submitting(
    run: Any, server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACEPARENT", "\udcff\n")
    assert run("submit", FIBOA, "[10, 5]", "-e", ID).exit_code == 0
    assert ID in server.engine.logs_of


@pytest.mark.parametrize(("ending", "shown", "code"), ENDINGS)
def test_the_last_line_of_a_followed_submission_has_the_result(
    run: Any, server: Served, ending: ExecutionResult, shown: dict[str, Any], code: int
) -> None:
    finish_on_submit(server, ending)
    result = run("submit", FIBOA, "[10, 5]", "--follow", "--json", "-e", ID)
    assert lines(result)[-1] == {"execution_id": ID, "status": "finished", "result": shown}
    assert result.exit_code == code


def test_a_followed_submission_shows_value_and_duration(run: Any, server: Served) -> None:
    finish_on_submit(server, ExecutionResult(ok=TypedValue("record", {"id": 1})))
    result = run("submit", FIBOA, "[10, 5]", "--follow", "-e", ID)
    assert result.stdout.splitlines() == [
        ID,
        f"Function: {FIBOA}",
        "Finished ok",
        "{",
        '  "id": 1',
        "}",
        "Took 1.500 s",
    ]


def test_a_followed_failure_shows_kind_reason_and_detail(run: Any, server: Served) -> None:
    finish_on_submit(server, FAILURE)
    result = run("submit", FIBOA, "[10, 5]", "--follow")
    assert "Failed, out_of_fuel: it ran dry\nframe 1\n" in result.stdout
    assert result.exit_code == 1


def test_the_same_submission_again_is_ok(run: Any, server: Served) -> None:
    first, second = (run("submit", FIBOA, "[10, 5]", "--execution-id", ID) for _ in range(2))
    assert (first.exit_code, second.exit_code, len(server.engine.logs_of)) == (0, 0, 1)


def test_other_parameters_for_the_same_id_are_rejected(run: Any) -> None:
    run("submit", FIBOA, "[10, 5]", "--execution-id", ID)
    result = run("submit", FIBOA, "[10, 6]", "--execution-id", ID)
    assert (result.exit_code, result.stdout) == (2, "")
    assert ID in result.stderr


def test_params_are_read_from_a_file(run: Any, server: Served, tmp_path: Path) -> None:
    (tmp_path / "params.json").write_text("[10,\n5]\n")
    run("submit", FIBOA, f"@{tmp_path / 'params.json'}", "-e", ID)
    assert server.engine.logs_of[ID][0].event.params == [10, 5]


def test_params_are_read_from_standard_input(run: Any, server: Served) -> None:
    run("submit", FIBOA, "-", "-e", ID, stdin="[10, 18446744073709551615]")
    assert server.engine.logs_of[ID][0].event.params == [10, 2**64 - 1]


@pytest.mark.parametrize("params", ["", "{}", "[1", "5", "@no/such/file", "null", "-"])
def test_params_that_are_not_a_json_array_are_rejected_here(run: Any, params: str) -> None:
    result = run("submit", FIBOA, params, url=UNREACHABLE, stdin=b"\xff")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["testing:fibo-workflow/workflow.nope", ".../workflow.nope", "fiboa", ""])
def test_an_unknown_function_is_rejected(run: Any, server: Served, name: str) -> None:
    result = run("submit", name, "[10, 5]")
    assert (result.exit_code, server.engine.logs_of) == (2, {})
    assert name in result.stderr


def test_a_suffix_finds_its_function(run: Any, server: Served) -> None:
    result = run("submit", ".../workflow.fiboa", "[10, 5]", "-e", ID)
    assert (result.stdout, result.stderr) == (f"{ID}\n", f"Matched {FIBOA}\n")
    assert server.engine.states[ID].ffqn == FIBOA


@pytest.mark.parametrize("execution_id", ["x", CHILD])
def test_an_id_that_a_submission_cannot_have_is_rejected(run: Any, execution_id: str) -> None:
    assert run("submit", FIBOA, "[10, 5]", "-e", execution_id).exit_code == 2


def test_missing_params_are_wrong_usage(run: Any) -> None:
    assert run("submit", FIBOA).exit_code == 2


def test_an_error_of_the_server_is_exit_code_1(run: Any, server: Served) -> None:
    server.engine.failure = StorageError("the disk is full")
    result = run("submit", FIBOA, "[10, 5]")
    assert result.exit_code == 1
    assert "INTERNAL: the disk is full" in result.stderr


# --- connections ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [("submit", FIBOA, "[]"), ("submit", FIBOA, "[]", "--follow"), ("get", ID, "--follow"), ("list",), ("events", ID)],
)
def test_an_unreachable_server_is_exit_code_3(run: Any, time: Time, arguments: tuple[str, ...]) -> None:
    result = run(*arguments, url=UNREACHABLE)
    assert (result.exit_code, result.stdout, time.seconds) == (3, "", 0.0)
    assert UNREACHABLE in result.stderr


def test_the_option_goes_before_the_environment(run: Any, server: Served) -> None:
    assert run("list", "--api-url", server.url, url=UNREACHABLE).exit_code == 0


def test_the_option_may_stand_before_the_command(server: Served) -> None:
    arguments = ["execution", "--api-url", server.url, "list"]
    assert CliRunner(env={"OBELISK_API_URL": UNREACHABLE}).invoke(cli, arguments).exit_code == 0


@pytest.mark.parametrize("url", ["localhost:5005", "http://", "http://x/y", "http://x:99999", "http://[::1", "ftp://x"])
def test_an_url_that_cannot_be_used_is_rejected(run: Any, url: str) -> None:
    result = run("list", url=url)
    assert result.exit_code == 2
    assert url in result.stderr


def test_a_lost_connection_is_taken_up_again(run: Any, server: Served, time: Time) -> None:
    server.run(server.engine.append(ID, created([10, 5])))

    def come_back() -> None:
        if time.seconds == 1.0:
            server.start()
            server.run(server.engine.finish(ID))

    time.on_sleep = come_back
    server.run(_stop_when_watched(server))
    result = run("get", ID, "--follow", "--json")
    assert [line["status"] for line in lines(result)] == ["pending", "finished"]
    assert result.exit_code == 0


def test_a_connection_is_given_up_after_30_seconds(run: Any, server: Served, time: Time) -> None:
    server.run(server.engine.append(ID, created([10, 5])))
    server.run(_stop_when_watched(server))
    result = run("get", ID, "--follow")
    assert (result.exit_code, time.seconds) == (3, 30.0)
    assert f"execution get {ID} --follow" in result.stderr


async def _stop_when_watched(server: Served) -> None:
    """Let the server stop as soon as a client follows an execution and has its first status."""
    import asyncio

    engine = server.engine
    watch = engine.watch

    async def watch_and_stop(execution_id: ExecutionId, **options: Any) -> Any:
        engine.watch = watch
        async for state in watch(execution_id, **options):
            yield state
            engine.stopping = asyncio.ensure_future(server._stop())

    engine.watch = watch_and_stop


def test_an_execution_that_is_gone_after_a_reconnection_is_rejected(run: Any, server: Served, time: Time) -> None:
    server.run(server.engine.append(ID, created([10, 5])))

    def come_back() -> None:
        server.engine.states.clear()
        server.start()

    time.on_sleep = come_back
    server.run(_stop_when_watched(server))
    assert run("get", ID, "--follow").exit_code == 2


# --- get --------------------------------------------------------------------------------------------------------------


def test_get_shows_what_an_execution_is_doing(run: Any, server: Served) -> None:
    server.run(server.engine.append(ID, created([10, 5])))
    server.run(server.engine.append(ID, LOCK))
    result = run("get", ID)
    assert (result.exit_code, result.stdout) == (0, f"Function: {FIBOA}\nlocked\n")


@pytest.mark.parametrize(("ending", "shown", "code"), ENDINGS)
def test_get_ends_like_submit(
    run: Any, server: Served, ending: ExecutionResult, shown: dict[str, Any], code: int
) -> None:
    server.run(server.engine.append(ID, created([10, 5])))
    server.run(server.engine.finish(ID, ending))
    result = run("get", ID, "--json")
    assert lines(result) == [{"execution_id": ID, "status": "finished", "result": shown}]
    assert result.exit_code == code


def test_get_of_an_unfinished_execution_as_json_has_no_result(run: Any, server: Served) -> None:
    server.run(server.engine.append(ID, created([], scheduled_at=NOW + timedelta(hours=1))))
    result = run("get", ID, "--json")
    assert (result.exit_code, lines(result)) == (0, [{"execution_id": ID, "status": "scheduled"}])


@pytest.mark.parametrize("arguments", [(), ("--follow",), ("--json",)])
def test_get_of_an_unknown_execution_is_rejected(run: Any, arguments: tuple[str, ...]) -> None:
    result = run("get", ID, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert ID in result.stderr


def test_an_id_that_is_none_is_rejected_here(run: Any) -> None:
    assert run("get", "nonsense", url=UNREACHABLE).exit_code == 2


# --- lists ------------------------------------------------------------------------------------------------------------


def test_a_listed_execution_has_what_scripts_rely_on(run: Any, server: Served) -> None:
    server.run(server.engine.append(ID, created([10, 5])))
    server.run(server.engine.finish(ID, TYPED_ERROR))
    server.run(server.engine.append(OTHER_ID, created([10, 5])))
    common = {
        "ffqn": FIBOA,
        "created_at": "2026-11-23T12:00:00.123456Z",
        "scheduled_at": "2026-11-23T12:00:00.123456Z",
        "component_digest": DIGEST,
    }
    assert lines(run("list", "--json")) == [
        {"execution_id": OTHER_ID, "status": "pending", **common},
        {"execution_id": ID, "status": "finished", "result_kind": "error", **common},
    ]


def test_executions_are_listed_in_columns(run: Any, server: Served) -> None:
    server.run(server.engine.append(ID, created([10, 5])))
    header, row = run("list").stdout.splitlines()
    assert header.split() == ["EXECUTION", "STATUS", "CREATED", "FUNCTION"]
    assert row.split() == [ID, "pending", "2026-11-23", "12:00:00Z", FIBOA]


def test_filters_of_a_list_reach_the_server(run: Any, server: Served) -> None:
    run("list", "--ffqn", "testing:", "--execution-id", "E_0", "--hide-finished", "--limit", "7")
    run("list", "--show-derived")
    first, second = server.engine.queries
    assert (first.ffqn_prefix, first.execution_id_prefix, first.limit) == ("testing:", "E_0", 7)
    assert (first.hide_finished, first.top_level_only, second.top_level_only) == (True, True, False)


def test_events_are_printed_as_they_are_stored(run: Any, server: Served) -> None:
    server.run(server.engine.append(ID, created([10, 5])))
    server.run(server.engine.append(ID, LOCK))
    server.run(server.engine.finish(ID))
    stored: list[LogEvent] = server.engine.logs_of[ID]
    found = lines(run("events", ID, "--from", "1", "--json"))
    assert found == [
        {"version": 1, "created_at": "2026-11-23T12:00:00.123456Z", "event": json.loads(encode_event(stored[1].event))},
        {"version": 2, "created_at": "2026-11-23T12:00:01.623456Z", "event": json.loads(encode_event(stored[2].event))},
    ]


def test_events_are_paged_until_the_limit(run: Any, server: Served) -> None:
    server.run(server.engine.append(ID, created([])))
    first = server.engine.logs_of[ID][0]
    server.engine.logs_of[ID] = [LogEvent(version, NOW, first.event) for version in range(500)]
    server.engine.states[ID] = _with_next_version(server, 500)
    assert [line["version"] for line in lines(run("events", ID, "--json", "--limit", "450"))] == [*range(450)]


def _with_next_version(server: Served, version: int) -> Any:
    from msgspec.structs import replace

    return replace(server.engine.states[ID], next_version=version)


def test_events_have_one_line_each_for_people(run: Any, server: Served) -> None:
    server.run(server.engine.append(ID, created([10, 5])))
    (line,) = run("events", ID).stdout.splitlines()
    assert line.startswith('0  2026-11-23 12:00:00Z  {"created":{')


def test_responses_are_printed_in_their_order(run: Any, server: Served) -> None:
    server.run(server.engine.append(ID, created([])))
    delay = DelayId(f"Delay_{ID[2:]}.g:1_1")
    server.engine.respond(ID, DelayFinished(JoinSetId("g:1"), delay))
    child = ChildExecutionFinished(JoinSetId("g:1"), CHILD, 3, ExecutionResult(ok=TypedValue("u64", 55)))
    server.engine.respond(ID, child)
    at = "2026-11-23T12:00:00.123456Z"
    finished = {
        "type": "child_execution_finished",
        "join_set_id": "g:1",
        "child_execution_id": CHILD,
        "result": {"ok": {"type": "u64", "value": 55}},
    }
    passed = {"type": "delay_finished", "join_set_id": "g:1", "delay_id": delay, "success": True}
    assert lines(run("responses", ID, "--json")) == [
        {"cursor": 1, "created_at": at, "response": passed},
        {"cursor": 2, "created_at": at, "response": finished},
    ]
    assert [line["cursor"] for line in lines(run("responses", ID, "--json", "--from", "2"))] == [2]


@pytest.mark.parametrize("command", ["events", "responses"])
def test_lists_of_an_unknown_execution_are_rejected(run: Any, command: str) -> None:
    assert run(command, ID, "--json").exit_code == 2


# --- the live line ------------------------------------------------------------------------------------------------------


def test_on_a_terminal_the_status_is_one_line_that_changes(server: Served) -> None:
    server.run(server.engine.append(ID, created([])))
    pending = status_message(server.engine.states[ID])
    server.run(server.engine.append(ID, LOCK))
    locked = status_message(server.engine.states[ID])
    stream = io.StringIO()
    view = TextView(stream, terminal=True)
    for status in (pending, pending, locked):
        view.status(status, NOW)
    result = ExecutionResult(ok=None)
    view.result(pb.FinishedStatus(created_at=NOW, finished_at=NOW, value=result_message(result)), result)
    assert stream.getvalue() == f"{CLEAR_LINE}pending{CLEAR_LINE}locked{CLEAR_LINE}Finished ok\nTook 0.000 s\n"
