"""Worlds, and one server that tests share which only look at it from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.process import Server
from tests.e2e.world import World, fibo, spin

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
