"""The probe guest with HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.wasi.http.guests import HttpProbe, open_http_probe


@pytest.fixture
async def guest(wasi_probe: Path, tmp_path: Path) -> AsyncIterator[HttpProbe]:
    async with open_http_probe(wasi_probe, tmp_path) as guest:
        yield guest
