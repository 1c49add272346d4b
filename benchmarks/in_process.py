"""500 serial calls of an activity by a workflow in an engine of this process, every commit durable."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from benchmarks.places import FIBOA, ROOT, fibo
from obelisk.config.load import config_from_text
from obelisk.config.model import Chosen
from obelisk.interfaces.exporters import Exporter
from obelisk.interfaces.provider import Provider
from obelisk.plugins import Plugins
from obelisk.runtime.engine import Engine

STEPS: Final = 500
WARM_UP_RUNS: Final = 3
Exporting = Chosen[Provider[Any, Exporter]]


async def rate(runs: int, directory: Path, *, exporters: Sequence[Exporting] = ()) -> float:
    """Return the median of the steps per second of some runs, in an engine whose data is below ``directory``."""
    with tempfile.TemporaryDirectory(prefix="engine-", dir=directory) as name:
        environ = {"OBELISK_DATA_DIR": f"{name}/data", "OBELISK_CACHE_DIR": f"{name}/cache"}
        config = config_from_text(fibo(), plugins=Plugins.load(), base=ROOT, environ=environ)
        async with Engine(replace(config, exporters=(*config.exporters, *exporters))) as engine:
            for _ in range(WARM_UP_RUNS):
                await _run(engine)
            return STEPS / statistics.median([await _run(engine) for _ in range(runs)])


async def _run(engine: Engine) -> float:
    started = time.perf_counter()
    submission = await engine.executions.submit(FIBOA, [10, STEPS])
    await engine.executions.wait(submission.execution_id)
    return time.perf_counter() - started
