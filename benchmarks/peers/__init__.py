"""Other engines that do the same work; each module of ``PEERS`` has a ``PEER`` (``benchmarks.peer``).

* ``environment``, ``installation``, ``command``   where they are installed, by ``python -m benchmarks peers install``
* ``processes``, ``program``                       their processes, and how our program in a peer's environment is spoken to
* ``programs``                                     these programs
* ``syncs``                                        how often each waits for the disk, by ``python -m benchmarks peers syncs``
"""

from __future__ import annotations

from typing import Final

PEERS: Final[tuple[str, ...]] = ("dbos_sqlite", "dbos_sqlite_wal", "dbos_postgresql", "restate", "temporal")
"""Names of modules, in the order of the table."""
