"""Starts executions by HTTP requests: ``[[http_server]]``, ``[[webhook_endpoint_wasm]]``, ``[[webhook_function]]``."""

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
from obelisk_http_webhook.settings import HttpServerSettings, WebhookEndpointSettings, WebhookFunctionSettings


@hookimpl
def obelisk_register_trigger() -> Sequence[TriggerProvider]:
    """Offer the three tables."""
    return [
        TriggerProvider(
            name="http-webhook",
            summary="Starts executions by HTTP requests.",
            tables=(
                TriggerTable("http_server", HttpServerSettings),
                TriggerTable("webhook_endpoint_wasm", WebhookEndpointSettings),
                TriggerTable("webhook_function", WebhookFunctionSettings),
            ),
            open=_open,
            check=_check,
        )
    ]


def _open(entries: tuple[TriggerEntry, ...], host: TriggerHost) -> AbstractAsyncContextManager[Trigger]:
    # Listing plugins must not import what serves HTTP.
    from obelisk_http_webhook.trigger import open_trigger

    return open_trigger(entries, host)


async def _check(entries: tuple[TriggerEntry, ...], host: TriggerCheckHost) -> None:
    from obelisk_http_webhook.trigger import check_entries

    await check_entries(entries, host)
