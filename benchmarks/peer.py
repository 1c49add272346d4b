"""What another engine implements to be measured beside Obelisk.

``benchmarks.peers.PEERS`` names the modules; each has a ``PEER``. A peer runs on the same disk, and
what it writes is as durable as Obelisk's; whatever it needs is installed in an environment of its own by
``python -m benchmarks peers install``.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from benchmarks.shared_work import SharedWork, Timings
from obelisk.errors import ObeliskError


class PeerRun(Protocol):
    """A peer whose server, if it has one, is up."""

    async def run(self, work: SharedWork) -> Timings:
        """Do the work once. It is called some times to warm up, then once for each round; raises ``PeerError``."""


class Peer(Protocol):
    """Another engine."""

    name: str
    """As it is shown in the table, such as ``dbos-sqlite-wal``."""
    summary: str
    """One line with its version and how it is set up."""
    durability: str
    """What it syncs, such as ``SQLite WAL, synchronous=FULL``."""

    def missing(self) -> str | None:
        """Return why it cannot run here and how to install it, ``None`` when it can."""

    def opened(self, directory: Path) -> AbstractAsyncContextManager[PeerRun]:
        """Start it with its files in an empty directory on the disk that is measured; leaving ends its processes.

        Raises ``PeerError``.
        """


class PeerError(ObeliskError):
    """A peer did not start, or did not do its work; the message says what it said. It is reported as missing."""
