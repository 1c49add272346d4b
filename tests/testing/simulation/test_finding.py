"""The simulator finds bugs that are put into the engine for it, and makes them small."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from obelisk.testing.simulation.__main__ import main
from obelisk.testing.simulation.generator import scenario_of
from obelisk.testing.simulation.scenario import Scenario
from obelisk.testing.simulation.simulator import Simulator
from tests.testing.simulation import bugs
from tests.testing.simulation.bugs import Bug

REGRESSIONS = sorted((Path(__file__).parent / "regressions").glob("*.json"))
"""Shrunk scenarios, each with the name of the bug of the engine that it found."""
SEEDS = 120
FOUND: list[tuple[Bug, str]] = [
    (bugs.acknowledges_early, "not found"),
    (bugs.forgets_pauses, "`pause` of"),
    (bugs.leaks_permits, "holds permits"),
    (bugs.leaves_children_open, "ended and left open"),
    (bugs.ends_delays_early, "ended at"),
    (bugs.never_looks_for_locks, "not all has ended"),
    (bugs.keeps_what_others_ended, "keeps"),
    (bugs.checks_no_version, "and got a write for"),
    (bugs.locks_what_is_not_due, "was locked for"),
    (bugs.takes_what_it_did_not_record, "cannot be replayed"),
]
"""A bug that is found within so many seeds, and what it is told as, perhaps among others."""


def first_found(player: Simulator, told: str) -> Scenario:
    """Return the first scenario in which something is told. Which one it is depends on every detail of the engine."""
    for seed in range(SEEDS):
        if told in (player.check(scenario_of(seed)) or ""):
            return scenario_of(seed)
    raise AssertionError(f"{SEEDS} seeds do not find it")


@pytest.mark.parametrize("path", REGRESSIONS, ids=lambda path: path.stem)
def test_what_was_found_stays_mended(player: Simulator, path: Path):
    scenario = msgspec.json.decode(path.read_bytes(), type=Scenario)
    assert player.check(scenario) is None


@pytest.mark.parametrize(("bug", "told"), FOUND, ids=lambda value: getattr(value, "__name__", None))
def test_a_bug_is_found(player: Simulator, monkeypatch: pytest.MonkeyPatch, bug: Bug, told: str):
    bug(monkeypatch)
    first_found(player, told)


def test_a_scenario_that_fails_is_made_small(player: Simulator, monkeypatch: pytest.MonkeyPatch):
    bugs.leaves_children_open(monkeypatch)
    scenario = first_found(player, "ended and left open")
    small = player.shrink(scenario)
    assert player.check(small) is not None
    assert (len(small.submissions), small.acts, small.commits, small.happenings) == (1, (), (), ())
    assert len(small.submissions[0].script) <= 2


def test_the_command_tells_how_to_reproduce_what_it_found(
    player: Simulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path,
    code_cache: Path,
):  # fmt: skip
    bugs.leaves_children_open(monkeypatch)
    seed = first_found(player, "ended and left open").seed
    assert main(["--seeds", f"{seed}:{seed + 1}", "--code-cache", str(code_cache)]) == 1
    told = capsys.readouterr().out
    assert f"reproduce: python -m obelisk.testing.simulation --seeds {seed}:{seed + 1}\n" in told
    text = told[told.index("\n{") : told.rindex("\n}") + 2]
    small = tmp_path / "small.json"
    small.write_text(text, encoding="utf-8")
    assert main(["--scenario", str(small), "--no-shrink", "--code-cache", str(code_cache)]) == 1
    assert "ended and left open" in capsys.readouterr().out
    assert msgspec.json.decode(text, type=Scenario).seed == seed


def test_the_command_says_when_all_holds(capsys: pytest.CaptureFixture[str], code_cache: Path):
    assert main(["--seeds", "0:3", "--code-cache", str(code_cache)]) == 0
    assert capsys.readouterr().out == "3 played, 0 failed\n"


def test_the_command_plays_on_disk_and_shows_what_happens(capsys: pytest.CaptureFixture[str], code_cache: Path):
    assert main(["--seeds", "3", "--sqlite", "--trace", "--code-cache", str(code_cache)]) == 0
    assert "server 0: commit" in capsys.readouterr().out


@pytest.mark.parametrize("seeds", ["x", "1:y", ""])
def test_the_command_says_which_seeds_are_none(seeds: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["--seeds", seeds])
    assert f"expected FROM:TO such as 0:100, found `{seeds}`" in capsys.readouterr().err
