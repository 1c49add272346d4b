"""Whether the files of an open database are still the ones that lie at its path.

SQLite goes on with a file that was deleted or replaced: what it commits then is gone with the process. So the writer looks
after each commit, before anybody is told of it.

The file of the write-ahead log counts as much as the database, but comes and goes: SQLite makes it with the first commit,
and deletes it when the last connection is closed. While a connection is open, only somebody else can have deleted it; then
no connection may be opened until it is back, since SQLite would mix the one that lies there with the one that is open.

Connections that read would go on with what is gone too. They ask whether the writer has found everything in its place.
"""

from __future__ import annotations

from pathlib import Path

from obelisk.errors import StorageError

Identity = tuple[int, int]


class OpenFiles:
    """Remembers the files at ``path``, which exists. Only whoever has the connection that writes calls what checks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._wal_path = path.with_name(path.name + "-wal")
        self._database = _identity(path)
        self._wal: Identity | None = None
        self._wal_is_lost = False
        self._lost: tuple[Path, Identity | None] | None = None

    def raise_if_lost(self) -> None:
        """Raise ``StorageError`` when the last check did and the file is not back since; any thread may call it."""
        lost = self._lost
        if lost is not None and _identity(lost[0]) != lost[1]:
            raise StorageError(
                f"`{lost[0]}` was deleted or replaced while it was open, nothing can be stored; "
                "put the file back that was there, or stop every server and start again with what is there now"
            )

    def check(self) -> None:
        """Raise ``StorageError`` when another file, or none, lies where one that is open was; a connection is open."""
        found = _identity(self._wal_path)
        if self._wal is None:
            self._wal = found
        self._wal_is_lost = found != self._wal
        self._check_both()

    def check_before_opening(self) -> None:
        """Raise ``StorageError`` when what lies there may not be opened; none of the writer's connections is open."""
        found = _identity(self._wal_path)
        self._wal_is_lost = self._wal_is_lost and found != self._wal
        if not self._wal_is_lost:
            self._wal = found
        self._check_both()

    def _check_both(self) -> None:
        if _identity(self._path) != self._database:
            self._lost = self._path, self._database
        else:
            self._lost = (self._wal_path, self._wal) if self._wal_is_lost else None
        self.raise_if_lost()


def _identity(path: Path) -> Identity | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
