"""Whatever goes wrong on simulated servers, what has to hold holds. CI plays these seeds; more are played by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from obelisk.testing.simulation.generator import scenario_of
from obelisk.testing.simulation.scenario import Scenario
from obelisk.testing.simulation.simulator import Simulator

SEEDS = 300
PART = 30
OTHER_HASHES = """
import sys
from pathlib import Path
from obelisk.testing.simulation.generator import scenario_of
from obelisk.testing.simulation.simulator import simulator
with simulator(code_cache=Path(sys.argv[1])) as player:
    print(*(player.play(scenario_of(seed)).digest for seed in range(8)))
"""


@pytest.mark.parametrize("first", range(0, SEEDS, PART))
def test_what_has_to_hold_holds(player: Simulator, first: int):
    for seed in range(first, first + PART):
        assert player.check(scenario_of(seed)) is None, f"python -m obelisk.testing.simulation --seeds {seed}"


@pytest.mark.parametrize("seed", range(5))
def test_what_has_to_hold_holds_on_disk_too(player: Simulator, seed: int):
    scenario = scenario_of(seed)
    assert player.check(replace(scenario, knobs=replace(scenario.knobs, sqlite=True))) is None


def test_a_seed_is_one_sequence_of_events_in_every_process(player: Simulator, code_cache: Path):
    digests = [player.play(scenario_of(seed)).digest for seed in range(8)]
    assert digests == [player.play(scenario_of(seed)).digest for seed in range(8)]
    command = [sys.executable, "-c", OTHER_HASHES, str(code_cache)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() == digests
    assert len(set(digests)) == len(digests)


def test_a_scenario_that_was_printed_is_the_same_when_it_is_read():
    scenario = scenario_of(3)
    assert msgspec.json.decode(msgspec.json.encode(scenario), type=Scenario) == scenario


def test_much_goes_wrong(player: Simulator):
    trace = "\n".join(line for seed in range(50) for line in player.play(scenario_of(seed)).trace)
    for what in (
        ": crash before", ": crash after", ": refused", ": lost", ": unknown", "crashes", "stops", "stall", "jump",
        "temporarily_failed", "temporarily_timed_out", "cancellation_requested", "paused", "unpaused",
        "exists_with_same_parameters", "child_execution_finished", "delay_finished", "Schedule", "Stub", "JoinNextTry",
        "process is gone", "engine stopped",
    ):  # fmt: skip
        assert what in trace, what
