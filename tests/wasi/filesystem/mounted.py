"""A probe that sees directories, and what its scripts have at hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.wasi.probing import Probe, open_probe

PRELUDE = """
roots = {path: root for root, path in preopens.get_directories()}
rw, ro, tmp = roots["/rw"], roots["/ro"], roots["/tmp"]
Path, Open, Flags = filesystem.PathFlags, filesystem.OpenFlags, filesystem.DescriptorFlags
STAY, FOLLOW = Path(0), Path.SYMLINK_FOLLOW
NONE, CREATE, DIRECTORY, EXCLUSIVE, TRUNCATE = Open(0), Open.CREATE, Open.DIRECTORY, Open.EXCLUSIVE, Open.TRUNCATE
READ, WRITE = Flags.READ, Flags.WRITE
KEEP, NOW = filesystem.NewTimestamp_NoChange(), filesystem.NewTimestamp_Now()

def opened(root, path, how=NONE, flags=READ, follow=FOLLOW):
    return root.open_at(follow, path, how, flags)

def made(path, content=b"", flags=READ | WRITE):
    file = opened(rw, path, CREATE | TRUNCATE, flags | WRITE)
    if content:
        file.write(content, 0)
    return file

def at(seconds, nanoseconds=0):
    return filesystem.NewTimestamp_Timestamp(wall_clock.Datetime(seconds, nanoseconds))

def listed(directory):
    entries, found = directory.read_directory(), []
    while (entry := entries.read_directory_entry()) is not None:
        found.append((entry.name, entry.type))
    return sorted(found, key=lambda pair: pair[0])

def code(call, *arguments):
    try:
        call(*arguments)
    except Err as failure:
        value = failure.value
        if hasattr(value, "name"):
            return value.name.lower().replace("_", "-")
        return type(value).__name__
    return "ok"
"""


class Mounted:
    """A probe with the directory ``rw`` at ``/rw``, ``ro`` at ``/ro``, read-only, and a scratch directory."""

    def __init__(self, probe: Probe, directory: Path) -> None:
        self.probe = probe
        self.rw = directory / "rw"
        self.ro = directory / "ro"
        self.scratch = directory / "cache" / "scratch"

    async def run(self, script: str) -> Any:
        """Return the ``result`` of a script."""
        return await self.probe.run(PRELUDE + script)

    async def code(self, *calls: str) -> str:
        """Return the error code of the last of some expressions, or ``ok``."""
        *before, last = calls
        return str(await self.run("\n".join([*before, f"result = code(lambda: {last})"])))


@asynccontextmanager
async def open_mounted(component: Path, directory: Path) -> AsyncIterator[Mounted]:
    """Open an engine with a probe that sees directories below ``directory``."""
    for name in ("rw", "ro"):
        (directory / name).mkdir()
    keys = (
        'tmp = true\nmount = [{ host = "rw", guest = "/rw", read_only = false }, { host = "ro", guest = "/ro" }]\n'
        'forward_stdout = "none"\n'
    )
    async with open_probe(component, directory, keys=keys) as probe:
        yield Mounted(probe, directory)
