"""Fixtures for every test."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.guests.built import built

# How long an example takes to make depends on what else the machine does.
settings.register_profile("obelisk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("obelisk")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def wasi_probe() -> Path:
    """The component of a guest that runs Python source with every WASI function at hand; see its ``wit/world.wit``."""
    (path,) = built("tests/guests/wasi_probe")
    return path
