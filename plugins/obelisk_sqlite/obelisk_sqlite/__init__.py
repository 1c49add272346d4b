"""Keeps executions in one SQLite file: ``[storage] use = "sqlite"``."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from obelisk import hookimpl
from obelisk.interfaces.provider import Host, Provider
from obelisk.interfaces.storage import Storage
from obelisk_sqlite.settings import SqliteSettings

SUMMARY = "Keeps executions in a SQLite file on a local disk, which several processes of the machine may share."


@hookimpl
def obelisk_register_storage() -> list[Provider[Any, Storage]]:
    """Offer the storage called ``sqlite``."""
    return [
        Provider(
            name="sqlite",
            summary=SUMMARY,
            settings=SqliteSettings,
            open=_open,
            wipe=_wipe,
            backup=_back_up,
            restore=_restore,
        )
    ]


def _back_up(settings: SqliteSettings, target: Path) -> None:
    from obelisk_sqlite.backups import back_up

    back_up(settings.directory, target)


def _restore(settings: SqliteSettings, source: Path, *, replace: bool) -> None:
    from obelisk_sqlite.backups import restore

    restore(settings.directory, source, replace=replace)


def _wipe(settings: SqliteSettings) -> None:
    from obelisk_sqlite.files import delete_database

    delete_database(settings.directory)


def _open(settings: SqliteSettings, host: Host) -> AbstractAsyncContextManager[Storage]:
    # Listing plugins must not import sqlite3.
    from obelisk_sqlite.storage import open_storage

    return open_storage(settings, host)
