"""The components that simulated servers run: real guests, opened once for all simulations of a process."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

from obelisk.config.load import config_from_text
from obelisk.config.model import Config
from obelisk.interfaces.storage import Storage
from obelisk.plugins import Plugins
from obelisk.runtime.engine import make_host, open_host
from obelisk.runtime.garbage import GarbageCollector
from obelisk.testing.clock import ManualClock
from obelisk.testing.engine import environment_in
from obelisk.testing.opened_once import Opened
from obelisk.testing.scripts import SCRIPTED
from obelisk.wasm.components import WasmComponents
from obelisk.wasm.engine import WasmEngine

WORKER = SCRIPTED.parent / "worker.wat"
DISPOSABLE = 'sqlite.pragma.synchronous = "OFF"'
RISKY_FILE = "risky.wat"
TABLES = f"""
storage.use = "memory"
server.shutdown_timeout = "2s"

[[activity_wasm]]
name = "worker"
location = '{WORKER}'
max_retries = 1000000
retry_max_backoff = "1s"

[[activity_wasm]]
name = "risky"
location = "{RISKY_FILE}"
max_retries = 1

[[activity_stub]]
ffqn = "testing:stub/stub.ask"
params = [{{ name = "arg", type = "string" }}]
return_type = "result<string>"

[[workflow_wasm]]
name = "scripted"
location = '{SCRIPTED}'
"""


class Components:
    """What all simulations share: the configuration that they change, its components, and the engine of guests."""

    def __init__(self, config: Config, opened: tuple[Opened, ...], guests: WasmEngine, directory: Path) -> None:
        self.config = config
        self.opened = opened
        self.guests = guests
        self.directory = directory

    def sqlite(self, directory: Path) -> AbstractAsyncContextManager[Storage]:
        """Open a SQLite storage with its files in ``directory``."""
        config = config_from_text(
            DISPOSABLE, plugins=Plugins.load(environ={}), base=directory, environ=environment_in(directory, {})
        )
        host = make_host(config, clock=ManualClock(), random=random.Random(0).randbytes, environ={})
        store = config.store
        return store.provider.open(store.settings, host)


@asynccontextmanager
async def open_components(directory: Path, *, code_cache: Path | None = None) -> AsyncIterator[Components]:
    """Open the components; ``directory`` is for files of this process, ``code_cache`` keeps machine code for others."""
    (directory / RISKY_FILE).write_text(WORKER.read_text(encoding="utf-8").replace("worker", "risky"), encoding="utf-8")
    cache = "" if code_cache is None else f"wasm.codegen_cache.directory = '{code_cache}'\n"
    variables = environment_in(directory, {})
    config = config_from_text(cache + TABLES, plugins=Plugins.load(environ={}), base=directory, environ=variables)
    host = make_host(config, clock=ManualClock(), random=random.Random(0).randbytes, environ=variables)
    async with AsyncExitStack() as stack:
        garbage = GarbageCollector()
        garbage.take_over()
        stack.callback(garbage.give_back)
        opened = await open_host(config, host, stack, environ=variables)
        components = [
            await stack.enter_async_context(use.provider.open(use.settings, opened)) for use in config.components
        ]
        yield Components(config, tuple(components), opened.service(WasmComponents).engine, directory)
