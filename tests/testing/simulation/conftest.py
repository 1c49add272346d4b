"""One simulator for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from obelisk.testing.simulation.simulator import Simulator, simulator


@pytest.fixture(scope="session")
def player(code_cache: Path) -> Iterator[Simulator]:
    with simulator(code_cache=code_cache) as player:
        yield player
