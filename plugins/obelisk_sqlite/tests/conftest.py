"""Opens databases for tests."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from obelisk_sqlite.settings import SqliteSettings
from obelisk_sqlite.storage import SqliteStorage, open_storage

from obelisk.clock import SystemClock
from obelisk.interfaces.provider import Host

Opens = Callable[..., AbstractAsyncContextManager[SqliteStorage]]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """What the engine hands to the plugin; its data lies in the test's directory."""
    return Host(SystemClock(), random.Random(1).randbytes, tmp_path, tmp_path, logging.getLogger("test"))


@pytest.fixture
def opens(host: Host) -> Opens:
    """Open the test's database, with pragmas when they are given."""

    def opening(**pragma: str | int) -> AbstractAsyncContextManager[SqliteStorage]:
        return open_storage(SqliteSettings(pragma=pragma), host)

    return opening


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The file of the test's database."""
    return tmp_path / "obelisk-sqlite" / "obelisk.sqlite"
