"""The directories of a component: opened when the server starts, shared by its runs."""

from __future__ import annotations

import asyncio
import itertools
import os
import resource
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Final

from obelisk.errors import ComponentError
from obelisk.interfaces.provider import Host
from obelisk.interfaces.sandbox import Mount, SandboxSettings
from obelisk.wasm.wasi.filesystem.handles import Files, close_file
from obelisk.wasm.wasi.filesystem.paths import DIRECTORY_FLAGS
from obelisk.wasm.wasi.filesystem.preopens import Preopen, Preopens
from obelisk.wasm.wasi.filesystem.scratch import Scratch

THREADS: Final = 4
"""How many blocking calls of one component run at a time."""
SCRATCH: Final = "scratch"
"""The directory of scratch directories, in the cache directory."""


class Directories:
    """What the runs of a component have in common; ``open_directories`` makes it."""

    def __init__(self, mounted: Sequence[Preopen], scratch: Scratch | None) -> None:
        self._mounted = mounted
        self._scratch = scratch
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="obelisk-files")
        self._numbers = itertools.count(1)
        self._highest = _highest_number()

    def for_run(self, run_id: str) -> Preopens | None:
        """Return the directories of a run, ``None`` when it has none. Nothing is opened yet."""
        scratch = self._scratch
        if scratch is None:
            return Preopens(self._files(_nothing), self._mounted) if self._mounted else None
        name = f"{run_id}-{next(self._numbers)}"
        files = self._files(lambda: scratch.remove(name))
        return Preopens(files, self._mounted, make_scratch=lambda: scratch.make(name))

    def _files(self, on_idle: Callable[[], None]) -> Files:
        return Files(self._threads, on_idle=on_idle, highest=self._highest)

    def close(self) -> None:
        """Wait for the calls that are under way and for the removal of scratch directories. Blocks."""
        self._threads.shutdown()
        if self._scratch is not None:
            self._scratch.close()
        for mounted in self._mounted:
            close_file(mounted.number)


@asynccontextmanager
async def open_directories(settings: SandboxSettings, host: Host) -> AsyncIterator[Directories]:
    """Open the mounts of a component. Raises ``ComponentError`` that names every one that cannot be used."""
    mounted = await asyncio.to_thread(open_mounts, settings.mount)
    scratch = Scratch(host.cache_dir / SCRATCH, host.random) if settings.tmp else None
    if scratch is not None:
        scratch.sweep()
    directories = Directories(mounted, scratch)
    try:
        yield directories
    finally:
        await asyncio.to_thread(directories.close)


def open_mounts(mounts: Sequence[Mount]) -> list[Preopen]:
    """Open the directories of a component; see ``open_directories``. Blocks."""
    opened: list[Preopen] = []
    problems: list[str] = []
    for index, mount in enumerate(mounts):
        try:
            opened.append(_open(mount))
        except OSError as error:
            problems.append(f"`mount[{index}].host`: {mount.host} {_problem(error)}")
    if problems:
        for each in opened:
            os.close(each.number)
        raise ComponentError("\n".join(problems))
    return opened


def _open(mount: Mount) -> Preopen:
    number = os.open(mount.host, DIRECTORY_FLAGS & ~os.O_NOFOLLOW)
    try:
        _check_access(mount, number)
        return Preopen(mount.guest, number, os.fstat(number), read_only=mount.read_only)
    except OSError:
        os.close(number)
        raise


def _check_access(mount: Mount, number: int) -> None:
    wanted = os.R_OK | os.X_OK
    if not os.access(".", wanted, dir_fd=number):
        raise PermissionError("cannot be read by the server")
    if not mount.read_only and not os.access(".", wanted | os.W_OK, dir_fd=number):
        raise PermissionError("cannot be written by the server; make it writable, or set `read_only = true`")


def _problem(error: OSError) -> str:
    match error:
        case FileNotFoundError():
            return "does not exist; make the directory, or correct the path"
        case NotADirectoryError():
            return "is no directory"
        case _ if error.errno is None:
            return str(error)
        case _:
            return f"cannot be opened: {error.strerror}"


def _highest_number() -> int | None:
    """Return the highest number of a file that guests may have, so that the server keeps a quarter of its files."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if limit == resource.RLIM_INFINITY else limit * 3 // 4


def _nothing() -> None:
    pass
