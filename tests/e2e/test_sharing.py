"""Two servers on one database."""

from __future__ import annotations

import asyncio

import pytest

from tests.e2e.conftest import MakeWorld
from tests.e2e.rpc import FIBOA, SPIN_FOREVER, connected, execution_id, submit_all
from tests.e2e.test_crash import LONG_LOCK, ok, tables
from tests.e2e.world import fibo, spin

COUNT = 60
LONG_ONES = 20
FEW = "exec.instance_limiter = 4\n"
QUICK = 'exec.tick_sleep = "20ms"\n'


@pytest.mark.timeout(60)
async def test_what_one_server_has_no_permit_for_runs_at_the_other(make_world: MakeWorld) -> None:
    world = make_world('server.shutdown_timeout = "1ms"', tables=spin(LONG_LOCK + "exec.instance_limiter = 1"))
    first, second = world.start(), world.start()
    with connected(first.address) as client:
        for number in (1, 2):
            client.submit(execution_id(number), SPIN_FOREVER, [])
        for number in (1, 2):
            client.wait_for_status(execution_id(number), "locked")
    assert (first.stop(), second.stop()) == (0, 0)
    assert len((await world.logs()).executors()) == 2


@pytest.mark.timeout(60)
async def test_two_servers_that_share_few_permits_run_everything_once(make_world: MakeWorld) -> None:
    world = make_world(tables=fibo(FEW + QUICK, FEW + QUICK))
    first, second = world.start(), world.start()
    results = await submit_all(first.address, FIBOA, [10, 5], map(execution_id, range(COUNT)))
    assert results == [ok(55)] * COUNT
    assert (first.stop(), second.stop()) == (0, 0)
    found = await world.logs()
    assert set(found.finishes().values()) == {1}
    assert found.used_retries() == []


@pytest.mark.timeout(60)
async def test_a_result_can_be_followed_at_the_other_server(make_world: MakeWorld) -> None:
    world = make_world()
    first, second = world.start(), world.start()
    with connected(first.address) as one, connected(second.address) as other:
        one.submit(execution_id(1), FIBOA, [10, 20])
        assert other.result(execution_id(1)) == ok(55)


@pytest.mark.timeout(60)
async def test_when_one_of_two_servers_is_killed_the_other_finishes_its_work(make_world: MakeWorld) -> None:
    world = make_world(tables=tables())
    killed, left = world.start(), world.start()
    with connected(killed.address) as client:
        for number in range(LONG_ONES):
            client.submit(execution_id(number), FIBOA, [10, 200])
        client.wait_for_version(execution_id(0), 30)
    killed.kill()
    with connected(left.address) as client:
        results = [client.result(execution_id(number)) for number in range(LONG_ONES)]
    assert results == [ok(55)] * LONG_ONES
    assert left.stop() == 0
    found = await world.logs()
    assert len(found.executors()) == 2
    assert set(found.finishes().values()) == {1}
    assert found.used_retries() == []


@pytest.mark.timeout(60)
async def test_submissions_to_both_servers_run_once(make_world: MakeWorld) -> None:
    world = make_world()
    first, second = world.start(), world.start()
    one, other = await asyncio.gather(
        submit_all(first.address, FIBOA, [10, 5], map(execution_id, range(COUNT))),
        submit_all(second.address, FIBOA, [10, 5], map(execution_id, range(COUNT))),
    )
    assert one == other == [ok(55)] * COUNT
    assert (first.stop(), second.stop()) == (0, 0)
    found = await world.logs()
    assert len(found.roots()) == COUNT
    assert set(found.finishes().values()) == {1}
    assert found.used_retries() == []
