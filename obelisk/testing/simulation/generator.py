"""Makes a scenario of a seed."""

from __future__ import annotations

import random

from obelisk.testing.scripts import RUN, RUN_CANCELLABLE
from obelisk.testing.simulation.draws import drawn
from obelisk.testing.simulation.scenario import (
    Act,
    ActKind,
    Commit,
    CommitFault,
    Happening,
    Knobs,
    Scenario,
    ServerFault,
    Submission,
    Weather,
)
from obelisk.testing.simulation.workflows import FixedScript, FreeScript

SECONDS = 20.0
"""How long things happen; then it is calm, and everything has to end."""
FIXED = 0.4
COMMITS = 32
"""Of so many commits some go wrong, which is about as many as a small scenario has."""
HARMLESS = (ActKind.PAUSE, ActKind.UNPAUSE, ActKind.SUBMIT_AGAIN, ActKind.SUBMIT_OTHERS, ActKind.REPLAY)


def scenario_of(seed: int) -> Scenario:
    """Return the scenario of a seed."""
    chance = drawn(seed, "scenario")
    is_fixed = chance.random() < FIXED
    knobs = _knobs(chance)
    return Scenario(
        seed, is_fixed, knobs, _weather(chance),
        tuple(_submission(chance, is_fixed=is_fixed) for _ in range(chance.randint(1, 4))),
        tuple(_act(chance, knobs, is_fixed=is_fixed) for _ in range(chance.choice((0, 1, 2, 4, 8)))),
        _commits(chance),
        tuple(_happening(chance, knobs) for _ in range(chance.choice((0, 1, 2, 3)))),
    )  # fmt: skip


def _submission(chance: random.Random, *, is_fixed: bool) -> Submission:
    kind = FixedScript if is_fixed else FreeScript
    function = RUN if is_fixed or chance.random() < 0.6 else RUN_CANCELLABLE
    return Submission(_time(chance, 5.0), function, kind(chance, length=chance.randint(1, 12)).ops)


def _act(chance: random.Random, knobs: Knobs, *, is_fixed: bool) -> Act:
    kind = chance.choice(HARMLESS if is_fixed else tuple(ActKind))
    return Act(_time(chance, 12.0), chance.randrange(knobs.servers), kind, chance.randrange(1000))


def _commits(chance: random.Random) -> tuple[Commit, ...]:
    count = chance.choice((0, 1, 2, 4, 8))
    numbers = sorted(chance.sample(range(COMMITS), count))
    return tuple(Commit(number, chance.choice(tuple(CommitFault))) for number in numbers)


def _happening(chance: random.Random, knobs: Knobs) -> Happening:
    fault = chance.choice(tuple(ServerFault))
    longest = {ServerFault.JUMP: 30.0, ServerFault.STALL: min(3 * knobs.lock_expiry, 30.0)}.get(fault, 3.0)
    seconds = _time(chance, longest)
    if fault is ServerFault.JUMP and chance.random() < 0.5:
        seconds = -seconds
    return Happening(_time(chance), chance.randrange(knobs.servers), fault, seconds)


def _knobs(chance: random.Random) -> Knobs:
    return Knobs(
        servers=chance.choice((1, 1, 1, 2, 2, 3)),
        one_machine=chance.random() < 0.7,
        hot_limit=chance.choice((None, None, 0, 1)),
        run_ahead=chance.random() < 0.7,
        max_events=chance.choice((100, 100, 2)),
        interrupt=chance.random() < 0.2,
        batching=chance.choice((100, 100, 1, 3)),
        lock_expiry=chance.choice((1.0, 5.0, 60.0)),
        limiter=chance.choice((None, None, None, 1, 2)),
        cost=chance.choice((0.0, 0.0, 0.004)),
        shuffled=chance.random() < 0.3,
    )


def _weather(chance: random.Random) -> Weather:
    def sometimes(most: float) -> float:
        return round(chance.uniform(0, most), 3) if chance.random() < 0.4 else 0.0

    return Weather(
        latency=chance.choice((0.0, 0.001, 0.02, 0.5)),
        reordered=chance.random() < 0.5,
        failing_reads=sometimes(0.12),
        traps=sometimes(0.4),
        errs=sometimes(0.4),
        hangs=sometimes(0.2),
        slow=sometimes(1.0),
        slowness=chance.choice((0.01, 1.0, 8.0)),
    )


def _time(chance: random.Random, most: float = SECONDS) -> float:
    return round(chance.uniform(0, most), 3)
