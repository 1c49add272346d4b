"""``history`` against a real server."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from obelisk.core.events import (
    ChildExecutionFinished,
    DelayFinished,
    ExecutionResult,
    JoinSetCreate,
    LogEvent,
    LogResponse,
    Paused,
    TypedValue,
    Unpaused,
    encode_event,
)
from obelisk.ids import DelayId, ExecutionId, JoinSetId
from tests.api.calls import ID
from tests.api.fakes import NOW, created
from tests.api.served import Served
from tests.cli.commands import UNREACHABLE, lines

CHILD = ExecutionId(f"{ID}.g:1_1")
DELAY = DelayId(f"Delay_{ID[2:]}.g:1_1")
JOIN_SET = JoinSetId("g:1")
SECOND = timedelta(seconds=1)


@pytest.fixture
def execution(server: Served) -> ExecutionId:
    """An execution with three events and two responses, a second after each other."""
    engine = server.engine
    server.run(engine.append(ID, created([10, 5])))
    server.run(engine.append(ID, Paused(), after=SECOND))
    engine.respond(ID, DelayFinished(JOIN_SET, DELAY), after=2 * SECOND)
    engine.respond(ID, ChildExecutionFinished(JOIN_SET, CHILD, 3, ExecutionResult(ok=None)), after=3 * SECOND)
    server.run(engine.append(ID, Unpaused(), after=4 * SECOND))
    return ID


def places(result: Any) -> list[str]:
    """Return what was printed: ``v0`` for an event, ``c1`` for a response."""
    return [f"v{line['version']}" if "version" in line else f"c{line['cursor']}" for line in lines(result)]


def enlarge(server: Served, *, events: int, responses: int) -> None:
    """Give an execution many events and responses that take turns."""
    first = server.engine.logs_of[ID][0]
    event, response = JoinSetCreate(JOIN_SET), DelayFinished(JOIN_SET, DELAY)
    rest = [LogEvent(version, NOW + version * SECOND, event) for version in range(1, events)]
    server.engine.logs_of[ID] = [first, *rest]
    server.engine.responses_of[ID] = [LogResponse(n, NOW + n * SECOND, response) for n in range(1, responses + 1)]
    server.engine.states[ID] = _with_maxima(server, events, responses)


def _with_maxima(server: Served, version: int, cursor: int) -> Any:
    from msgspec.structs import replace

    return replace(server.engine.states[ID], next_version=version, cursor=cursor)


def test_events_and_responses_come_in_the_order_of_their_times(run: Any, execution: ExecutionId) -> None:
    assert places(run("history", execution, "--json")) == ["v0", "v1", "c1", "c2", "v2"]


def test_entries_are_printed_as_their_own_commands_print_them(run: Any, server: Served, execution: ExecutionId) -> None:
    found = lines(run("history", execution, "--json"))
    assert [line for line in found if "version" in line] == lines(run("events", execution, "--json"))
    assert [line for line in found if "cursor" in line] == lines(run("responses", execution, "--json"))
    assert found[0]["event"] == json.loads(encode_event(server.engine.logs_of[ID][0].event))


def test_people_see_a_line_for_each(run: Any, execution: ExecutionId) -> None:
    shown = run("history", execution).stdout.splitlines()
    assert shown[1] == '1  2026-11-23 12:00:01Z  "paused"'
    assert shown[2].startswith('1  2026-11-23 12:00:02Z  {"type":"delay_finished"')
    assert len(shown) == 5


def test_of_equal_times_the_response_goes_first(run: Any, server: Served) -> None:
    server.run(server.engine.append(ID, created([10, 5])))
    server.engine.respond(ID, DelayFinished(JOIN_SET, DELAY), after=SECOND)
    server.run(server.engine.append(ID, Paused(), after=SECOND))
    assert places(run("history", ID, "--json")) == ["v0", "c1", "v1"]


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        (("--from-version", "1"), ["v1", "c1", "c2", "v2"]),
        (("--from-cursor", "2"), ["v0", "v1", "c2", "v2"]),
        (("--from-version", "2", "--from-cursor", "3"), ["v2"]),
        (("--from-version", "9", "--from-cursor", "9"), []),
        (("--limit", "3"), ["v0", "v1", "c1"]),
    ],
)
def test_a_history_begins_and_ends_where_that_is_asked(
    run: Any, execution: ExecutionId, flags: tuple[str, ...], found: list[str]
) -> None:
    assert places(run("history", execution, "--json", *flags)) == found


def test_a_history_without_responses_is_its_events(run: Any, server: Served) -> None:
    server.run(server.engine.append(ID, created([10, 5])))
    assert places(run("history", ID, "--json")) == ["v0"]


@pytest.mark.parametrize(("events", "responses"), [(450, 450), (450, 0), (1, 450), (450, 3), (3, 450)])
def test_scripts_get_all_of_a_long_history_in_order(run: Any, server: Served, events: int, responses: int) -> None:
    server.run(server.engine.append(ID, created([])))
    enlarge(server, events=events, responses=responses)
    entries = [(n, 1, f"v{n}") for n in range(events)] + [(n, 0, f"c{n}") for n in range(1, responses + 1)]
    assert places(run("history", ID, "--json")) == [place for _, _, place in sorted(entries)]


def test_people_see_twenty_lines_unless_told(run: Any, server: Served) -> None:
    server.run(server.engine.append(ID, created([])))
    enlarge(server, events=100, responses=100)
    assert len(run("history", ID).stdout.splitlines()) == 20
    assert len(run("history", ID, "--limit", "150").stdout.splitlines()) == 150


def test_large_entries_come_through_and_in_order_of_their_kind(run: Any, server: Served) -> None:
    large = ExecutionResult(ok=TypedValue("string", "y" * 2_000_000))
    server.run(server.engine.append(ID, created(["x" * 2_000_000])))
    for index in (1, 2):
        child = ExecutionId(f"{ID}.g:1_{index}")
        server.engine.respond(ID, ChildExecutionFinished(JOIN_SET, child, 3, large), after=SECOND)
    server.run(server.engine.finish(ID, large))
    assert places(run("history", ID, "--json")) == ["v0", "c1", "c2", "v1"]


@pytest.mark.parametrize("target", [ID, CHILD])
def test_an_unknown_execution_is_rejected(run: Any, target: str) -> None:
    result = run("history", target)
    assert (result.exit_code, result.stdout, target in result.stderr) == (2, "", True)


@pytest.mark.parametrize("target", ["", "x", DELAY])
def test_an_id_that_is_none_is_rejected_before_any_call(run: Any, target: str) -> None:
    assert run("history", target, url=UNREACHABLE).exit_code == 2


def test_an_unreachable_server_is_exit_code_3(run: Any) -> None:
    assert run("history", ID, url=UNREACHABLE).exit_code == 3
