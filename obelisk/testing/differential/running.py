"""Runs of the state machine, long and short."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from obelisk.interfaces.storage import Storage
from obelisk.testing.differential.machine import Opens, StorageMachine

STEPS = 50
"""How many rules a run on one storage tries."""
RUNS = 100
"""How many storages are tried with one seed."""


def compare_with_memory(
    opens: Opens, *, operations: int, seed_number: int, same_messages: bool = False, shrinks: bool = True,
    progress: Callable[[int, int], None] = lambda seed_number, steps: None,
) -> int:  # fmt: skip
    """Do about so many operations with new storages that ``opens`` opens, and with memory storages, and compare.

    Seeds are taken one by one from ``seed_number`` on; ``progress`` is told each before it is used, with the number of
    operations so far. Returns the number of operations. What differs is an ``AssertionError`` with the steps that lead to
    it, as few as hypothesis finds when it ``shrinks``.
    """
    machine = _machine(opens, same_messages=same_messages)
    while machine.steps < operations:
        progress(seed_number, machine.steps)
        runs = min(RUNS, (operations - machine.steps) // STEPS + 1)
        run_state_machine_as_test(seed(seed_number)(machine), settings=_settings(runs, shrinks=shrinks))
        seed_number += 1
    return machine.steps


def _machine(opens: Opens, *, same_messages: bool) -> type[StorageMachine]:
    class Compared(StorageMachine):
        """The machine that opens what the command line names."""

        def opens(self, directory: Path) -> AbstractAsyncContextManager[Storage]:
            return opens(directory)

    Compared.same_messages = same_messages
    return Compared


def _settings(runs: int, *, shrinks: bool) -> settings:
    phases = (Phase.generate, Phase.shrink) if shrinks else (Phase.generate,)
    return settings(
        max_examples=runs, stateful_step_count=STEPS, database=None, deadline=None, phases=phases,
        report_multiple_bugs=False, suppress_health_check=list(HealthCheck),
    )  # fmt: skip
