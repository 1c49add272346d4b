"""An engine for each test that runs guests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from obelisk.wasm.workflow_state import JoinSets
from tests.wasm.bench import Bench
from tests.wasm.imports import SET


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """An engine; what the test leaves is dropped."""
    bench = Bench()
    yield bench
    bench.close()


@pytest.fixture
def state() -> JoinSets:
    """What is known of a guest that holds one join set, as number 0."""
    state = JoinSets(keeps_answers=True)
    state.add(SET)
    return state
