"""The files of a database and the directory that holds them."""

from __future__ import annotations

from pathlib import Path

from obelisk.errors import StorageError

DATABASE = "obelisk.sqlite"
SIDECARS = ("-wal", "-shm", "-journal")


def database_path(directory: Path) -> Path:
    """Return the path of the database in ``directory``."""
    return directory / DATABASE


def make_directory(directory: Path) -> None:
    """Create ``directory`` when it is missing; raise ``StorageError`` when that fails."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"cannot create the database directory `{directory}`: {error.strerror or error}; "
            "set `directory` in `[sqlite]` to one that can be written"
        ) from error


def delete_database(directory: Path) -> None:
    """Delete the database in ``directory`` and what belongs to it; nothing else, and nothing when there is none.

    No process may have it open. Raises ``StorageError`` when a file cannot be deleted.
    """
    path = database_path(directory)
    for file in (path, *(path.with_name(path.name + suffix) for suffix in SIDECARS)):
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"cannot delete `{file}`: {error.strerror or error}") from error
