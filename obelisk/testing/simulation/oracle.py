"""The oracle: what holds whatever happens to the engine.

It sees each batch when it takes effect, in the storage itself, where no engine can hide anything. It knows nothing of how
an engine works. ``ViolationError`` says what does not hold, and of which execution.

    log          events are numbered from 0 without gaps and only ever appended; the first is ``created``; nothing follows
                 ``finished``
    responses    are numbered from 1, only ever appended; each child and each delay has at most one; a child's says what
                 the child's log says; a delay is over when it says so, as long as no clock is set back
    writes       a batch takes effect only at the versions and the cursors that it was made for
    locks        one run holds an execution at a time, none before it is due; it is retried as often as its lock allows
    structure    a child exists only if its parent asked for it; a workflow that ends has nothing open below it
    results      an activity's ``ok`` and ``err`` were reported by a run of it; nothing is nondeterministic
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from obelisk.core.events import (
    OK_OUTCOME,
    ChildExecutionFinished,
    ChildExecutionRequest,
    ComponentRole,
    Created,
    DelayFinished,
    DelayRequest,
    ExecutionFailure,
    ExecutionResult,
    FailureKind,
    Finished,
    JoinSetRequest,
    LogEvent,
    LogResponse,
)
from obelisk.core.joinsets import open_members, responder
from obelisk.ids import ExecutionId
from obelisk.interfaces.storage import Batch, ExecutionLog, lost_its_base
from obelisk.testing.simulation.holding import Holding

Reported = dict[ExecutionId, list[str]]


class ViolationError(AssertionError):
    """Something does not hold."""


class Oracle:
    """See the module's documentation. ``reported`` are the results that runs of activities handed to an engine."""

    def __init__(self, *, clocks_go_back: bool = False) -> None:
        self._clocks_go_back = clocks_go_back
        self._logs: dict[ExecutionId, ExecutionLog] = {}
        self._holding: dict[ExecutionId, Holding] = {}
        self.reported: Reported = {}

    @property
    def executions(self) -> list[ExecutionId]:
        """Every execution that was ever seen, oldest first."""
        return list(self._logs)

    def log(self, execution_id: ExecutionId) -> ExecutionLog:
        """Return the log of an execution as it was seen last."""
        return self._logs[execution_id]

    def unfinished(self) -> list[ExecutionLog]:
        """Return the executions that have not ended."""
        return [log for log in self._logs.values() if not log.state.is_finished]

    def takes_effect(self, batch: Batch) -> None:
        """Look at a batch that takes effect, before ``applied`` shows what it did."""
        if lost_its_base(batch):
            raise ViolationError(f"a batch took effect that builds on one that was not written: {batch.writes}")
        places: dict[ExecutionId, tuple[int, int]] = {}
        for write in batch.writes:
            log = self._logs.get(write.execution_id)
            place = (0, 0) if log is None else (len(log.events), len(log.responses))
            version, cursor = places.get(write.execution_id, place)
            if write.expected_version not in (None, version) or write.expected_cursor not in (None, cursor):
                raise ViolationError(
                    f"`{write.execution_id}` had the version {version} and the cursor {cursor}, and got a write for "
                    f"{write.expected_version} and {write.expected_cursor}"
                )
            answers = sum(isinstance(item.entry, ChildExecutionFinished | DelayFinished) for item in write.entries)
            places[write.execution_id] = (version + len(write.entries) - answers, cursor + answers)

    def applied(self, logs: Iterable[ExecutionLog]) -> None:
        """Look at the executions that a batch has touched, all of them, after it took effect."""
        touched = list(logs)
        before = {log.execution_id: self._logs.get(log.execution_id) for log in touched}
        self._logs.update({log.execution_id: log for log in touched})
        for log in touched:
            self._check(log, before[log.execution_id])

    def reports(self, execution_id: ExecutionId, result: ExecutionResult) -> None:
        """Take note of what a run of an activity hands to its engine."""
        self.reported.setdefault(execution_id, []).append(_text(result))

    def _check(self, log: ExecutionLog, before: ExecutionLog | None) -> None:
        events = log.events if before is None else log.events[len(before.events) :]
        responses = log.responses if before is None else log.responses[len(before.responses) :]
        if before is not None:
            _check_prefix(log, before)
        _check_events(log)
        for breach in self._holding.setdefault(log.execution_id, Holding()).breaches(events):
            raise ViolationError(f"`{log.execution_id}` {breach}")
        for response in responses:
            self._check_response(log, response)
        for event in events:
            if isinstance(event.event, Created):
                self._check_created(log, event.event)
            elif isinstance(event.event, Finished):
                self._check_finished(log, event.event)

    def _check_created(self, log: ExecutionLog, created: Created) -> None:
        if created.parent is None:
            return
        parent, join_set = created.parent
        asked = self._logs.get(parent)
        requests = () if asked is None else tuple(event.event for event in asked.events)
        if not any(_asks_for(request, log.execution_id, join_set) for request in requests):
            raise ViolationError(f"`{log.execution_id}` exists, but its parent did not ask for it")

    def _check_response(self, log: ExecutionLog, logged: LogResponse) -> None:
        response, owner = logged.response, log.execution_id
        responders = [responder(one.response) for one in log.responses]
        if responders.count(responder(response)) != 1:
            raise ViolationError(f"`{owner}` got more than one response of `{responder(response)}`")
        if isinstance(response, ChildExecutionFinished):
            self._check_child(owner, response)
        else:
            self._check_delay(log, logged, response)

    def _check_child(self, owner: ExecutionId, response: ChildExecutionFinished) -> None:
        child = self._logs.get(response.child_execution_id)
        last = None if child is None else child.events[-1]
        if last is None or not isinstance(last.event, Finished):
            raise ViolationError(f"`{owner}` got a response of `{response.child_execution_id}`, which has not ended")
        if last.version != response.finished_version or last.event.retval != response.result:
            raise ViolationError(f"`{owner}` got another result of `{response.child_execution_id}` than its log has")

    def _check_delay(self, log: ExecutionLog, logged: LogResponse, response: DelayFinished) -> None:
        request = next((one for one in _delay_requests(log) if one.delay_id == response.delay_id), None)
        if request is None:
            raise ViolationError(
                f"`{log.execution_id}` got a response of `{response.delay_id}`, which it did not ask for"
            )
        is_early = response.success and logged.created_at < request.expires_at
        if is_early and not self._clocks_go_back:
            raise ViolationError(f"`{response.delay_id}` ended at {logged.created_at}, before {request.expires_at}")

    def _check_finished(self, log: ExecutionLog, finished: Finished) -> None:
        failure = finished.retval.execution_failure
        if isinstance(failure, ExecutionFailure) and failure.kind is FailureKind.NONDETERMINISM_DETECTED:
            raise ViolationError(f"`{log.execution_id}` failed as nondeterministic: {failure.reason}\n{failure.detail}")
        role = log.state.component_id.component_type
        is_reported = _text(finished.retval) in self.reported.get(log.execution_id, ())
        if role is ComponentRole.ACTIVITY and failure is msgspec.UNSET and not is_reported:
            raise ViolationError(f"`{log.execution_id}` has the result {finished.retval}, which no run of it reported")
        if role is ComponentRole.WORKFLOW:
            self._check_nothing_open(log)

    def _check_nothing_open(self, log: ExecutionLog) -> None:
        members = open_members(log.events, log.responses)
        if members:
            raise ViolationError(f"`{log.execution_id}` ended and left open: {', '.join(members)}")
        children = [r.response for r in log.responses if isinstance(r.response, ChildExecutionFinished)]
        for child in children:
            if not self._logs[child.child_execution_id].state.is_finished:
                raise ViolationError(f"`{log.execution_id}` ended before its child `{child.child_execution_id}`")


