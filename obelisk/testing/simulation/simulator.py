"""Plays scenarios and tells what does not hold: in one play, and between a play and the undisturbed one."""

from __future__ import annotations

import asyncio
import itertools
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from obelisk.testing.simulation.comparing import difference, undisturbed
from obelisk.testing.simulation.components import Components, open_components
from obelisk.testing.simulation.scenario import Scenario
from obelisk.testing.simulation.shrinking import shrunk
from obelisk.testing.simulation.world import Played, play


class Simulator:
    """Plays scenarios one after another; ``simulator`` makes one."""

    def __init__(self, components: Components) -> None:
        self._components = components
        self._plays = itertools.count()

    def play(self, scenario: Scenario) -> Played:
        """Play a scenario."""
        directory = self._components.directory / f"play-{next(self._plays)}"
        directory.mkdir()
        return play(scenario, self._components, directory=directory)

    def check(self, scenario: Scenario) -> str | None:
        """Play a scenario, and when it is a fixed one the same undisturbed; return what does not hold."""
        played = self.play(scenario)
        if played.problem is not None or not scenario.is_fixed:
            return played.problem
        calm = self.play(undisturbed(scenario))
        if calm.problem is not None:
            return f"undisturbed: {calm.problem}"
        differences = difference(calm.logs, played.logs)
        return f"it came to something else than undisturbed:\n{differences}" if differences else None

    def shrink(self, scenario: Scenario) -> Scenario:
        """Return a smaller scenario in which the same does not hold: problems are told apart by how their texts begin."""
        sought = _kind(self.check(scenario))
        return shrunk(scenario, lambda smaller: _kind(self.check(smaller)) == sought)


def _kind(problem: str | None) -> str | None:
    return None if problem is None else re.split(r"[0-9`'\n]", problem, maxsplit=1)[0]


@contextmanager
def simulator(*, code_cache: Path | None = None) -> Iterator[Simulator]:
    """Open the components and yield a simulator; it makes an event loop for each play, so none may be running."""
    loop = asyncio.new_event_loop()
    try:
        with tempfile.TemporaryDirectory(prefix="obelisk-simulation-") as directory:
            opening = open_components(Path(directory), code_cache=code_cache)
            components = loop.run_until_complete(opening.__aenter__())
            try:
                yield Simulator(components)
            finally:
                components.guests.move_to(loop)
                loop.run_until_complete(opening.__aexit__(None, None, None))
    finally:
        loop.close()
