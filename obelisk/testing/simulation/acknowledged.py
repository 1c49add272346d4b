"""What a log has to show once a client was told that something is done: before that the client may not be told."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from obelisk.core.events import CancellationRequested, Finished, Paused, Unpaused
from obelisk.core.joinsets import responder
from obelisk.ids import DelayId
from obelisk.interfaces.storage import ExecutionLog
from obelisk.testing.simulation.oracle import ViolationError
from obelisk.testing.simulation.scenario import ActKind

Shows = Callable[[ExecutionLog], bool]


def _has(*events: type) -> Shows:
    return lambda log: any(isinstance(logged.event, events) for logged in log.events)


SHOWN: Mapping[ActKind, Shows] = {
    ActKind.CANCEL: _has(CancellationRequested, Finished),
    ActKind.PAUSE: _has(Paused),
    ActKind.UNPAUSE: _has(Unpaused),
    ActKind.GIVE: _has(Finished),
}


def check_done(kind: ActKind, log: ExecutionLog) -> None:
    """Raise ``ViolationError`` when a log does not show what a client was told to be done."""
    shows = SHOWN.get(kind)
    if shows is not None and not shows(log):
        raise ViolationError(f"`{kind.value}` of `{log.execution_id}` was acknowledged, and its log does not show it")


def check_delay_ended(delay: DelayId, owner: ExecutionLog) -> None:
    """Raise ``ViolationError`` when the end of a delay that a client was told of is not in its owner's log."""
    answered = {responder(logged.response) for logged in owner.responses}
    if delay not in answered and not owner.state.is_finished:
        raise ViolationError(f"the end of `{delay}` was acknowledged, and the log of its owner does not show it")
