"""Servers that are killed while scripted workflows wait, sleep, are cancelled or close what they have open.

As in ``test_crash``, locks last for an hour: what waits for one to expire misses the time limit.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from obelisk.core.events import FailureKind, TypedValue
from obelisk.ids import ExecutionId
from obelisk.names import Ffqn
from tests.e2e.conftest import MakeWorld
from tests.e2e.control import BLOCKED, CANCELLED, waiting
from tests.e2e.logs import Logs
from tests.e2e.rpc import FIBO_ACTIVITY, FOO, SPIN_FOREVER, Client, child, connected, execution_id
from tests.e2e.test_crash import LONG_LOCK, disturbed
from tests.e2e.world import World, fibo, scripts, spin, stubs
from tests.scripts import (
    RUN,
    RUN_CANCELLABLE,
    Op,
    call,
    close,
    create,
    create_named,
    delay,
    get_result,
    new_id,
    next_,
    random,
    random_string,
    schedule,
    sleep,
    stub,
    submit,
    text,
    try_next,
)  # fmt: skip

SECONDS = re.compile(r"\b1[789]\d{8}\b")
SHUTDOWN = 'server.shutdown_timeout = "1ms"'


def tables(workflow_keys: str = "") -> str:
    keys = LONG_LOCK + "max_retries = 0"
    return scripts(LONG_LOCK + workflow_keys) + stubs() + fibo(keys) + spin(keys)


CHILD: list[Op] = [
    random(0, 1000),
    call(FIBO_ACTIVITY, 5),
    create(),
    delay(0, milliseconds=20),
    next_(0),
    text("child"),
]

EVERYTHING: list[Op] = [
    create(), submit(0, RUN, CHILD), next_(0), get_result(1),
    create_named("stubs"), submit(1, FOO, "a"), stub(5, {"ok": "b"}), stub(5, {"ok": "c"}), next_(1),
    sleep(milliseconds=30, name="nap"),
    random(0, 10**9), random_string(8, 9), new_id(), schedule(12, FIBO_ACTIVITY, 7),
    *[call(FIBO_ACTIVITY, number) for number in range(12)],
    create(), delay(2, milliseconds=10), next_(2), next_(2), try_next(2), submit(2, "testing:nope/nope.nope"),
    create(), submit(3, RUN_CANCELLABLE, [*waiting()]), close(3),
    create(), submit(4, FOO, "left open"), delay(4, hours=1), text("end"),
]  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A script and what others do to it, one thing after the other."""

    ident: ExecutionId
    script: list[Op]
    does: tuple[Callable[[Client, ExecutionId], None], ...] = ()
    ffqn: Ffqn = RUN


def give(place: str) -> Callable[[Client, ExecutionId], None]:
    return lambda client, ident: client.stub(child(ident, place), {"ok": place})


def cancel(client: Client, ident: ExecutionId) -> None:
    client.call("CancelExecution", execution_id=ident)


def pause(client: Client, ident: ExecutionId) -> None:
    client.call("PauseExecution", execution_id=ident)


def unpause(client: Client, ident: ExecutionId) -> None:
    client.call("UnpauseExecution", execution_id=ident)


def see_cancelled(*places: str) -> Callable[[Client, ExecutionId], None]:
    """Return what waits until children are cancelled."""

    def wait(client: Client, ident: ExecutionId) -> None:
        for place in places:
            assert client.result(child(ident, place)) == CANCELLED

    return wait


DOES_EVERYTHING = Case(execution_id(1), EVERYTHING)
STUBBED = Case(
    execution_id(2),
    [*waiting(), submit(0, FOO, "again"), next_(0), call(FIBO_ACTIVITY, 10)],
    (give("g:1_1"), give("g:1_2")),
)
PAUSED = Case(execution_id(3), [*waiting(), call(FIBO_ACTIVITY, 10)], (pause, give("g:1_1"), unpause))
IS_CANCELLED = Case(
    execution_id(4),
    [
        create(), submit(0, RUN, [*waiting()]), submit(0, SPIN_FOREVER), submit(0, FOO, "a"),
        submit(0, RUN_CANCELLABLE, [*waiting()]), delay(0, hours=1), next_(0),
    ],
    (cancel, see_cancelled("g:1_2", "g:1_3", "g:1_4", "g:1_4.g:1_1"), give("g:1_1.g:1_1")),
    RUN_CANCELLABLE,
)  # fmt: skip
CLOSES = Case(
    execution_id(5),
    [create(), submit(0, RUN, [*waiting()]), submit(0, FOO, "a"), delay(0, hours=1), text("end")],
    (see_cancelled("g:1_2"), give("g:1_1.g:1_1")),
)


