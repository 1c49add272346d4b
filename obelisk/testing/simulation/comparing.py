"""What a fixed scenario comes to, whatever goes wrong: the same as undisturbed.

Left out of the comparison are what the disturbances themselves leave in a log (failed runs, pauses), the order of responses
of different join sets, times, which scripts return from sleeps, and addresses in backtraces.
"""

from __future__ import annotations

import difflib
import re

from msgspec.structs import replace

from obelisk.core.canonical import canonical
from obelisk.core.events import Paused, TemporarilyFailed, Unpaused
from obelisk.ids import ExecutionId
from obelisk.interfaces.storage import ExecutionLog
from obelisk.testing.addresses import without_addresses
from obelisk.testing.simulation.scenario import Knobs, Scenario, Weather

DISTURBED = (Paused, Unpaused, TemporarilyFailed)
SECONDS = re.compile(r"\b[12]\d{9}\b")
RUN_DIGITS = 16
"""The last digits of an id, which are not its time."""


def undisturbed(scenario: Scenario) -> Scenario:
    """Return a scenario in which nothing goes wrong and nobody interferes."""
    return replace(scenario, knobs=Knobs(), weather=Weather(), acts=(), commits=(), happenings=())


def difference(one: dict[ExecutionId, ExecutionLog], other: dict[ExecutionId, ExecutionLog]) -> str:
    """Return the lines in which what two plays came to differs; nothing when they came to the same."""
    before, after = _texts(one), _texts(other)
    lines: list[str] = []
    for name in sorted({*before, *after}):
        lines += difflib.unified_diff(
            before.get(name, []), after.get(name, []), f"{name} undisturbed", name, lineterm="", n=0
        )
    return "\n".join(lines)


def _texts(logs: dict[ExecutionId, ExecutionLog]) -> dict[str, list[str]]:
    return {_name(execution_id): _text(log) for execution_id, log in logs.items()}


def _name(execution_id: ExecutionId) -> str:
    root, dot, rest = execution_id.partition(".")
    return root[-RUN_DIGITS:] + dot + rest


def _text(log: ExecutionLog) -> list[str]:
    events = [event for event in log.events if not isinstance(event.event, DISTURBED)]
    # Each on its own: they are sorted, and their numbers say nothing then.
    responses = sorted(canonical((), (response,)) for response in log.responses)
    text = canonical(events, ()) + "".join(responses)
    return without_addresses(SECONDS.sub("TIME", text)).splitlines()
