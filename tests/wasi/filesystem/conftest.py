"""A probe that sees directories."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.wasi.filesystem.mounted import Mounted, open_mounted


@pytest.fixture
async def mounted(wasi_probe: Path, tmp_path: Path) -> AsyncIterator[Mounted]:
    """A probe that sees ``/rw``, ``/ro`` and ``/tmp``."""
    async with open_mounted(wasi_probe, tmp_path) as mounted:
        yield mounted


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """Threads for blocking calls."""
    with ThreadPoolExecutor(4) as threads:
        yield threads


@pytest.fixture
def start(tmp_path: Path) -> Iterator[int]:
    """The directory ``tmp_path / "inside"``, opened."""
    (tmp_path / "inside").mkdir()
    number = os.open(tmp_path / "inside", os.O_RDONLY | os.O_DIRECTORY)
    yield number
    os.close(number)
