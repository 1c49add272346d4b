"""The example guests of a language, built from source, behind a real server; and a real HTTP server for their pages."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.e2e.process import OBELISK
from tests.e2e.world import World
from tests.guests.built import ROOT, built, code_directory
from tests.guests_e2e.calls import Example
from tests.guests_e2e.pages import Pages, served_pages

COMPILE_SECONDS = 280


@pytest.fixture(scope="session")
def pages() -> Iterator[Pages]:
    with served_pages() as pages:
        yield pages


@pytest.fixture(scope="session", params=["python", "js"])
def language(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="session")
def example_world(language: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The configuration of the example, with its components built and compiled."""
    built(f"examples/{language}")
    world = World(tmp_path_factory.mktemp(language), code_directory().parent, "")
    world.config = ROOT / "examples" / language / "obelisk.toml"
    world.env["WEBHOOK_ADDR"] = "127.0.0.1:0"
    world.env["OBELISK__WASM__CODEGEN_CACHE__DIRECTORY"] = str(code_directory())
    compile_components(world)
    yield world
    world.close()


@pytest.fixture(scope="session")
def example(example_world: World, pages: Pages) -> Example:
    """A server with the configuration of the example; nobody stops it."""
    example_world.env["PAGES_ORIGIN"] = pages.origin
    return Example(example_world, example_world.start(), pages)


def compile_components(world: World) -> None:
    """Compile the components, so that the server is ready soon."""
    command = [*OBELISK, "server", "verify", "--config", str(world.config)]
    done = subprocess.run(command, env=world.env, capture_output=True, text=True, timeout=COMPILE_SECONDS, check=False)
    assert done.returncode == 0, done.stderr
