"""An engine for each test that runs guests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.wasm.bench import Bench


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """An engine; what the test leaves is dropped."""
    bench = Bench()
    yield bench
    bench.close()
