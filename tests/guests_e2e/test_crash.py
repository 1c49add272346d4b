"""Workflows in Python and JavaScript go on after the server was killed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.rpc import execution_id
from tests.e2e.world import World
from tests.guests_e2e.calls import GET_ALL
from tests.guests_e2e.pages import HELD, Pages, served_pages

pytestmark = pytest.mark.timeout(300)  # whoever comes first builds and compiles what is not kept

IDENT = execution_id(1)


@pytest.fixture
def held_pages() -> Iterator[Pages]:
    with served_pages() as pages:
        yield pages


@pytest.fixture
def world(example_world: World, held_pages: Pages, tmp_path: Path) -> Iterator[World]:
    """The same components with a database of their own."""
    world = World(tmp_path, Path(example_world.env["OBELISK_CACHE_DIR"]), "")
    world.config = example_world.config
    world.env = {**example_world.env, "OBELISK_DATA_DIR": str(world.data_dir), "PAGES_ORIGIN": held_pages.origin}
    yield world
    world.close()


def test_a_workflow_is_replayed_by_the_next_server(world: World, held_pages: Pages) -> None:
    urls = [held_pages.url(path) for path in ("/hello", HELD)]
    first = world.start()
    world.client(first, "execution", "submit", GET_ALL, json.dumps([urls]), "-e", IDENT)
    held_pages.wait_for(HELD)
    first.kill()
    held_pages.released.set()

    done = world.client(world.start(), "execution", "get", IDENT, "--follow", "--json")
    assert done.last["result"] == {"ok": ["hello", "released"]}
