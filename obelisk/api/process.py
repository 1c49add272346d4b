"""The server process: an engine with its listeners, from start to exit code."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from contextlib import AsyncExitStack

from obelisk.api.server import check_address, serve
from obelisk.config.model import Config
from obelisk.runtime.deploy import check, open_components
from obelisk.runtime.engine import Engine, make_host, open_host
from obelisk.runtime.signals import stop_signals
from obelisk.runtime.triggers import EngineCheckHost, check_triggers

STREAM_GRACE_SECONDS = 1.0
_log = logging.getLogger("obelisk.server")


async def run_server(config: Config, *, clean_database: bool = False) -> int:
    """Serve until a signal and return the exit code. Raises ``ObeliskError`` when the server cannot start.

    The address is tried before anything is opened: work begins as soon as the engine is open.
    """
    check_address(config.kernel.api.listening_addr)
    with stop_signals() as stop:
        async with AsyncExitStack() as stack:
            # Components may come over a network that is silent.
            opened = stack.enter_async_context(Engine(config, clean_storage=clean_database))
            engine = await stop.unless_stopped(opened)
            if engine is None:
                return 0
            api = await stack.enter_async_context(
                serve(
                    engine.executions,
                    engine.components,
                    address=config.kernel.api.listening_addr,
                    clock=engine.clock,
                    grace=STREAM_GRACE_SECONDS,
                )
            )
            announce(api.address)
            await stop.wait()
    return 0


async def verify(config: Config) -> None:
    """Check that every component opens, that they fit together and triggers to them; raise ``ObeliskError`` when not."""
    async with AsyncExitStack() as stack:
        opened = await open_host(config, make_host(config), stack)
        functions = check(await open_components(config, opened, stack))
        await check_triggers(config.triggers, EngineCheckHost(opened, functions))


def clean_cache(config: Config) -> None:
    """Delete what was cached, before anything is opened. Raises ``ObeliskError`` when a source cannot delete its own."""
    shutil.rmtree(config.kernel.wasm.codegen_cache.directory, ignore_errors=True)
    for source in config.sources:
        if source.provider.clean is not None:
            source.provider.clean(source.settings)


def announce(grpc_address: str) -> None:
    """Print the one line that says that the server serves; scripts wait for it."""
    sys.stdout.write(f"obelisk ready grpc={grpc_address} pid={os.getpid()}\n")
    sys.stdout.flush()
