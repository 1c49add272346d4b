"""Starts executions by the clock: ``[[cron]]``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from obelisk import hookimpl
from obelisk.interfaces.triggers import (
    Trigger,
    TriggerCheckHost,
    TriggerEntry,
    TriggerHost,
    TriggerProvider,
    TriggerTable,
)
from obelisk_cron.settings import CronSettings

TABLE = "cron"


@hookimpl
def obelisk_register_trigger() -> Sequence[TriggerProvider]:
    """Offer ``[[cron]]``. It is opened without entries too: those that were removed left their seeds."""
    return [
        TriggerProvider(
            name="cron",
            summary="Starts executions by the clock, as cron does.",
            tables=(TriggerTable(TABLE, CronSettings),),
            open=_open,
            always=True,
            check=_check,
        )
    ]


def _open(entries: tuple[TriggerEntry, ...], host: TriggerHost) -> AbstractAsyncContextManager[Trigger]:
    # Listing plugins must not import what knows the time zones.
    from obelisk_cron.trigger import open_cron

    return open_cron(entries, host)


async def _check(entries: tuple[TriggerEntry, ...], host: TriggerCheckHost) -> None:
    from obelisk_cron.trigger import check_entries

    check_entries(entries, host)
