"""Where signals about executions go.

The engine gathers signals and hands them over in batches, after the commit that holds their cause: an exporter never
hears of something that did not become durable.

Each exporter has a thread with an event loop of its own: ``Provider.open``, ``export`` and the end of the context run there.
It may block that thread for as long as it likes; what waits for it is bounded, and what finds no room is dropped and
counted. So no exporter slows or stops the server. What is logged in that thread, or to a logger below ``obelisk.exporters``,
is not handed to exporters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final, Protocol, runtime_checkable

from msgspec import Struct

from obelisk.interfaces.log_filter import LogFilter
from obelisk.interfaces.signals import Signal, SignalKind

LEAST_INTERVAL: Final = timedelta(seconds=1)
"""Metrics are not collected more often."""


class Interests(Struct, frozen=True):
    """What an exporter wants to hear of.

    ``spans`` says whether spans are made for it, ``logs`` which log records it gets, ``None`` for none. ``metrics_every`` is
    how often it gets a snapshot of the metrics, at least ``LEAST_INTERVAL``, and ``None`` for never; it gets a last one
    before it is closed.
    """

    spans: bool = True
    logs: LogFilter | None = LogFilter()
    metrics_every: timedelta | None = timedelta(minutes=1)


class Exporter(Protocol):
    """Takes signals to another system.

    Leaving the context of ``Provider.open`` delivers what the exporter still holds. The engine waits for that, but not for
    long: after ``[server] exporter_timeout`` the server ends without it.
    """

    interests: Interests
    """Asked for once, after it was opened."""

    async def export(self, batch: Sequence[Signal]) -> None:
        """Deliver a batch, oldest first.

        It may raise anything: the engine tries again a few times, then drops the batch and counts it. Calls do not overlap.
        """


@runtime_checkable
class LossyExporter(Exporter, Protocol):
    """An exporter that takes a batch before it is delivered, so that ``export`` cannot tell what is lost later."""

    def report_losses(self, lost: Callable[[SignalKind, int], None]) -> None:
        """Call ``lost``, from now on and on this loop, with how many signals that were taken will not be delivered.

        Called once, after it was opened. What is lost is part of the metric ``obelisk.signals.dropped``.
        """
