"""Fixtures of the tests of the benchmarks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from benchmarks.results import Settings


@pytest.fixture
def settings() -> Settings:
    return Settings(
        date=datetime(2026, 1, 1, tzinfo=UTC), cpu="a processor", cores=2, memory_bytes=2**30, kernel="Linux",
        filesystem="ext4", python="CPython", sqlite="3", obelisk="1", durability="FULL", load=0.0, rounds=3, quick=False,
    )  # fmt: skip
