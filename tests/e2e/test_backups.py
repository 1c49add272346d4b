"""Backups of servers that run, and servers that go on from one. Locks last for an hour and nothing may be retried."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import MakeWorld
from tests.e2e.process import Ended
from tests.e2e.rpc import ASK, FIBOA, child, connected, execution_id
from tests.e2e.test_crash import LONG_LOCK, ok, tables
from tests.e2e.world import World, scripts, stubs
from tests.scripts import RUN, call

COUNT = 15
STEPS = 100
WAITING = execution_id(1000)


def back_up(world: World, path: Path, *options: str) -> Ended:
    return world.run("server", "backup", str(path), "--config", str(world.config), *options)


def restore(world: World, path: Path, *options: str) -> Ended:
    return world.run("server", "restore", str(path), "--config", str(world.config), *options)


@pytest.mark.timeout(90)
async def test_a_server_goes_on_from_a_backup_that_was_made_under_load(make_world: MakeWorld, tmp_path: Path) -> None:
    every_table = tables() + scripts(LONG_LOCK) + stubs()
    world, other, path = make_world(tables=every_table), make_world(tables=every_table), tmp_path / "backup"
    server = world.start()
    with connected(server.address) as client:
        client.submit(WAITING, RUN, [[call(ASK, 1)]])
        client.wait_for_join_set(WAITING, "o:1-ask")
        for number in range(COUNT):
            client.submit(execution_id(number), FIBOA, [10, STEPS])
        client.wait_for_version(execution_id(0), 30)
        made = back_up(world, path, "--json")
        results = [client.result(execution_id(number)) for number in range(COUNT)]
    assert (made.code, made.stderr) == (0, "")
    assert made.last["backup"] == str(path)
    assert made.last["bytes"] > 0
    assert results == [ok(55)] * COUNT
    server.kill()

    assert restore(other, path, "--json").lines == [{"restored": str(path)}]
    before = await other.logs()
    assert len(before.roots()) == COUNT + 1
    assert before.finishes()[WAITING] == 0
    server = other.start()
    with connected(server.address) as client:
        assert [client.result(execution_id(number)) for number in range(COUNT)] == [ok(55)] * COUNT
        client.stub(child(WAITING, "o:1-ask_1"), {"ok": "yes"})
        client.result(WAITING)
    assert server.stop() == 0
    found = await other.logs()
    assert found.used_retries() == []
    assert set(found.finishes().values()) == {1}
    assert len(found.by_id) == COUNT * (STEPS + 1) + 2


@pytest.mark.timeout(60)
async def test_a_backup_of_a_killed_server_replaces_a_database_only_when_nobody_uses_it(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    world, path = make_world(), tmp_path / "backup"
    server = world.start()
    with connected(server.address) as client:
        client.submit(execution_id(1), FIBOA, [10, 5])
        client.result(execution_id(1))
    server.kill()
    assert back_up(world, path).code == 0
    refused = back_up(world, path)
    assert (refused.code, refused.stdout) == (1, "")
    assert refused.stderr.startswith(f"error: `{path}` exists already")

    server = world.start()
    with connected(server.address) as client:
        client.submit(execution_id(2), FIBOA, [10, 5])
        client.result(execution_id(2))
        used = restore(world, path, "--force")
        assert used.code == 1
        assert used.stderr == f"error: `{world.database}` is in use by another process; stop that first\n"
        assert client.result(execution_id(2)) == ok(55)
    assert server.stop() == 0
    there = restore(world, path)
    assert there.code == 1
    assert there.stderr == f"error: there is a database at `{world.database}` already; `--force` replaces it\n"
    assert (await world.logs()).roots() == [execution_id(1), execution_id(2)]
    assert restore(world, path, "--force").stdout == f"Restored {path}\n"
    assert (await world.logs()).roots() == [execution_id(1)]


@pytest.mark.timeout(30)
def test_a_backup_of_nothing_says_where_it_looked(make_world: MakeWorld, tmp_path: Path) -> None:
    world = make_world()
    made = back_up(world, tmp_path / "backup")
    assert (made.code, made.stdout) == (1, "")
    assert f"there is no database at `{world.database}`" in made.stderr
    assert list(tmp_path.iterdir()) == []
