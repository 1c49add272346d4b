"""The server process: an engine with its listeners, from start to exit code."""

from __future__ import annotations

import gc
import logging
import os
import shutil
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from obelisk.api.address import check_address
from obelisk.api.protection import checked_protection
from obelisk.api.server import serve
from obelisk.config.model import Config
from obelisk.runtime.engine import Engine
from obelisk.runtime.server_log.logs import ServerLogs
from obelisk.runtime.stop_requests import StopRequest, stop_signals

if TYPE_CHECKING:
    from obelisk.api.operator import OperatorPort

STREAM_GRACE_SECONDS = 1.0
_log = logging.getLogger("obelisk.server")


async def run_server(
    config: Config,
    logs: ServerLogs,
    *,
    say: Callable[[str], None],
    clean_database: bool = False,
    allow_unauthenticated_api: bool = False,
) -> int:
    """Serve until a signal and return the exit code; ``say`` prints a line. Raises ``ObeliskError`` when it cannot start."""
    gc.freeze()  # what imports left behind is little: the engine need not search all that they made for it
    with stop_signals(logs.flush) as stop:
        await serve_until(
            stop,
            config,
            logs=logs,
            say=say,
            clean_database=clean_database,
            allow_unauthenticated_api=allow_unauthenticated_api,
        )
    return 0


async def serve_until(
    stop: StopRequest,
    config: Config,
    *,
    logs: ServerLogs,
    say: Callable[[str], None],
    clean_database: bool = False,
    allow_unauthenticated_api: bool = False,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve until it is asked to stop; ``say`` prints the line that says that it serves, then ``ready`` is called.

    Clients may change ``logs``. The API's protection is checked and its address tried before anything is opened: work
    begins as soon as the engine is open. The operator port is there before that, and goes last. Raises ``ObeliskError``
    when the server cannot start.
    """
    protection = checked_protection(config.kernel.api, allow_unauthenticated=allow_unauthenticated_api)
    check_address(config.kernel.api.listening_addr)
    async with AsyncExitStack() as stack:
        unopened = Engine(config, clean_storage=clean_database)
        operator = await _open_operator(config, unopened, stop, stack=stack)
        # Components may come over a network that is silent.
        opened = stack.enter_async_context(unopened)
        engine = await stop.unless_stopped(opened)
        if engine is None:
            return
        logs.also_wanted(engine.wanted_logs)
        api = await stack.enter_async_context(
            serve(
                engine.executions,
                engine.components,
                address=config.kernel.api.listening_addr,
                clock=engine.clock,
                grace=STREAM_GRACE_SECONDS,
                logs=logs,
                protection=protection,
            )
        )
        if operator is not None:
            operator.ready()
        say(ready_line(api.address, None if operator is None else operator.address))
        ready()
        await stop.wait()


async def _open_operator(
    config: Config, engine: Engine, stop: StopRequest, *, stack: AsyncExitStack
) -> OperatorPort | None:
    address = config.kernel.operator.address
    if address is None:
        return None
    from obelisk.api.operator import serve_operator

    return await stack.enter_async_context(
        serve_operator(engine.metrics, address=address, clock=engine.clock, is_stopping=stop.is_requested)
    )


def clean_cache(config: Config) -> None:
    """Delete what was cached, before anything is opened. Raises ``ObeliskError`` when a source cannot delete its own."""
    shutil.rmtree(config.kernel.wasm.codegen_cache.directory, ignore_errors=True)
    for source in config.sources:
        if source.provider.clean is not None:
            source.provider.clean(source.settings)


def ready_line(grpc_address: str, operator_address: str | None) -> str:
    """Return the one line that says that the server serves; scripts wait for it."""
    operator = "" if operator_address is None else f" operator={operator_address}"
    return f"obelisk ready grpc={grpc_address} pid={os.getpid()}{operator}"
