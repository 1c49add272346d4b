"""Backups of what the configured storage holds, and putting one back.

A backup is a directory: what the storage writes into it, and ``backup.json``, which says what it is and is written last. It
is made beside its place under a name that begins with a dot, and moved there when it is whole and on the disk. So whatever
has the name of a backup is one, and replacing one leaves the old until the new is whole.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from obelisk import __version__
from obelisk.clock import Clock
from obelisk.config.model import Config
from obelisk.errors import ConfigError, ObeliskError, StorageError
from obelisk.ids import ExecutorId
from obelisk.interfaces.storage import ExecutionQuery, Order, Storage
from obelisk.runtime.engine import make_host
from obelisk.runtime.incarnations import leave_behind

MANIFEST = "backup.json"
FORMAT = 1
PAGE = 500
PARTIAL = ".partial"


class Manifest(Struct, frozen=True):
    """What a backup is: which storage wrote it, when, and which version of Obelisk asked for it."""

    format: int
    storage: str
    created_at: datetime
    obelisk: str


class Backup(Struct, frozen=True):
    """A backup that is whole: where it lies, and how many bytes its files have."""

    path: Path
    size: int


def back_up(config: Config, path: Path, *, clock: Clock, force: bool = False) -> Backup:
    """Back up what the configured storage holds to the directory ``path``, whether or not servers use it.

    A ``path`` that exists is refused, but for a backup when ``force`` is true. Raises ``ConfigError`` for a storage that has
    no backups, ``StorageError`` for all else; then ``path`` is as it was.
    """
    provider, path = config.store.provider, path.absolute()
    if provider.backup is None:
        raise ConfigError(f"the storage `{provider.name}` has nothing that could be backed up")
    _check_target(path, force=force)
    manifest = Manifest(FORMAT, provider.name, clock.now(), __version__)
    with _failing_with(f"`{path}` cannot be written"), _made_beside(path) as made:
        provider.backup(config.store.settings, made)
        (made / MANIFEST).write_bytes(msgspec.json.encode(manifest) + b"\n")
        size = sum(_flushed(file) for file in sorted(made.iterdir()))
        _flushed(made)
        _move(made, path)
    return Backup(path, size)


def restore(config: Config, path: Path, *, clock: Clock, force: bool = False) -> None:
    """Put the backup at ``path`` where the configured storage keeps what it holds.

    What executors held when it was made goes on with the next start. Raises ``ConfigError`` for a storage that has no
    backups, ``StorageError`` when a server runs, when ``path`` is no whole backup of this storage, and when the storage
    holds something and ``force`` is false; then nothing was changed.
    """
    provider, path = config.store.provider, path.absolute()
    if provider.restore is None:
        raise ConfigError(f"the storage `{provider.name}` has no backups that could be restored")
    found = _manifest(path)
    if found.storage != provider.name:
        raise StorageError(
            f"`{path}` is a backup of the storage `{found.storage}`, the configuration uses `{provider.name}`; "
            f'restore it with `[storage] use = "{found.storage}"`'
        )
    provider.restore(config.store.settings, path, replace=force)
    asyncio.run(_let_go(config, clock))


async def _let_go(config: Config, clock: Clock) -> None:
    """See to it that the next engine unlocks what executors held: they are not those of this storage."""
    host = make_host(config, clock=clock)
    async with config.store.provider.open(config.store.settings, host) as storage:
        if storage.directory is not None:
            leave_behind(storage.directory, await _holders(storage, clock.now()))


async def _holders(storage: Storage, now: datetime) -> set[ExecutorId]:
    """Return the executors that hold anything."""
    executors: set[ExecutorId] = set()
    query = ExecutionQuery(now, limit=PAGE, order=Order.NEWER, hide_finished=True)
    while page := await storage.list_executions(query):
        executors.update(held.state.held_by.executor_id for held in page if held.state.held_by is not None)
        newest = page[0]
        query = replace(query, cursor_id=newest.execution_id, cursor_created_at=newest.state.created_at)
    return executors


def _manifest(path: Path) -> Manifest:
    if not path.exists():
        raise StorageError(f"there is no backup at `{path}`, expected a directory that `obelisk server backup` made")
    try:
        found = msgspec.json.decode((path / MANIFEST).read_bytes(), type=Manifest)
    except OSError as error:
        raise StorageError(
            f"`{path}` is no backup: its `{MANIFEST}` cannot be read: {error.strerror or error}"
        ) from error
    except msgspec.MsgspecError as error:
        raise StorageError(f"`{path}` is no backup: its `{MANIFEST}` is none: {error}") from error
    if found.format > FORMAT:
        raise StorageError(
            f"the backup `{path}` is of Obelisk {found.obelisk}, this one is {__version__}; use that one"
        )
    return found


def _check_target(path: Path, *, force: bool) -> None:
    if not path.parent.is_dir():
        raise StorageError(f"cannot back up to `{path}`: there is no directory `{path.parent}`")
    if not os.path.lexists(path):
        return
    if not force:
        raise StorageError(f"`{path}` exists already; choose another name, or replace a backup with `--force`")
    try:
        _manifest(path)
    except ObeliskError as error:
        raise StorageError(f"`{path}` is not replaced: only a backup is, and this is none") from error


@contextmanager
def _made_beside(path: Path) -> Iterator[Path]:
    """Yield an empty directory beside ``path``; it is deleted unless it was moved."""
    made = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=PARTIAL, dir=path.parent))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _move(made: Path, path: Path) -> None:
    """Move a whole backup to its place; the one that was there is deleted after that."""
    old = made.with_suffix(".replaced")
    if path.exists():
        path.rename(old)
    try:
        made.rename(path)
    except OSError:
        if old.exists():
            old.rename(path)
        raise
    _flushed(path.parent)
    shutil.rmtree(old, ignore_errors=True)


def _flushed(path: Path) -> int:
    """Wait until a file or directory is on the disk; return its size."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)


@contextmanager
def _failing_with(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(f"{what}: {error.strerror or error}") from error
