"""What tests of the kit share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def code_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for machine code, so that components are compiled once."""
    return tmp_path_factory.mktemp("code")
