"""Schedules pass the suite that every trigger has to pass."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from obelisk.runtime.engine import Engine
from obelisk.testing.clock import ManualClock
from obelisk.testing.engine import EngineHarness
from obelisk.testing.triggers import TriggerConformance, TriggerSamples

KERNEL = 'timers_watcher.tick_sleep = "365d"\nserver.shutdown_timeout = "50ms"\n'
STUB = '[[activity_stub]]\nffqn = "test:jobs/jobs.work"\nexec.tick_sleep = "365d"\n'


def cron(*, name: str = "job", schedule: str = "0 * * * *", ffqn: str = "test:jobs/jobs.work") -> str:
    return f'{KERNEL}{STUB}[[cron]]\nname = "{name}"\nffqn = "{ffqn}"\nschedule = "{schedule}"\n'


async def an_hour_passes(engine: Engine) -> None:
    assert isinstance(engine.clock, ManualClock)
    harness = EngineHarness(engine, engine.clock)
    await harness.settle()
    engine.clock.advance(timedelta(hours=1))
    await harness.settle()


class TestCron(TriggerConformance):
    @pytest.fixture
    def samples(self, tmp_path: Path) -> TriggerSamples:
        twice = cron() + cron().removeprefix(KERNEL + STUB)
        return TriggerSamples(
            base=tmp_path, directory=tmp_path, trigger="cron", toml=cron(), ffqn="test:jobs/jobs.work",
            happen=an_hour_passes,
            wrong=(
                (cron(ffqn="test:jobs/jobs.wrk"), "test:jobs/jobs.wrk"),
                (cron(schedule="0 0 30 2 *"), "`0 0 30 2 *`"),
                (twice, "two schedules are named `job`"),
            ),
        )  # fmt: skip
