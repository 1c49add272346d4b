"""The ``[sqlite]`` table of the configuration."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

DATA_DIR = "${DATA_DIR}"


class SqliteSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the database lies and how SQLite treats it.

    * ``directory``: the directory of ``obelisk.sqlite`` and ``obelisk-logs.sqlite``; it is created when it is missing.
    * ``pragma``: SQLite pragmas for ``obelisk.sqlite`` that replace the defaults, such as ``synchronous = "NORMAL"``.
    """

    directory: Path = Path(DATA_DIR, "obelisk-sqlite")
    pragma: dict[str, str | int] = {}


def resolve_directory(settings: SqliteSettings, data_dir: Path) -> Path:
    """Return the directory that the settings name; the default lies in ``data_dir`` when no configuration expanded it."""
    return Path(str(settings.directory).replace(DATA_DIR, str(data_dir))).absolute()
