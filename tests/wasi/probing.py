"""Runs scripts in the guest that calls any WASI function, on a real engine and in real time."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from obelisk.clock import Clock
from obelisk.config.load import config_from_text
from obelisk.core.events import ExecutionFailure, ExecutionResult, TypedValue
from obelisk.ids import ExecutionId
from obelisk.names import Ffqn
from obelisk.plugins import Plugins
from obelisk.runtime.engine import Engine
from tests.guests.built import code_directory

RUN = Ffqn("testing:wasi-probe/probe.run")


class Probe:
    """An engine whose activity ``probe`` runs scripts. A script leaves what it found in ``result``."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def run(self, script: str) -> Any:
        """Return what a script leaves."""
        result = await self.end(script)
        assert isinstance(result.ok, TypedValue), result
        return json.loads(result.ok.value)

    async def error(self, script: str) -> str:
        """Return the exception that a script raises, as text."""
        result = await self.end(script)
        assert isinstance(result.err, TypedValue), result
        return str(result.err.value)

    async def failure(self, script: str) -> ExecutionFailure:
        """Return how a run failed that did not return."""
        result = await self.end(script)
        assert isinstance(result.execution_failure, ExecutionFailure), result
        return result.execution_failure

    async def end(self, script: str) -> ExecutionResult:
        """Run a script and return how it ended."""
        return (await self.engine.executions.wait(await self.submit(script))).result

    async def submit(self, script: str) -> ExecutionId:
        """Start a script."""
        return (await self.engine.executions.submit(RUN, [script])).execution_id


@asynccontextmanager
async def open_probe(
    component: Path, directory: Path, *, keys: str = "", tables: str = "", retries: int = 0,
    lock_expiry: str = "60s", environ: Mapping[str, str] | None = None, clock: Clock | None = None,
) -> AsyncIterator[Probe]:  # fmt: skip
    """Open an engine with the guest ``component``; ``keys`` are more of its table, ``tables`` more tables.

    ``environ`` is the environment of the engine.
    """
    toml = (
        f'[storage]\nuse = "memory"\n[wasm.codegen_cache]\ndirectory = "{code_directory()}"\n{tables}\n'
        f'[[activity_wasm]]\nname = "probe"\nlocation = "{component}"\nmax_retries = {retries}\n'
        f'exec.lock_expiry = "{lock_expiry}"\n{keys}\n'
    )
    variables = {"OBELISK_DATA_DIR": str(directory / "data"), "OBELISK_CACHE_DIR": str(directory / "cache")}
    variables |= environ or {}
    plugins = Plugins.load(environ={})
    config = config_from_text(toml, plugins=plugins, base=directory, environ=variables)
    async with Engine(config, environ=variables, clock=clock) as engine:
        yield Probe(engine)
