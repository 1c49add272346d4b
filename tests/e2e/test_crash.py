"""Servers that are killed in the middle of their work, and the next server on the same data directory.

Locks last for an hour and nothing may be retried: what waits for a lock to expire, or is timed out, misses the time limit
or ends with a failure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from obelisk.core.events import ExecutionResult, TypedValue
from obelisk.names import Ffqn
from tests.e2e.conftest import MakeWorld
from tests.e2e.logs import Logs
from tests.e2e.process import Server
from tests.e2e.rpc import CONCURRENT, FIBOA, NESTED, START_FIBOAS, connected, execution_id
from tests.e2e.world import World, fibo

LONG_LOCK = 'exec.lock_expiry = "1h"\n'
IDENT = execution_id(1)


def tables(workflow_keys: str = "") -> str:
    return fibo(LONG_LOCK + "max_retries = 0", LONG_LOCK + workflow_keys)


def ok(value: int) -> ExecutionResult:
    return ExecutionResult(ok=TypedValue("u64", value))


async def undisturbed(world: World, ffqn: Ffqn, params: Any) -> Logs:
    """Run an execution to its end and return the logs."""
    server = world.start()
    with connected(server.address) as client:
        client.submit(IDENT, ffqn, params)
        client.result(IDENT)
    assert server.stop() == 0
    return await world.logs()


async def disturbed(
    world: World, ffqn: Ffqn, params: Any, *, end_at: tuple[int, ...], end: Callable[[Server], None] = Server.kill
) -> tuple[ExecutionResult, Logs]:
    """Do the same, but end the server whenever there are so many events; return the result and the logs."""
    for number, version in enumerate(end_at):
        server = world.start()
        with connected(server.address) as client:
            if number == 0:
                client.submit(IDENT, ffqn, params)
            client.wait_for_version(IDENT, version)
        end(server)
    server = world.start()
    with connected(server.address) as client:
        result = client.result(IDENT)
    assert server.stop() == 0
    return result, await world.logs()


def assert_nothing_was_lost(found: Logs, expected: Logs) -> None:
    assert found.used_retries() == []
    assert set(found.finishes().values()) == {1}
    assert found.canonical() == expected.canonical()


@pytest.mark.timeout(90)
async def test_5000_steps_survive_kills_at_several_points(make_world: MakeWorld) -> None:
    expected = await undisturbed(make_world(tables=tables()), FIBOA, [10, 5000])
    result, found = await disturbed(
        make_world(tables=tables()), FIBOA, [10, 5000], end_at=(1, 100, 4_000, 9_000, 14_900)
    )
    assert result == ok(55)
    assert len(found.tree(IDENT)) == 5001
    assert_nothing_was_lost(found, expected)
    # The kills hit the execution while it was under way, not before and not after.
    assert len(found.executors()) >= 5


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("config", "keys"),
    [
        pytest.param("workflows.run_ahead = false", "", id="without running ahead of commits"),
        pytest.param("workflows.hot_limit = 0", "", id="with nothing kept in memory"),
        pytest.param("", 'blocking_strategy = "interrupt"', id="with interrupted workflows"),
    ],
)
async def test_a_kill_loses_nothing_in_other_modes(make_world: MakeWorld, config: str, keys: str) -> None:
    expected = await undisturbed(make_world(tables=tables()), FIBOA, [10, 150])
    result, found = await disturbed(make_world(config, tables=tables(keys)), FIBOA, [10, 150], end_at=(3, 120, 300))
    assert result == ok(55)
    assert_nothing_was_lost(found, expected)


@pytest.mark.timeout(60)
async def test_nested_workflows_survive_a_kill(make_world: MakeWorld) -> None:
    expected = await undisturbed(make_world(tables=tables()), NESTED, [12])
    result, found = await disturbed(make_world(tables=tables()), NESTED, [12], end_at=(1, 4))
    assert result == ok(233)
    assert_nothing_was_lost(found, expected)


@pytest.mark.timeout(60)
async def test_a_fan_out_survives_kills_with_the_same_result(make_world: MakeWorld) -> None:
    result, found = await disturbed(make_world(tables=tables()), CONCURRENT, [10, 300], end_at=(100, 601, 640))
    assert result == ok(55)
    assert found.used_retries() == []
    assert set(found.finishes().values()) == {1}


@pytest.mark.timeout(60)
async def test_children_that_fan_out_survive_kills(make_world: MakeWorld) -> None:
    result, found = await disturbed(make_world(tables=tables()), START_FIBOAS, [10, 20, 20], end_at=(5, 42, 50))
    assert result == ok(55 * 20)
    assert found.used_retries() == []
    assert set(found.finishes().values()) == {1}
