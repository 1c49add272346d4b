"""One server among those that follow each other in the process of ``obelisk dev``."""

from __future__ import annotations

import asyncio

import click

from obelisk.api.process import serve_until
from obelisk.clock import SystemClock
from obelisk.config.model import Config
from obelisk.runtime.server_log.logs import server_logs
from obelisk.runtime.stop_requests import StopRequest


class Served:
    """A server that runs as a task, with a log of its own, until it is asked to stop."""

    def __init__(self, config: Config, *, allow_unauthenticated_api: bool) -> None:
        self._config = config
        self._allow_unauthenticated_api = allow_unauthenticated_api
        self._stop = StopRequest()
        self._ready = asyncio.Event()
        self._task = asyncio.create_task(self._serve())

    async def started(self) -> None:
        """Wait until it serves; raise the ``ObeliskError`` because of which it does not."""
        ready = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait((ready, self._task), return_when=asyncio.FIRST_COMPLETED)
            if self._task.done():
                self._task.result()
        finally:
            ready.cancel()

    async def stop(self) -> None:
        """Ask it to stop, and wait until it has; one that did not start has. Idempotent."""
        self._stop.request()
        await asyncio.wait((self._task,))

    async def _serve(self) -> None:
        with server_logs(self._config.kernel.log, clock=SystemClock()) as logs:
            await serve_until(
                self._stop,
                self._config,
                logs=logs,
                say=click.echo,
                allow_unauthenticated_api=self._allow_unauthenticated_api,
                ready=self._ready.set,
            )
