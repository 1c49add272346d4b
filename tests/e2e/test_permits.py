"""Components of which only a few may run at once. Locks last for an hour: who waits for one misses the time limit."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import MakeWorld
from tests.e2e.rpc import CONCURRENT, FIBOA, execution_id, submit_all
from tests.e2e.test_crash import LONG_LOCK, ok
from tests.e2e.world import fibo

pytestmark = pytest.mark.timeout(40)
COUNT = 20
ONE = "exec.instance_limiter = 1\n"


@pytest.mark.parametrize(
    ("activity_keys", "workflow_keys"),
    [
        pytest.param(ONE, "", id="activities"),
        pytest.param("", ONE, id="workflows"),
        pytest.param(ONE, ONE, id="both"),
        pytest.param("", ONE + 'blocking_strategy = "interrupt"', id="interrupted workflows"),
        pytest.param(ONE, ONE + 'blocking_strategy = "interrupt"', id="both with interrupted workflows"),
    ],
)
async def test_one_at_a_time_comes_to_an_end(make_world: MakeWorld, activity_keys: str, workflow_keys: str) -> None:
    world = make_world(tables=fibo(LONG_LOCK + activity_keys, LONG_LOCK + workflow_keys))
    server = world.start()
    for start, ffqn in ((0, FIBOA), (COUNT, CONCURRENT)):
        idents = map(execution_id, range(start, start + COUNT))
        assert await submit_all(server.address, ffqn, [10, 5], idents) == [ok(55)] * COUNT
    assert server.stop() == 0
    assert (await world.logs()).used_retries() == []


async def test_one_at_a_time_of_all_components_together_comes_to_an_end(make_world: MakeWorld) -> None:
    world = make_world("wasm.global_executor_instance_limiter = 1", tables=fibo(LONG_LOCK, LONG_LOCK))
    server = world.start()
    for start, ffqn in ((0, FIBOA), (COUNT, CONCURRENT)):
        idents = map(execution_id, range(start, start + COUNT))
        assert await submit_all(server.address, ffqn, [10, 5], idents) == [ok(55)] * COUNT
    assert server.stop() == 0
    assert (await world.logs()).used_retries() == []


async def test_more_workflows_than_may_start_at_once_come_to_an_end(make_world: MakeWorld) -> None:
    world = make_world("workflows.hot_limit = 0", tables=fibo(LONG_LOCK, LONG_LOCK))
    server = world.start()
    assert await submit_all(server.address, FIBOA, [10, 5], map(execution_id, range(300))) == [ok(55)] * 300
    assert server.stop() == 0
    assert (await world.logs()).used_retries() == []