WAITING_CASES = (STUBBED, PAUSED, IS_CANCELLED, CLOSES)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Logs:
    """What each case leaves behind when nobody kills the server."""
    return run_cases(tmp_path_factory.mktemp("undisturbed"), cache, (DOES_EVERYTHING, *WAITING_CASES), kill=False)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Logs:
    """What cases leave behind whose server is killed right after each thing that is done to them."""
    return run_cases(tmp_path_factory.mktemp("killed"), cache, WAITING_CASES, kill=True)


def run_cases(directory: Path, cache: Path, cases: Sequence[Case], *, kill: bool) -> Logs:
    world = World(directory, cache, SHUTDOWN + "\n" + tables())
    try:
        server = world.start()
        with connected(server.address) as client:
            for case in cases:
                client.submit(case.ident, case.ffqn, [case.script])
                if case.does:  # what nothing is done to need not stay blocked for long enough to be seen
                    client.wait_for_status(case.ident, BLOCKED)
        for step in range(max(len(case.does) for case in cases)):
            with connected(server.address) as client:
                for case in cases:
                    if step < len(case.does):
                        case.does[step](client, case.ident)
            if kill:
                server.kill()
                server = world.start()
        with connected(server.address) as client:
            for case in cases:
                client.result(case.ident)
        assert server.stop() == 0
        return asyncio.run(world.logs())
    finally:
        world.close()


def assert_nothing_was_lost(found: Logs, undisturbed: Logs, case: Case) -> None:
    """The same logs, each finished once, and no retry used."""
    assert found.used_retries() == []
    assert set(found.finishes().values()) == {1}
    assert canonical(found, case) == canonical(undisturbed, case)


def canonical(logs: Logs, case: Case) -> dict[str, str]:
    """Return the logs of a case without times of the run, which are in ids that were drawn and in the end of a sleep."""
    return {ident: SECONDS.sub("", log) for ident, log in logs.canonical().items() if ident.startswith(case.ident)}


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("config", "keys"),
    [
        pytest.param("", "", id="kept in memory"),
        pytest.param("workflows.hot_limit = 0\nworkflows.run_ahead = false", "", id="with nothing kept in memory"),
        pytest.param("workflows.max_events_per_run = 1", 'blocking_strategy = "interrupt"', id="interrupted"),
    ],
)
async def test_a_workflow_that_does_everything_survives_kills(
    make_world: MakeWorld, undisturbed: Logs, config: str, keys: str
) -> None:
    world = make_world(config, tables=tables(keys))
    result, found = await disturbed(world, RUN, [EVERYTHING], end_at=(2, 25, 56))
    assert isinstance(result.ok, TypedValue)
    assert result.ok.value[-1] == ["ok", "end"]
    assert_nothing_was_lost(found, undisturbed, DOES_EVERYTHING)
    assert len(found.roots()) == 2  # what it scheduled


def test_results_of_stubs_survive_a_kill_right_after_they_were_given(killed: Logs, undisturbed: Logs) -> None:
    assert_nothing_was_lost(killed, undisturbed, STUBBED)
    assert len(killed.by_id[STUBBED.ident].responses) == 3


def test_pauses_survive_kills(killed: Logs, undisturbed: Logs) -> None:
    assert_nothing_was_lost(killed, undisturbed, PAUSED)


def test_a_workflow_that_is_being_cancelled_goes_on_ending_after_kills(killed: Logs, undisturbed: Logs) -> None:
    assert_nothing_was_lost(killed, undisturbed, IS_CANCELLED)
    assert killed.by_id[IS_CANCELLED.ident].state.failure_kind is FailureKind.CANCELLED
    assert killed.by_id[child(IS_CANCELLED.ident, "g:1_1")].state.failure_kind is None


def test_a_workflow_that_closes_what_it_has_open_goes_on_closing_after_kills(killed: Logs, undisturbed: Logs) -> None:
    assert_nothing_was_lost(killed, undisturbed, CLOSES)
    assert killed.by_id[CLOSES.ident].state.failure_kind is None
