"""Each target is tried with some examples, the same in each run; ``python tools/fuzz.py`` tries others for longer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.target import run
from tests.fuzz.targets import TARGETS


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", TARGETS)
def test_no_example_does_harm(name: str, tmp_path: Path) -> None:
    target = TARGETS[name]
    with target.open(tmp_path) as fuzzed:
        assert run(fuzzed, start=0, count=target.count) > 0
