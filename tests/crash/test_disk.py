"""Servers whose disk is full, or whose database is deleted, damaged or not theirs to write.

What people and programs are told, that nothing acknowledged is lost, and that servers go on once the cause is gone.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from tests.crash.customer import CALL_SECONDS, connected
from tests.crash.invariants import breaches_of
from tests.crash.rounds import integrity_breaches
from tests.crash.seen import see_all
from tests.crash.small_disk import LIMIT, SmallDisk, limit_files
from tests.e2e import rpc
from tests.e2e.conftest import MakeWorld
from tests.e2e.process import Server
from tests.e2e.rpc import FIBOA, Client, execution_id
from tests.e2e.test_bad_start import assert_refused
from tests.e2e.test_crash import ok, tables
from tests.e2e.world import World

pytestmark = pytest.mark.timeout(60)

LONG_ONE = execution_id(1000)
STEPS = 1500
MANY = 2000


def submitted_until_refused(client: Client) -> tuple[list[int], int, tuple[str, str]]:
    """Submit until a submission is refused; return which were acknowledged, which was refused, and how."""
    acknowledged: list[int] = []
    for number in range(MANY):
        try:
            client.submit(execution_id(number), FIBOA, [10, 2])
        except grpc.RpcError as error:
            return acknowledged, number, (error.code().name, error.details())
        acknowledged.append(number)
    raise AssertionError(f"{MANY} submissions were acknowledged, and nothing can be written")


def refusal(client: Client, number: int) -> tuple[str, str]:
    """Submit what is to be refused."""
    with pytest.raises(grpc.RpcError) as caught:
        client.submit(execution_id(number), FIBOA, [10, 2])
    return caught.value.code().name, caught.value.details()


def assert_whole(server: Server) -> None:
    """Hold all logs of a server against what is promised."""

    async def look() -> list[str]:
        async with connected([server.address]) as (stub,):
            view, missing = await see_all(stub, seconds=CALL_SECONDS)
        return [*missing, *breaches_of(view)]

    assert asyncio.run(look()) == []


def ran(world: World, count: int = 3, **pragmas: int) -> World:
    """Run some executions to their end, and stop the server."""
    server = world.start()
    with rpc.connected(server.address) as client:
        for number in range(count):
            client.submit(execution_id(number), FIBOA, [10, 5])
            client.result(execution_id(number))
    assert server.stop() == 0
    return world


# --- a disk that is full ----------------------------------------------------------------------------------------------


def test_a_server_goes_on_by_itself_once_its_disk_has_room_again(make_world: MakeWorld) -> None:
    world = make_world(tables=tables())
    disk = SmallDisk(world.data_dir)
    server = world.start(prefix=disk.prefix)
    with rpc.connected(server.address) as client:
        client.submit(LONG_ONE, FIBOA, [10, STEPS])
        client.wait_for_version(LONG_ONE, 30)
        disk.fill(server)
        acknowledged, refused, (code, details) = submitted_until_refused(client)
        assert code == "INTERNAL"
        assert "obelisk.sqlite` failed: " in details
        assert "SQLITE_FULL" in details or "SQLITE_IOERR" in details
        assert client.version(LONG_ONE) >= 30  # what is there can be read
        disk.free(server)
        client.submit(execution_id(refused), FIBOA, [10, 2])
        results = [client.result(execution_id(number)) for number in [*acknowledged, refused]]
        assert results == [ok(55)] * (len(acknowledged) + 1)
        assert client.result(LONG_ONE) == ok(55)
    assert_whole(server)
    assert server.stop() == 0
    assert "Traceback" not in server.log


async def test_nothing_is_lost_when_the_database_may_not_grow(make_world: MakeWorld) -> None:
    world = make_world("[sqlite.pragma]\nmax_page_count = 100", tables=tables())
    server = world.start()
    with rpc.connected(server.address) as client:
        acknowledged, refused, (code, details) = submitted_until_refused(client)
    assert (code, "database or disk is full (SQLITE_FULL)" in details) == ("INTERNAL", True)
    assert acknowledged
    server.kill()
    world.config.write_text(world.config.read_text().replace("max_page_count = 100", "max_page_count = 100000"))
    server = world.start()
    with rpc.connected(server.address) as client:
        client.submit(execution_id(refused), FIBOA, [10, 2])
        results = [client.result(execution_id(number)) for number in [*acknowledged, refused]]
    assert results == [ok(55)] * (len(acknowledged) + 1)
    assert server.stop() == 0
    found = await world.logs()
    assert set(found.finishes().values()) == {1}
    assert found.used_retries() == []


async def test_what_a_server_cannot_give_back_when_it_stops_goes_on_at_the_next_start(make_world: MakeWorld) -> None:
    world = make_world(tables=tables())
    server = world.start()
    with rpc.connected(server.address) as client:
        client.submit(LONG_ONE, FIBOA, [10, STEPS])
        client.wait_for_version(LONG_ONE, 300)
    assert world.database.with_name("obelisk.sqlite-wal").stat().st_size > 2 * LIMIT
    limit_files(server, LIMIT)
    assert server.stop() == 1
    assert f"error: writing to the database `{world.database}` failed" in server.log
    assert "Traceback" not in server.log
    server = world.start()
    with rpc.connected(server.address) as client:
        assert client.result(LONG_ONE) == ok(55)
    assert server.stop() == 0
    assert (await world.logs()).used_retries() == []


# --- a database that is deleted ---------------------------------------------------------------------------------------


def test_nothing_is_acknowledged_while_the_database_is_away(make_world: MakeWorld) -> None:
    world = make_world(tables=tables())
    away = world.database.with_name("away")
    server = world.start()
    with rpc.connected(server.address) as client:
        client.submit(execution_id(0), FIBOA, [10, 5])
        client.result(execution_id(0))
        world.database.rename(away)
        for number in (1, 2):
            code, details = refusal(client, number)
            assert (code, f"`{world.database}` was deleted or replaced" in details) == ("INTERNAL", True), details
        away.rename(world.database)
        for number in (0, 1, 2):
            client.submit(execution_id(number), FIBOA, [10, 5] if number == 0 else [10, 2])
            assert client.result(execution_id(number)) == ok(55)
    assert_whole(server)
    assert server.stop() == 0


def test_a_server_whose_database_was_deleted_says_so_when_it_stops(make_world: MakeWorld) -> None:
    world = make_world(tables=tables())
    server = world.start()
    with rpc.connected(server.address) as client:
        client.submit(LONG_ONE, FIBOA, [10, STEPS])
        client.wait_for_version(LONG_ONE, 30)
        for file in world.database.parent.glob("*.sqlite*"):
            file.unlink()
        refusal(client, 1)
    assert server.stop() == 1
    assert f"error: `{world.database}` was deleted or replaced while it was open" in server.log
    assert "Traceback" not in server.log
    server = world.start()
    assert world.client(server, "execution", "list", "--json").lines == []


def test_a_server_starts_from_nothing_when_only_the_database_itself_was_deleted(make_world: MakeWorld) -> None:
    world = make_world(tables=tables())
    server = world.start()
    with rpc.connected(server.address) as client:
        client.submit(execution_id(0), FIBOA, [10, 5])
        client.result(execution_id(0))
    server.kill()
    world.database.unlink()  # and what belongs to it stays
    server = world.start()
    assert world.client(server, "execution", "list", "--json").lines == []
    assert server.stop() == 0
    assert integrity_breaches(world.database) == []


# --- a database that is damaged ---------------------------------------------------------------------------------------


def overwrite(path: Path) -> None:
    path.write_bytes(os.urandom(path.stat().st_size))


def cut_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


@pytest.fixture(scope="module")
def damaged_world(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[World]:
    """A world whose server has stopped; each test damages its database and puts it back."""
    world = World(tmp_path_factory.mktemp("damaged"), cache, tables())
    yield ran(world)
    world.close()


@pytest.mark.parametrize("damage", [overwrite, cut_short])
def test_a_damaged_database_is_named_at_the_start_and_left_as_it_is(damaged_world: World, damage) -> None:
    database, whole = damaged_world.database, damaged_world.database.read_bytes()
    damage(database)
    broken = database.read_bytes()
    ended = damaged_world.run_server()
    assert_refused(ended, f"`{database}` cannot be used", "SQLITE_", "it is damaged", "obelisk server restore")
    assert database.read_bytes() == broken
    database.write_bytes(whole)
    server = damaged_world.start()
    with rpc.connected(server.address) as client:
        assert client.result(execution_id(0)) == ok(55)
    assert server.stop() == 0


def test_a_damaged_file_of_lines_may_be_deleted(damaged_world: World) -> None:
    lines = damaged_world.database.with_name("obelisk-logs.sqlite")
    overwrite(lines)
    assert_refused(damaged_world.run_server(), f"`{lines}`", "delete it to go on without that")
    lines.unlink()
    server = damaged_world.start()
    with rpc.connected(server.address) as client:
        assert client.result(execution_id(0)) == ok(55)
    assert server.stop() == 0


def test_a_server_whose_database_is_cut_short_answers_with_an_error_and_serves_on(make_world: MakeWorld) -> None:
    world = make_world("[sqlite.pragma]\nwal_autocheckpoint = 1\ncache_size = 10", tables=tables())
    server = world.start()
    with rpc.connected(server.address) as client:
        for number in range(30):
            client.submit(execution_id(number), FIBOA, [10, 20])
        for number in range(30):
            client.result(execution_id(number))
        os.truncate(world.database, 8192)
        found = [client.refusal("ListExecutionEvents", execution_id=execution_id(0), length=1)]
    assert [code for code, _ in found] == ["INTERNAL"]
    assert "it is damaged" in found[0][1]
    assert server.is_running


# --- a database that cannot be written --------------------------------------------------------------------------------

WITHOUT_PRIVILEGES = ("setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override")


def test_a_database_that_may_only_be_read_is_named_at_the_start(make_world: MakeWorld) -> None:
    world = ran(make_world(tables=tables()))
    world.database.chmod(0o444)
    with pytest.raises(AssertionError) as caught:
        world.start(prefix=WITHOUT_PRIVILEGES if os.geteuid() == 0 else ())
    assert f"error: the database `{world.database}` cannot be used: attempt to write a readonly" in str(caught.value)
    assert "let this user write to it" in str(caught.value)
    assert "Traceback" not in str(caught.value)
    world.database.chmod(0o644)
    server = world.start()
    with rpc.connected(server.address) as client:
        assert client.result(execution_id(0)) == ok(55)
    assert server.stop() == 0
