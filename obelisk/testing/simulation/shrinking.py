"""Makes a scenario that fails smaller: whatever can be left out while it still fails is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from obelisk.testing.simulation.scenario import Knobs, Scenario, Submission, Weather

Fails = Callable[[Scenario], bool]
MOST_TRIES = 400
LISTS = ("submissions", "acts", "commits", "happenings")


def shrunk(scenario: Scenario, fails: Fails, *, tries: int = MOST_TRIES) -> Scenario:
    """Return a scenario that is no bigger and fails too, after at most ``tries`` plays."""
    found = True
    while found and tries > 0:
        found = False
        for smaller in _smaller(scenario):
            tries -= 1
            if fails(smaller):
                scenario, found = smaller, True
                break
            if tries <= 0:
                break
    return scenario


def _smaller(scenario: Scenario) -> Iterator[Scenario]:
    for name in LISTS:
        for part in _parts(getattr(scenario, name)):
            if name != "submissions" or part:
                yield replace(scenario, **{name: part})
    yield from _simpler(scenario)
    for number, submission in enumerate(scenario.submissions):
        for script in _parts(submission.script):
            smaller = Submission(submission.at, submission.function, list(script))
            others = scenario.submissions
            yield replace(scenario, submissions=(*others[:number], smaller, *others[number + 1 :]))


def _simpler(scenario: Scenario) -> Iterator[Scenario]:
    """Yield scenarios in which one setting is what it is by default."""
    for name, plain in (("weather", Weather()), ("knobs", Knobs())):
        found = getattr(scenario, name)
        for field in found.__struct_fields__:
            if getattr(found, field) != getattr(plain, field) and field != "servers":
                yield replace(scenario, **{name: replace(found, **{field: getattr(plain, field)})})
    servers = {act.server for act in scenario.acts} | {happening.server for happening in scenario.happenings}
    fewer = scenario.knobs.servers - 1
    if fewer and fewer not in servers:
        yield replace(scenario, knobs=replace(scenario.knobs, servers=fewer))


def _parts(items: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """Yield a sequence without a half, a quarter, ..., one of its items."""
    size = len(items)
    while size:
        for start in range(0, len(items), size):
            yield (*items[:start], *items[start + size :])
        size //= 2
