"""Other engines that do the same work; each module has a ``PEER`` (``benchmarks.peer``)."""

from __future__ import annotations

from typing import Final

PEERS: Final[tuple[str, ...]] = ()
"""Names of modules, in the order of the table."""
