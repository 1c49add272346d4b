"""The server process: an engine with its listeners, from start to exit code."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from contextlib import AsyncExitStack

from obelisk.api.server import check_address, serve
from obelisk.config.model import Config
from obelisk.runtime.deploy import check
from obelisk.runtime.engine import Engine, make_host, open_deployment
from obelisk.runtime.signals import stop_signals

STREAM_GRACE_SECONDS = 1.0
_log = logging.getLogger("obelisk.server")


async def run_server(config: Config, *, clean_database: bool = False) -> int:
    """Serve until a signal and return the exit code. Raises ``ObeliskError`` when the server cannot start.

    The address is tried before anything is opened: work begins as soon as the engine is open.
    """
    check_address(config.kernel.api.listening_addr)
    with stop_signals() as stop:
        async with (
            Engine(config, clean_storage=clean_database) as engine,
            serve(
                engine.executions,
                engine.components,
                address=config.kernel.api.listening_addr,
                clock=engine.clock,
                grace=STREAM_GRACE_SECONDS,
            ) as api,
        ):
            announce(api.address)
            await stop.wait()
    return 0


async def verify(config: Config) -> None:
    """Check that every component opens and that they fit together; raise ``ObeliskError`` when not."""
    async with AsyncExitStack() as stack:
        host = make_host(config)
        check(await open_deployment(config, host, stack))


def clean_cache(config: Config) -> None:
    """Delete what was cached, before anything is opened."""
    shutil.rmtree(config.kernel.wasm.codegen_cache.directory, ignore_errors=True)


def announce(grpc_address: str) -> None:
    """Print the one line that says that the server serves; scripts wait for it."""
    sys.stdout.write(f"obelisk ready grpc={grpc_address} pid={os.getpid()}\n")
    sys.stdout.flush()
