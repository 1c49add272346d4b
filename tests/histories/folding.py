"""Folds a log into the state that it adds up to."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from obelisk.core.events import LogEvent, LogResponse
from obelisk.core.state import State
from obelisk.errors import IllegalTransitionError
from obelisk.testing.folding import Folding


def folded(events: Sequence[LogEvent], responses: Sequence[LogResponse]) -> State:
    """Return the state of a whole log.

    A log does not say which events came before a response. What an event needed came before it, and the rest afterwards.
    """
    folding, to_come = Folding(), deque(responses)
    for event in events:
        _append(folding, event, to_come)
    for response in to_come:
        folding.append(response.response, response.created_at)
    assert folding.state is not None
    return folding.state


def _append(folding: Folding, event: LogEvent, to_come: deque[LogResponse]) -> None:
    while True:
        try:
            folding.append(event.event, event.created_at)
        except IllegalTransitionError:
            if not to_come:
                raise
            response = to_come.popleft()
            folding.append(response.response, response.created_at)
        else:
            return
