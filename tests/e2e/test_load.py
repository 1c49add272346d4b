"""Many executions at once, in every way of keeping them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from obelisk.ids import ExecutionId
from tests.e2e.conftest import MakeWorld
from tests.e2e.logs import Logs
from tests.e2e.rpc import FIBOA, execution_id, submit_all
from tests.e2e.test_crash import ok
from tests.e2e.world import World, fibo

MANY = 2000
SOME = 150


async def run_all(world: World, count: int) -> Logs:
    """Run ``fiboa '[10, 5]'`` so often at once and return the logs."""
    server = world.start()
    results = await submit_all(server.address, FIBOA, [10, 5], map(execution_id, range(count)))
    assert results == [ok(55)] * count
    assert server.stop() == 0
    return await world.logs()


@pytest.mark.timeout(60)
async def test_2000_concurrent_submissions_all_finish(make_world: MakeWorld) -> None:
    found = await run_all(make_world(), MANY)
    assert len(found.roots()) == MANY
    assert len(found.by_id) == 6 * MANY
    assert set(found.finishes().values()) == {1}
    assert found.used_retries() == []


@pytest.mark.timeout(60)
async def test_a_server_on_uvloop_runs_what_is_submitted_and_stops_in_good_order(make_world: MakeWorld) -> None:
    found = await run_all(make_world('[server]\nevent_loop = "uvloop"'), SOME)
    assert len(found.roots()) == SOME
    assert set(found.finishes().values()) == {1}


@pytest.fixture(scope="module")
def all_hot(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> dict[ExecutionId, str]:
    """The canonical logs of a server that keeps every workflow in memory."""
    world = World(tmp_path_factory.mktemp("hot"), cache, "workflows.hot_limit = 8000\n" + fibo())
    try:
        return asyncio.run(run_all(world, SOME)).canonical()
    finally:
        world.close()


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("config", "keys"),
    [
        pytest.param("workflows.hot_limit = 100", "", id="hot_limit 100"),
        pytest.param("workflows.hot_limit = 0", "", id="hot_limit 0"),
        pytest.param("workflows.run_ahead = false", "", id="run_ahead false"),
        pytest.param("", 'blocking_strategy = "interrupt"', id="interrupt"),
        pytest.param(
            "workflows.hot_limit = 100\nworkflows.run_ahead = false",
            'blocking_strategy = { kind = "await", non_blocking_event_batching = 1 }',
            id="one event per batch",
        ),
    ],
)
async def test_the_way_of_keeping_workflows_does_not_show_in_the_logs(
    make_world: MakeWorld, all_hot: dict[ExecutionId, str], config: str, keys: str
) -> None:
    found = await run_all(make_world(config, tables=fibo("", keys)), SOME)
    assert found.used_retries() == []
    assert found.canonical() == all_hot
