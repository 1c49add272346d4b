"""What has to hold of everything that a client was told and saw, whenever the server was killed in between.

A breach is a sentence. A view is read parents first, while work goes on: what a parent's log says of a child is true of the
child's log, which was read later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from obelisk.core.events import (
    ChildExecutionFinished,
    ComponentRole,
    DelayFinished,
    DelayRequest,
    ExecutionResult,
    Finished,
    TemporarilyFailed,
    TemporarilyTimedOut,
)
from obelisk.ids import ExecutionId
from tests.crash.orders import NOTE_AGAIN, Order
from tests.crash.seen import Seen, View


def breaches_of(view: View) -> Iterator[str]:
    """Yield what the logs of one moment break."""
    for seen in view.values():
        yield from _of_log(seen)
        yield from _of_responses(seen, view)
        yield from _of_runs(seen)
        if seen.is_finished:
            yield from _of_finished(seen, view)


def breaches_between(before: Seen, after: Seen) -> Iterator[str]:
    """Yield what is wrong when a log that was ``before`` is ``after``."""
    if after.events[: len(before.events)] != before.events:
        yield f"{before.ident}: its events are no continuation of those that were seen before"
    if after.responses[: len(before.responses)] != before.responses:
        yield f"{before.ident}: its responses are no continuation of those that were seen before"
    if before.is_finished and after != before:
        yield f"{before.ident}: it had finished, and something was added"


def breaches_of_order(order: Order, result: ExecutionResult, view: View) -> Iterator[str]:
    """Yield what is wrong with an order that has ended."""
    if not order.expected.fits(result):
        yield f"{order.ident} ended with {result}, expected {order.expected}"
        return
    seen = view.get(order.ident)
    if seen is None:
        yield f"{order.ident} was acknowledged, and does not exist"
        return
    if [finish.retval for finish in seen.finishes] != [result]:
        yield f"{order.ident}: {result} was told, its log has {seen.finishes}"
    for place in order.scheduled:
        scheduled = view.get(ExecutionId(result.ok.value[place][1]))  # type: ignore[union-attr]
        if scheduled is None:
            yield f"{order.ident}: what it scheduled, entry {place} of {result}, does not exist"


def breaches_of_ledger(tokens: list[str], written: list[str], view: View) -> Iterator[str]:
    """Yield what is wrong with the runs of activities that the world outside saw; ``tokens`` are those that succeeded."""
    runs = Counter(written)
    for token in tokens:
        if runs[token] < 1:
            yield f"the activity of {token} has a result and never ran"
    successes = Counter(_token(seen) for seen in view.values() if _token(seen) and seen.is_finished)
    for token, count in successes.items():
        if count != 1:
            yield f"the result of {token} is recorded {count} times"
    for token in set(tokens) - set(successes):
        yield f"the result of {token} is not recorded"


def _token(seen: Seen) -> str:
    created = seen.created
    return str(created.params[0]) if created.ffqn.startswith("crash:ledger/") else ""


def _of_log(seen: Seen) -> Iterator[str]:
    if [logged.version for logged in seen.events] != list(range(len(seen.events))):
        yield f"{seen.ident}: its versions are {[logged.version for logged in seen.events]}"
    if [logged.cursor for logged in seen.responses] != list(range(1, len(seen.responses) + 1)):
        yield f"{seen.ident}: the cursors of its responses are {[logged.cursor for logged in seen.responses]}"
    if len(seen.finishes) > 1:
        yield f"{seen.ident} finished {len(seen.finishes)} times"
    if seen.is_finished and not isinstance(seen.events[-1].event, Finished):
        yield f"{seen.ident}: {seen.events[-1].event} follows its end"


def _of_responses(seen: Seen, view: View) -> Iterator[str]:
    answered = Counter(_who(logged.response) for logged in seen.responses)
    for who, count in answered.items():
        if count > 1:
            yield f"{seen.ident}: {who} answered {count} times"
    asked = {*seen.children(), *(each.delay_id for each in seen.requests() if isinstance(each, DelayRequest))}
    for who in answered.keys() - asked:
        yield f"{seen.ident}: {who} answered, and was never asked for"
    for response in (logged.response for logged in seen.responses):
        if isinstance(response, ChildExecutionFinished):
            child = view.get(response.child_execution_id)
            if child is None or [finish.retval for finish in child.finishes] != [response.result]:
                yield f"{seen.ident}: the response of {response.child_execution_id} is not how that one ended"


def _of_finished(seen: Seen, view: View) -> Iterator[str]:
    answered = {_who(logged.response) for logged in seen.responses}
    for child in seen.children():
        if child in view and not view[child].is_finished:
            yield f"{seen.ident} has finished, its child {child} has not"
        if child not in answered:
            yield f"{seen.ident} has finished without a response of its child {child}"
    for request in seen.requests():
        if isinstance(request, DelayRequest) and request.delay_id not in answered:
            yield f"{seen.ident} has finished without a response of its delay {request.delay_id}"


def _of_runs(seen: Seen) -> Iterator[str]:
    """A crash uses up no retry: only what fails by itself has failed runs, and those are activities."""
    failed = [logged.event for logged in seen.events if isinstance(logged.event, TemporarilyFailed)]
    timed_out = [logged.event for logged in seen.events if isinstance(logged.event, TemporarilyTimedOut)]
    if timed_out or (failed and seen.created.ffqn != NOTE_AGAIN):
        yield f"{seen.ident}: a crash used up a retry: {failed or timed_out}"
    if len(failed) > 1:
        yield f"{seen.ident}: {len(failed)} runs failed, expected one: {failed}"


def _who(response: ChildExecutionFinished | DelayFinished) -> str:
    return response.child_execution_id if isinstance(response, ChildExecutionFinished) else response.delay_id


def workflows_of(view: View) -> list[ExecutionId]:
    """Return the workflows that have finished."""
    return [
        ident
        for ident, seen in view.items()
        if seen.is_finished and seen.created.component_id.component_type is ComponentRole.WORKFLOW
    ]
