"""What every test of histories needs: an engine for guests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.wasm.bench import Bench


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """Runs guests."""
    bench = Bench()
    yield bench
    bench.close()


@pytest.fixture(scope="session")
def code_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiled components."""
    return tmp_path_factory.mktemp("code")