def _check_prefix(log: ExecutionLog, before: ExecutionLog) -> None:
    if log.events[: len(before.events)] != before.events:
        raise ViolationError(f"an event of `{log.execution_id}` was changed or removed")
    if log.responses[: len(before.responses)] != before.responses:
        raise ViolationError(f"a response of `{log.execution_id}` was changed, moved or removed")
    if before.state.is_finished and len(log.events) > len(before.events):
        raise ViolationError(f"`{log.execution_id}` has {log.events[-1].event} after its end")


def _check_events(log: ExecutionLog) -> None:
    if not isinstance(log.events[0].event, Created):
        raise ViolationError(f"the log of `{log.execution_id}` begins with {log.events[0].event}")
    if [event.version for event in log.events] != list(range(len(log.events))):
        raise ViolationError(
            f"the versions of `{log.execution_id}` have gaps: {[event.version for event in log.events]}"
        )
    if [one.cursor for one in log.responses] != list(range(1, len(log.responses) + 1)):
        raise ViolationError(f"the cursors of `{log.execution_id}` have gaps: {[one.cursor for one in log.responses]}")
    if log.state.is_finished != isinstance(log.events[-1].event, Finished) or _ends_early(log.events):
        raise ViolationError(f"the log of `{log.execution_id}` does not end where its state says")


def _ends_early(events: tuple[LogEvent, ...]) -> bool:
    return any(isinstance(event.event, Finished) for event in events[:-1])


def _delay_requests(log: ExecutionLog) -> Iterator[DelayRequest]:
    for event in log.events:
        if isinstance(event.event, JoinSetRequest) and isinstance(event.event.request, DelayRequest):
            yield event.event.request


def _asks_for(event: object, child: ExecutionId, join_set: str) -> bool:
    if not isinstance(event, JoinSetRequest) or event.join_set_id != join_set:
        return False
    request = event.request
    return (
        isinstance(request, ChildExecutionRequest)
        and request.child_execution_id == child
        and request.result == OK_OUTCOME
    )


def _text(value: Any) -> str:
    return msgspec.json.encode(value, order="deterministic").decode()
