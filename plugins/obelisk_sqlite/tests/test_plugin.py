"""How the plugin is offered and configured."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from obelisk_sqlite import obelisk_register_storage
from obelisk_sqlite.settings import SqliteSettings, resolve_directory
from obelisk_sqlite.storage import SqliteStorage

from obelisk.errors import ObeliskError, StorageError
from obelisk.interfaces.provider import Host


async def test_the_provider_opens_a_storage_in_the_data_directory(host: Host) -> None:
    (provider,) = obelisk_register_storage()
    assert (provider.name, provider.settings) == ("sqlite", SqliteSettings)
    async with provider.open(SqliteSettings(), host) as storage:
        assert storage.shared
        assert storage.directory == host.data_dir / "obelisk-sqlite"
        assert (storage.directory / "obelisk.sqlite").exists()


def test_the_directory_is_the_one_of_the_settings(tmp_path: Path) -> None:
    assert resolve_directory(SqliteSettings(), tmp_path) == tmp_path / "obelisk-sqlite"
    assert resolve_directory(SqliteSettings(Path("${DATA_DIR}/a/b")), tmp_path) == tmp_path / "a" / "b"
    assert resolve_directory(SqliteSettings(tmp_path / "x"), Path("/unused")) == tmp_path / "x"


async def test_the_provider_deletes_the_database_that_its_settings_name(host: Host) -> None:
    (provider,) = obelisk_register_storage()
    settings = SqliteSettings(host.data_dir / "db")
    async with provider.open(settings, host):
        pass
    assert provider.wipe is not None
    provider.wipe(settings)
    assert list(settings.directory.iterdir()) == []


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(msgspec.ValidationError, match="directroy"):
        msgspec.convert({"directroy": "x"}, SqliteSettings)


def test_listing_the_plugin_imports_nothing_heavy() -> None:
    program = (
        "import sys, obelisk_sqlite; print([m for m in ('sqlite3', 'sqlite_utils', 'wasmtime') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


async def test_a_database_that_is_in_use_is_not_deleted(host: Host) -> None:
    (provider,) = obelisk_register_storage()
    settings = SqliteSettings(host.data_dir / "db")
    assert provider.wipe is not None
    async with provider.open(settings, host):
        with pytest.raises(StorageError, match="in use by another process"):
            provider.wipe(settings)
        assert (settings.directory / "obelisk.sqlite").exists()


@pytest.mark.parametrize(
    ("pragma", "message"),
    [
        ({"bogus_pragma": 1}, "not a pragma"),
        ({"synchronous": "SOMETIMES"}, "`sqlite.pragma.synchronous` is `sometimes`"),
    ],
)
async def test_a_pragma_that_sqlite_would_ignore_is_refused(
    host: Host, pragma: dict[str, str | int], message: str
) -> None:
    (provider,) = obelisk_register_storage()
    with pytest.raises(ObeliskError, match=message):
        async with provider.open(SqliteSettings(host.data_dir / "db", pragma), host):
            raise AssertionError("it opened")


@pytest.mark.parametrize(("synchronous", "taken"), [("normal", 1), ("EXTRA", 3), (2, 2)])
async def test_a_pragma_that_sqlite_takes_is_taken(host: Host, synchronous: str | int, taken: int) -> None:
    (provider,) = obelisk_register_storage()
    async with provider.open(SqliteSettings(host.data_dir / "db", {"synchronous": synchronous}), host) as storage:
        assert isinstance(storage, SqliteStorage)
        assert storage._writer._transactions._connect().execute("PRAGMA synchronous").fetchone() == (taken,)
