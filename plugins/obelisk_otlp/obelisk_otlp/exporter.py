"""The exporter of ``[otlp]``: signals as bytes for the process that sends them."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from obelisk import __version__
from obelisk.interfaces.exporters import Exporter, Interests
from obelisk.interfaces.log_filter import LogFilter
from obelisk.interfaces.provider import Host, RandomSource
from obelisk.interfaces.signals import Signal, SignalKind
from obelisk_otlp.courier import Courier
from obelisk_otlp.packing import packed
from obelisk_otlp.plan import Kind, Plan
from obelisk_otlp.planning import Server, make_plan, metrics_interval
from obelisk_otlp.settings import OtlpSettings
from obelisk_otlp.variables import Variables

LOG: Final = logging.getLogger("obelisk.otlp")
_SIGNALS: Final = {Kind.TRACES: SignalKind.SPANS, Kind.LOGS: SignalKind.LOGS, Kind.METRICS: SignalKind.METRICS}


class OtlpExporter:
    """Hands signals over. What happens to them from there on is told in the server's log as ``obelisk.otlp``."""

    def __init__(self, interests: Interests, plan: Plan, courier: Courier) -> None:
        self.interests = interests
        self.courier = courier
        self._kinds = tuple(target.kind for target in plan.targets)

    async def export(self, batch: Sequence[Signal]) -> None:
        """Hand a batch to the process that sends. Raises ``SendingError`` when it takes none."""
        for kind, count, payload in packed(batch, self._kinds):
            await self.courier.send(kind, count, payload)

    def report_losses(self, lost: Callable[[SignalKind, int], None]) -> None:
        """Call ``lost`` with what was handed over and reached nobody."""
        self.courier.on_lost = lambda kind, count: lost(_SIGNALS[kind], count)


class NoExporter:
    """Takes nothing: the table or the environment says that nothing is to be sent."""

    interests = Interests(spans=False, logs=None, metrics_every=None)

    async def export(self, batch: Sequence[Signal]) -> None:
        """Do nothing."""


@asynccontextmanager
async def open_exporter(settings: OtlpSettings, host: Host) -> AsyncIterator[Exporter]:
    """Open the exporter. Raises ``ConfigError`` for what cannot be, whether the table or the environment says it."""
    variables = Variables(host.environ)
    plan = make_plan(settings, variables, _server(host.random))
    if not plan.targets:
        LOG.info("nothing is sent to a collector: it is switched off")
        yield NoExporter()
        return
    interests = Interests(
        spans=plan.has(Kind.TRACES),
        logs=LogFilter.parse(settings.level) if plan.has(Kind.LOGS) else None,
        metrics_every=metrics_interval(settings, variables) if plan.has(Kind.METRICS) else None,
    )
    courier = Courier(plan, host.environ, LOG)
    try:
        yield OtlpExporter(interests, plan, courier)
    finally:
        await courier.close()


def _server(random: RandomSource) -> Server:
    digits = random(16).hex()
    instance = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    jitter = 0.8 + 0.4 * random(1)[0] / 255
    return Server(__version__, instance, socket.gethostname(), os.getpid(), jitter)
