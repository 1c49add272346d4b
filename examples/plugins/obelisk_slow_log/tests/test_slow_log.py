"""What took less than the threshold is left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from obelisk.interfaces.settings import Duration
from obelisk.testing.exporters import span
from obelisk.testing.hosts import host_in

from obelisk_slow_log import SlowLogSettings
from obelisk_slow_log.exporter import open_exporter


@pytest.mark.asyncio
@pytest.mark.parametrize(("part", "written"), [(0.9, ["work"]), (1.1, [])])
async def test_a_span_is_written_when_it_took_as_long_as_the_threshold(
    tmp_path: Path, part: float, written: list[str]
) -> None:
    work = span("work")
    threshold = Duration(seconds=(work.ended_at - work.started_at).total_seconds() * part)
    async with open_exporter(SlowLogSettings(tmp_path / "lines", threshold), host_in(tmp_path)) as exporter:
        await exporter.export([work])
    lines = (tmp_path / "lines").read_text().splitlines()
    assert [json.loads(line)["name"] for line in lines] == written


def test_a_threshold_below_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="`threshold`: expected at least 0 s, found -1 s"):
        SlowLogSettings(threshold=Duration(seconds=-1))
