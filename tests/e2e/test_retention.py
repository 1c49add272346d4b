"""A server that deletes what has ended, by age and by hand, while others run."""

from __future__ import annotations

import pytest

from obelisk.ids import top_level
from tests.e2e.conftest import MakeWorld
from tests.e2e.rpc import ASK, FIBOA, child, connected, execution_id, submit_all
from tests.e2e.test_crash import ok
from tests.e2e.world import scripts, stubs
from tests.scripts import RUN, call

COUNT = 10
OPEN, SHORT = execution_id(1000), execution_id(1001)


@pytest.mark.timeout(60)
async def test_what_has_ended_goes_while_other_executions_run(make_world: MakeWorld) -> None:
    world = make_world('[retention]\nfinished = "2s"')
    server = world.start()
    with connected(server.address) as client:
        client.submit(SHORT, FIBOA, [10, 5])
        results = [await submit_all(server.address, FIBOA, [10, 200], map(execution_id, range(COUNT)))]
        server.wait_for_log("executions that ended before")
        assert client.refusal("ListExecutionEvents", execution_id=SHORT, length=1)[0] == "NOT_FOUND"
        client.submit(OPEN, FIBOA, [10, 1000])
        assert client.result(OPEN) == ok(55)
    assert results == [[ok(55)] * COUNT]
    assert server.stop() == 0
    assert "ERROR" not in server.log
    assert {top_level(ident) for ident in (await world.logs()).by_id} <= {*map(execution_id, range(COUNT)), OPEN}


@pytest.mark.timeout(60)
async def test_an_execution_is_deleted_by_hand_and_may_be_submitted_again(make_world: MakeWorld) -> None:
    world = make_world(tables=scripts() + stubs())
    one, below = execution_id(1), child(execution_id(1), "o:1-ask_1")
    first, second = world.start(), world.start()
    with connected(first.address) as client, connected(second.address) as other:
        client.submit(one, RUN, [[call(ASK, 1)]])
        client.wait_for_join_set(one, "o:1-ask")
        early = world.client(first, "execution", "delete", one)
        assert (early.code, early.stdout) == (2, "")
        assert f"`{one}` of `{RUN}` has not finished" in early.stderr
        other.stub(below, {"ok": "yes"})
        client.result(one)
        wrong = world.client(first, "execution", "delete", below)
        assert (wrong.code, f"deleted with `{one}`" in wrong.stderr) == (2, True)
        done = world.client(second, "execution", "delete", one, "--json")
        assert done.lines == [{"execution_id": one, "outcome": "deleted", "executions": 2}]
        again = world.client(first, "execution", "delete", one)
        assert (again.code, again.stderr) == (2, f"error: execution not found: `{one}`\n")
        client.submit(one, RUN, [[call(ASK, 2)]])
        client.wait_for_join_set(one, "o:1-ask")
        other.stub(below, {"ok": "no"})
        client.result(one)
    assert (first.stop(), second.stop()) == (0, 0)
    found = await world.logs()
    assert (len(found.by_id), set(found.finishes().values())) == (2, {1})
