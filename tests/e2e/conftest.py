"""Worlds, and one server that tests share which only look at it from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.control import Control, controlled
from tests.e2e.process import Server
from tests.e2e.world import World, fibo, scripts, spin, stubs

MakeWorld = Callable[..., World]


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiled components, shared by every server."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def make_world(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[MakeWorld]:
    """Make worlds; what runs in them is ended with the test."""
    worlds: list[World] = []

    def make(config: str = "", *, tables: str | None = None) -> World:
        world = World(tmp_path_factory.mktemp("world"), cache, config + "\n" + (fibo() if tables is None else tables))
        worlds.append(world)
        return world

    yield make
    for world in worlds:
        world.close()


@pytest.fixture(scope="session")
def shared_world(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[World]:
    """The world of ``shared``."""
    world = World(tmp_path_factory.mktemp("shared"), cache, fibo() + spin())
    yield world
    world.close()


@pytest.fixture(scope="session")
def shared(shared_world: World) -> Server:
    """A server that nobody stops; tests submit to it and look at what they submitted."""
    return shared_world.start()


@pytest.fixture(scope="session")
def control(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Control]:
    """A server of scripts, stubs, and activities that may run for an hour; see ``shared``."""
    tables = scripts() + stubs() + fibo() + spin('exec.lock_expiry = "1h"')
    world = World(tmp_path_factory.mktemp("control"), cache, 'server.shutdown_timeout = "1ms"\n' + tables)
    try:
        with controlled(world, world.start()) as control:
            yield control
    finally:
        world.close()
