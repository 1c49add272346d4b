"""Where signals about executions go.

The engine gathers signals and hands them over in batches, after the commit that holds their cause: an exporter never
hears of something that did not become durable.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from obelisk.ids import ExecutionId, RunId
from obelisk.interfaces.components import Logged


class LogSignal(Struct, frozen=True):
    """A line that a guest logged in one run of an execution."""

    execution_id: ExecutionId
    run_id: RunId
    created_at: datetime
    line: Logged


Signal = LogSignal


class Exporter(Protocol):
    """Takes signals to another system."""

    async def export(self, batch: Sequence[Signal]) -> None:
        """Deliver a batch, oldest first.

        It may raise anything: the engine tries again, then drops the batch and counts it. Calls do not overlap.
        """
