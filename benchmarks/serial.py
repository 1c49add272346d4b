"""The work that several benchmarks share: 500 serial calls of an activity by a workflow, every commit durable."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from obelisk.config.load import config_from_text
from obelisk.config.model import Chosen
from obelisk.interfaces.exporters import Exporter
from obelisk.interfaces.provider import Provider
from obelisk.names import Ffqn
from obelisk.plugins import Plugins
from obelisk.runtime.engine import Engine

ROOT: Final = Path(__file__).resolve().parent.parent
FIBOA: Final = Ffqn("testing:fibo-workflow/workflow.fiboa")
STEPS: Final = 500
SPANS: Final = 2 * (STEPS + 1)
"""An execution's and its run's, for each step and for the workflow."""
WARM_UP_RUNS: Final = 3
CONFIG: Final = """
[[activity_wasm]]
name = "fibo"
location = "examples/wat/fibo_activity.wat"

[[workflow_wasm]]
name = "fibo-workflow"
location = "examples/wat/fibo_workflow.wat"
"""
Exporting = Chosen[Provider[Any, Exporter]]


async def rate(runs: int, table: str = "", *, exporters: Sequence[Exporting] = ()) -> float:
    """Return the median of the steps per second of some runs, in an engine with a further ``table`` and ``exporters``."""
    with tempfile.TemporaryDirectory(prefix="obelisk-benchmark-") as name:
        environ = {"OBELISK_DATA_DIR": f"{name}/data", "OBELISK_CACHE_DIR": f"{name}/cache"}
        config = config_from_text(CONFIG + table, plugins=Plugins.load(), base=ROOT, environ=environ)
        async with Engine(replace(config, exporters=(*config.exporters, *exporters))) as engine:
            for _ in range(WARM_UP_RUNS):
                await run(engine)
            return STEPS / statistics.median([await run(engine) for _ in range(runs)])


async def run(engine: Engine) -> float:
    """Run one workflow; return how many seconds it took."""
    started = time.perf_counter()
    submission = await engine.executions.submit(FIBOA, [10, STEPS])
    await engine.executions.wait(submission.execution_id)
    return time.perf_counter() - started
