"""An engine with the guest that calls any WASI function."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.wasi.probing import Probe, open_probe


@pytest.fixture
async def probe(wasi_probe: Path, tmp_path: Path) -> AsyncIterator[Probe]:
    async with open_probe(wasi_probe, tmp_path) as probe:
        yield probe
