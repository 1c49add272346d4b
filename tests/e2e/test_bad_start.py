"""Servers that cannot start."""

from __future__ import annotations

import socket
import sqlite3
from contextlib import closing

import pytest

from tests.e2e.conftest import MakeWorld
from tests.e2e.process import Ended
from tests.e2e.world import GUESTS, WAT, World, activity, fibo, workflow

pytestmark = pytest.mark.timeout(30)


def assert_refused(ended: Ended, *parts: str) -> None:
    """Exit code 1, nothing on standard output, a message without a traceback."""
    assert ended.code == 1, ended
    assert ended.stdout == ""
    assert "error: " in ended.stderr
    assert "Traceback" not in ended.stderr
    for part in parts:
        assert part in ended.stderr, ended.stderr


BAD_CONFIGURATIONS = [
    pytest.param("workflows.hot_limt = 5", ("workflows.hot_limt", "hot_limit"), id="unknown key"),
    pytest.param("[workflow]\nhot_limit = 5", ("workflow", "workflows"), id="unknown table"),
    pytest.param('workflows.hot_limit = "many"', ("workflows.hot_limit", "whole number", "many"), id="wrong type"),
    pytest.param('server.shutdown_timeout = "soon"', ("server.shutdown_timeout", "soon"), id="no duration"),
    pytest.param('api.listening_addr = "nowhere"', ("listening_addr", "HOST:PORT", "nowhere"), id="no address"),
    pytest.param('storage.use = "sqlit"', ("storage.use", "sqlit", "sqlite"), id="unknown storage"),
    pytest.param("workflows = [", ("obelisk.toml",), id="no TOML"),
    pytest.param('[[activity_wasm]]\nname = "a"\n', ("activity_wasm", "location"), id="missing key"),
]


@pytest.mark.parametrize(("config", "parts"), BAD_CONFIGURATIONS)
def test_a_bad_configuration_is_refused_and_nothing_is_written(
    make_world: MakeWorld, config: str, parts: tuple[str, ...]
) -> None:
    world = make_world(config, tables="")
    if "listening_addr" in config:
        del world.env["OBELISK__API__LISTENING_ADDR"]
    assert_refused(world.run_server(), *parts, f"error: {world.config}:1: ")
    assert not world.data_dir.exists()


BAD_COMPONENTS = [
    pytest.param(activity("a", GUESTS / "missing.wat"), ("missing.wat",), id="missing file"),
    pytest.param(activity("a", GUESTS / "core_module.wat"), ("core_module.wat", "component"), id="core module"),
    pytest.param(workflow("w", GUESTS / "unsafe_import.wat"), ("acme:nothing/here", "`w`"), id="unknown import"),
    pytest.param(
        fibo() + workflow("w", GUESTS / "mismatch.wat"),
        ("`w`", "testing:fibo/fibo.fibo", "func(n: u32) -> result<u32>", "func(n: u8) -> result<u64>"),
        id="other types",
    ),
    pytest.param(
        activity("a", WAT / "fibo_activity.wat") + activity("b", WAT / "fibo_activity.wat"),
        ("testing:fibo/fibo.fibo", "`a`", "`b`"),
        id="exported twice",
    ),
    pytest.param(activity("a", WAT / "fibo_activity.wat") * 2, ("`a`",), id="named twice"),
    pytest.param(workflow("w", WAT / "fibo_workflow.wat"), ("testing:fibo/fibo", "`w`"), id="nobody exports it"),
]


@pytest.mark.parametrize(("tables", "parts"), BAD_COMPONENTS)
def test_bad_components_are_refused_and_no_database_is_made(
    make_world: MakeWorld, tables: str, parts: tuple[str, ...]
) -> None:
    world = make_world(tables=tables)
    assert_refused(world.run_server(), *parts)
    assert not world.database.exists()


def test_verify_says_the_same_as_the_server(make_world: MakeWorld) -> None:
    world = make_world(tables=workflow("w", GUESTS / "unsafe_import.wat"))
    verified = world.run("server", "verify", "--config", str(world.config))
    line = world.config.read_text().splitlines().index("[[workflow_wasm]]") + 1
    assert_refused(verified, f"error: {world.config}:{line}: ", "acme:nothing/here")
    assert verified.stderr == world.run_server().stderr


def test_all_mismatches_are_told_at_once(make_world: MakeWorld) -> None:
    tables = workflow("one", GUESTS / "unsafe_import.wat") + workflow("two", WAT / "fibo_workflow.wat")
    assert_refused(make_world(tables=tables).run_server(), "`one`", "`two`")


def test_a_missing_configuration_file_is_named(make_world: MakeWorld) -> None:
    ended = make_world().run("server", "run", "--config", "nowhere.toml")
    assert_refused(ended, "nowhere.toml")


def test_a_wrong_flag_ends_with_2(make_world: MakeWorld) -> None:
    assert make_world().run_server("--cleandb").code == 2


def test_a_port_in_use_is_named(make_world: MakeWorld) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        world = make_world()
        assert_refused(world.run_server(OBELISK__API__LISTENING_ADDR=address), address, "in use")
        assert not world.database.exists()


@pytest.mark.parametrize("name", ["a b", "", "a/b"])
def test_a_component_name_with_other_characters_is_refused(make_world: MakeWorld, name: str) -> None:
    toml = f'[[activity_wasm]]\nname = "{name}"\nlocation = "fibo.wat"\n'
    assert_refused(make_world(toml).run_server(), "activity_wasm", "name")


def newer(world: World) -> int:
    """Make the database of a world one of a later version; return the version that it had."""
    assert world.start().stop() == 0
    with closing(sqlite3.connect(world.database)) as connection:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        connection.execute(f"PRAGMA user_version = {version + 41}")
    return version


def test_a_database_of_a_newer_schema_is_refused(make_world: MakeWorld) -> None:
    world = make_world()
    version = newer(world)
    before = world.database.read_bytes()
    assert_refused(world.run_server(), str(world.database), f"version {version + 41}", f"knows {version}")
    assert world.database.read_bytes() == before


def test_a_database_of_another_program_is_refused(make_world: MakeWorld) -> None:
    world = make_world()
    world.database.parent.mkdir(parents=True)
    with closing(sqlite3.connect(world.database)) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
    assert_refused(world.run_server(), str(world.database), "songs")


def test_clean_db_starts_from_nothing(make_world: MakeWorld) -> None:
    world = make_world()
    newer(world)
    assert_refused(world.run_server(), "newer version")
    server = world.start("--clean-db")
    assert world.client(server, "execution", "list", "--json").lines == []


def test_verify_accepts_what_the_server_accepts(make_world: MakeWorld) -> None:
    world = make_world()
    ended = world.run("server", "verify", "--config", str(world.config))
    assert (ended.code, ended.stdout) == (0, "Server configuration was verified\n")
    assert not world.database.exists()


def test_a_generated_configuration_can_be_verified(make_world: MakeWorld) -> None:
    world = make_world()
    world.config.unlink()
    assert world.run("server", "generate-config").code == 0
    assert world.run("server", "verify").code == 0


def test_generate_config_overwrites_nothing(make_world: MakeWorld) -> None:
    world = make_world()
    before = world.config.read_text()
    ended = world.run("server", "generate-config")
    assert_refused(ended, "already exists")
    assert world.config.read_text() == before


def test_plugins_are_listed_with_what_they_offer(make_world: MakeWorld) -> None:
    ended = make_world().run("plugins", "--json")
    assert ended.code == 0
    assert "sqlite" in {line["name"] for line in ended.lines}
