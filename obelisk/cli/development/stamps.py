"""What files look like from outside, and when that has changed.

Files are looked at, again and again: that works on every file system, also on those that are shared with a container or over
a network, and what is worked on is a few hundred files at most. A change counts once the files have stood still between two
looks, so that a file which is being written is not taken for a whole one.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

LOOK_SECONDS: Final = 0.2
"""How long between two looks."""
MOST_LOOKS: Final = 25
"""After so many looks a change counts although the files do not stand still."""
NOT_SOURCES: Final = frozenset({"__pycache__", "node_modules"})


class Stamp(Struct, frozen=True):
    """When a file was written last, in nanoseconds, its size in bytes, and which file it is."""

    modified: int
    size: int
    inode: int


Stamps = Mapping[Path, Stamp]
Look = Callable[[], Stamps]


def stamps_of(paths: Iterable[Path]) -> Stamps:
    """Return the stamps of files, and of those below directories; one that is not there has none."""
    found: dict[Path, Stamp] = {}
    for path in paths:
        for file in _files(path):
            try:
                status = file.stat()
            except OSError:
                continue  # it is gone, or cannot be looked at: both are no stamp
            found[file] = Stamp(status.st_mtime_ns, status.st_size, status.st_ino)
    return found


def changed(before: Stamps, after: Stamps) -> tuple[Path, ...]:
    """Return what was written, has come or has gone."""
    return tuple(sorted(path for path in {*before, *after} if before.get(path) != after.get(path)))


async def next_change(look: Look, seen: Stamps, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> Stamps:
    """Wait until what ``look`` returns differs from ``seen`` and stands still; return what it is then."""
    now = await asyncio.to_thread(look)
    while now == seen:
        await sleep(LOOK_SECONDS)
        now = await asyncio.to_thread(look)
    for _ in range(MOST_LOOKS):
        await sleep(LOOK_SECONDS)
        before, now = now, await asyncio.to_thread(look)
        if now == before:
            break
    return now


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for directory, below, names in os.walk(path):
        below[:] = [name for name in below if _is_source(name)]
        yield from (Path(directory, name) for name in names if _is_source(name))


def _is_source(name: str) -> bool:
    return not name.startswith(".") and name not in NOT_SOURCES
