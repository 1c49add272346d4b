"""Counts how often a peer waits for the disk for each step: a number that hardly depends on the machine.

``strace`` is attached to all processes of a peer while they do the serial work once, after a round to warm up. It slows
them down, so no times are taken.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from benchmarks.peer import Peer, PeerError
from benchmarks.peers.processes import Running, started
from benchmarks.shared_work import SharedWork

CALLS: Final = ("fsync", "fdatasync", "msync")
CALL: Final = re.compile(rf"\b(?:{'|'.join(CALLS)})\(")
ATTACHED: Final = re.compile(r"attached")


def missing() -> str | None:
    """Return why nothing can be counted here, ``None`` when it can."""
    return None if shutil.which("strace") else "strace is not installed; Debian's package `strace` brings it"


async def syncs_per_step(peer: Peer, work: SharedWork, directory: Path) -> float:
    """Return how many syncs of a file there are for each step; raises ``PeerError``.

    ``directory`` is empty and on a disk: where files are in memory nothing waits.
    """
    async with peer.opened(directory) as opened:
        await opened.run(work)
        async with traced(descendants(os.getpid()), directory) as log:
            await opened.run(work)
        return counted(log.read_text()) / work.total


def counted(log: str) -> int:
    """Return how many calls a log of ``strace`` has; one that another interrupts has two lines, and counts once."""
    return len(CALL.findall(log))


@asynccontextmanager
async def traced(processes: list[int], directory: Path) -> AsyncIterator[Path]:
    """Have ``strace`` note the calls of some processes, and of what they start, in a file."""
    log = directory / "syncs"
    which = [part for process in processes for part in ("-p", str(process))]
    command = ["strace", "-f", "-e", f"trace={','.join(CALLS)}", "-e", "signal=none", "-o", str(log), *which]
    async with started("strace", command, directory, stop=signal.SIGINT) as running:
        await running.until(lambda: _is_attached(running, len(processes)))
        yield log


async def _is_attached(running: Running, count: int) -> bool:
    said = running.said()
    if "Operation not permitted" in said:
        raise PeerError(
            "strace may not look at other processes here; run this as root, or with kernel.yama.ptrace_scope=0"
        )
    return len(ATTACHED.findall(said)) >= count


def descendants(process: int) -> list[int]:
    """Return the processes that a process started, and those that they did."""
    files = Path(f"/proc/{process}/task").glob("*/children")
    children = [int(child) for file in files for child in file.read_text().split()]
    return children + [below for child in children for below in descendants(child)]
