"""Two servers on one database: what one of them has in hand is controlled at the other.

Locks last for an hour: what waits for one to expire misses the time limit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from obelisk.core.events import ExecutionResult, TypedValue
from tests.e2e.conftest import MakeWorld
from tests.e2e.control import CANCELLED, FOREVER, Control, controlled, waiting, waiting_in
from tests.e2e.rpc import FIBO_ACTIVITY, FOO, SPIN, SPIN_FOREVER, child, delay_id
from tests.e2e.test_crash import LONG_LOCK
from tests.e2e.world import World, fibo, scripts, spin, stubs
from tests.scripts import RUN, call, create, delay, next_, submit, text
from tests.scripts import spin as compute

pytestmark = pytest.mark.timeout(60)

TABLES = scripts(LONG_LOCK) + stubs() + fibo(LONG_LOCK) + spin(LONG_LOCK)
CONFIG = 'server.shutdown_timeout = "1ms"\ntimers_watcher.tick_sleep = "200ms"\n'


@dataclass(frozen=True)
class Pair:
    """Two servers; the tests have the first take an execution, and do something to it at the second."""

    holder: Control
    other: Control


@contextmanager
def paired(world: World) -> Iterator[Pair]:
    with controlled(world, world.start()) as holder, controlled(world, world.start()) as other:
        yield Pair(holder, other)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Pair]:
    world = World(tmp_path_factory.mktemp("pair"), cache, CONFIG + TABLES)
    try:
        with paired(world) as servers:
            yield servers
    finally:
        world.close()


def trace(result: ExecutionResult) -> list[list[str]]:
    assert isinstance(result.ok, TypedValue), result
    found: list[list[str]] = result.ok.value
    return found


# --- cancelled at the other server ------------------------------------------------------------------------------------


def test_what_computes_at_one_server_stops_when_it_is_cancelled_at_the_other(make_world: MakeWorld) -> None:
    one = LONG_LOCK + "exec.instance_limiter = 1"
    world = make_world(CONFIG, tables=scripts(one) + stubs() + spin(one))
    with paired(world) as pair:
        client, elsewhere = pair.holder.client, pair.other.client
        activity = client.start(SPIN_FOREVER, [])
        workflow = pair.holder.script(create(), submit(0, FOO, "a"), compute(FOREVER), cancellable=True)
        for ident in (activity, workflow):
            client.wait_for_status(ident, "locked")
            elsewhere.call("CancelExecution", execution_id=ident)
            assert elsewhere.result(ident) == client.result(ident) == CANCELLED
        assert client.result(child(workflow, "g:1_1")) == CANCELLED
        assert pair.other.server.stop() == 0
        # The holder has one permit for each, which the cancelled runs give back.
        assert client.result(client.start(SPIN, [10])).ok is not None
        assert trace(client.result(pair.holder.script(text("x")))) == [["ok", "x"]]


def test_a_workflow_that_waits_at_one_server_is_cancelled_at_the_other(pair: Pair) -> None:
    ident = pair.holder.blocked_script(
        create(), submit(0, FOO, "a"), submit(0, SPIN_FOREVER), delay(0, hours=1), next_(0), next_(0), cancellable=True
    )
    pair.other.client.call("CancelExecution", execution_id=ident)
    for one in (ident, child(ident, "g:1_1"), child(ident, "g:1_2")):
        assert pair.holder.client.result(one) == CANCELLED


def test_a_delay_that_one_server_expects_is_cancelled_at_the_other(pair: Pair) -> None:
    ident = pair.holder.blocked_script(create(), delay(0, hours=1), next_(0), call(FIBO_ACTIVITY, 10))
    pair.other.client.call("CancelDelay", delay_id=delay_id(ident, "g:1_1"))
    assert trace(pair.holder.client.result(ident))[2:] == [["err", ""], ["ok", "55"]]


def test_an_execution_is_cancelled_at_both_servers_side_by_side(pair: Pair) -> None:
    ident = pair.holder.blocked_script(
        create(), submit(0, RUN, [*waiting()]), delay(0, hours=1), next_(0), cancellable=True
    )
    for one in (pair.holder, pair.other):
        one.client.call_many("CancelExecution", [ident] * 5)
    pair.other.client.stub(child(ident, "g:1_1.g:1_1"), {"ok": "on"})
    assert pair.holder.client.result(ident) == pair.other.client.result(ident) == CANCELLED


# --- paused and stubbed at the other server -----------------------------------------------------------------------------


def test_a_workflow_that_waits_at_one_server_is_paused_at_the_other(pair: Pair) -> None:
    client, elsewhere = pair.holder.client, pair.other.client
    ident = pair.holder.blocked_script(*waiting(), call(FIBO_ACTIVITY, 10))
    elsewhere.call("PauseExecution", execution_id=ident)
    paused_at = elsewhere.version(ident)
    client.stub(child(ident, "g:1_1"), {"ok": "on"})
    assert client.version(ident) == elsewhere.version(ident) == paused_at
    elsewhere.call("UnpauseExecution", execution_id=ident)
    assert trace(client.result(ident))[2:] == [["ok", '"on"'], ["ok", "55"]]


async def test_the_child_of_a_workflow_that_is_paused_elsewhere_is_not_lost(make_world: MakeWorld) -> None:
    world = make_world(CONFIG, tables=TABLES)
    with paired(world) as pair:
        ident = pair.holder.script(create(), submit(0, SPIN, 300_000_000), next_(0))
        pair.other.client.call("PauseExecution", execution_id=ident)
        assert pair.other.client.result(child(ident, "g:1_1")).ok is not None
        pair.other.client.call("UnpauseExecution", execution_id=ident)
        assert [kind for kind, _ in trace(pair.holder.client.result(ident))] == ["ok"] * 3
        assert (pair.holder.server.stop(), pair.other.server.stop()) == (0, 0)
    found = await world.logs()
    assert set(found.finishes().values()) == {1}
    assert found.used_retries() == []


def test_a_delay_that_one_server_expects_is_paused_at_the_other(pair: Pair) -> None:
    client, elsewhere = pair.holder.client, pair.other.client
    ident = pair.holder.script(
        create(), delay(0, milliseconds=1200), create(), delay(1, milliseconds=1201), next_(1), *waiting_in(2), next_(0)
    )
    elsewhere.call("PauseDelay", delay_id=delay_id(ident, "g:1_1"))
    client.wait_for_join_set(ident, "g:3")
    assert [each.event.join_set_id.name for each in client.responses(ident)] == ["2"]
    elsewhere.call("UnpauseDelay", delay_id=delay_id(ident, "g:1_1"))
    elsewhere.stub(child(ident, "g:3_1"), {"ok": "on"})
    assert trace(client.result(ident))[-1] == ["ok", ""]


def test_a_stub_that_a_workflow_at_one_server_waits_for_is_given_at_the_other(pair: Pair) -> None:
    ident = pair.holder.blocked_script(*waiting(), call(FIBO_ACTIVITY, 10))
    for one in (pair.other, pair.holder):
        one.client.stub(child(ident, "g:1_1"), {"ok": "on"})
    assert trace(pair.holder.client.result(ident))[2:] == [["ok", '"on"'], ["ok", "55"]]


def test_a_stub_is_given_at_a_server_that_does_not_have_the_workflow(pair: Pair) -> None:
    world = pair.holder.world
    few = world.directory / "few.toml"
    few.write_text(CONFIG + stubs())
    with controlled(world, world.start("--config", str(few))) as other:
        ident = pair.holder.script(*waiting(), *waiting_in(1))
        for place in ("g:1_1", "g:2_1"):
            pair.holder.client.wait_for_join_set(ident, place.partition("_")[0])
            other.client.stub(child(ident, place), {"ok": place})
        assert trace(pair.holder.client.result(ident))[2::3] == [["ok", '"g:1_1"'], ["ok", '"g:2_1"']]
        assert other.server.stop() == 0


def test_commands_reach_what_the_other_server_has(pair: Pair) -> None:
    here, there = pair.holder, pair.other
    ident = here.blocked_script(*waiting())
    assert there.run("pause", ident).stdout == "Paused\n"
    assert here.run("get", ident, "--json").last["status"] == "paused"
    assert here.run("unpause", ident).stdout == "Unpaused\n"
    assert there.run("replay", ident).stdout.startswith("Blocked")
    assert there.run("stub", child(ident, "g:1_1"), '{"ok": "on"}').stdout == "Stubbed\n"
    assert here.run("get", ident, "--follow", "--json").last["result"]["ok"][2] == ["ok", '"on"']
