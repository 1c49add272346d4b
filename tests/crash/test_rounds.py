"""Rounds of kills, few enough for every change. ``python tools/crash_rounds.py`` runs many more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.rounds import draw_plan, run_round
from tests.e2e.world import ROOT, World

pytestmark = pytest.mark.timeout(120)

SEED = 8
ROUNDS = 10
ASKED_TO_STOP = 1000


def again(number: int) -> str:
    return f"python tools/crash_rounds.py --seed {SEED} --round {number} --ends 1 --asked 0"


@pytest.mark.parametrize("number", range(ROUNDS))
def test_every_promise_holds_when_servers_are_killed(number: int, tmp_path: Path, cache: Path) -> None:
    plan = draw_plan(SEED, number, ends=1, asked=0)
    outcome = run_round(plan, tmp_path, cache=cache, seed=f"{SEED}/{number}")
    assert outcome.breaches == (), f"seed {SEED} round {number}; again: {again(number)}"
    assert outcome.kills >= 1


def test_every_promise_holds_when_servers_are_asked_to_stop_under_load(tmp_path: Path, cache: Path) -> None:
    plan = draw_plan(SEED, ASKED_TO_STOP, ends=2, asked=1)
    outcome = run_round(plan, tmp_path, cache=cache, seed="asked")
    assert outcome.breaches == ()
    assert all(end.is_asked for end in plan.ends)


def lose_last_commits(world: World) -> None:
    """Do what a disk does that lied about its syncs."""
    world.database.with_name("obelisk.sqlite-wal").unlink(missing_ok=True)


def test_a_database_that_loses_what_was_committed_is_noticed(tmp_path: Path, cache: Path) -> None:
    plan = next(
        plan
        for number in range(100)
        if (plan := draw_plan(SEED, number, ends=1, asked=0)).servers == 1 and plan.ends[0].news > 10
    )
    outcome = run_round(plan, tmp_path, cache=cache, seed="lost", after_end=lose_last_commits)
    assert any("was acknowledged, and does not exist" in breach for breach in outcome.breaches)
    assert any("was seen before, and does not exist any more" in breach for breach in outcome.breaches)


def test_the_command_tells_the_command_that_repeats_a_round() -> None:
    command = [sys.executable, str(ROOT / "tools" / "crash_rounds.py"), "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "python tools/crash_rounds.py --rounds 100 --seed 1" in shown
    assert "--round ROUND" in shown
