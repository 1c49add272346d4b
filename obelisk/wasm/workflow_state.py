"""What a workflow program knows of its guest between host calls, and the form that the meaning of an import has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from obelisk.core.commands import Answered, Command, DelayPassed, Done, Mismatched, RefusalKind, Refused, Reply
from obelisk.ids import DelayId, ExecutionId, JoinSetId


class Answer(Struct, frozen=True):
    """The guest can go on at once with ``value``."""

    value: Any


class JoinSets:
    """The join sets that a guest holds handles of, and what it was told about responses."""

    def __init__(self, *, keeps_answers: bool) -> None:
        self._keeps_answers = keeps_answers
        self.ids: list[JoinSetId] = []
        self.last_taken: dict[JoinSetId, ExecutionId | DelayId] = {}
        self.answers: dict[ExecutionId, Answered] = {}
        self.last_call: ExecutionId | None = None
        self.last_one_off: ExecutionId | DelayId | None = None

    def add(self, join_set: JoinSetId) -> int:
        """Return the number that stands for a join set in the guest's handle."""
        self.ids.append(join_set)
        return len(self.ids) - 1

    def keep(self, reply: Answered) -> None:
        """Keep a result for ``-get``, when the component imports one."""
        if self._keeps_answers:
            self.answers[reply.execution_id] = reply

    def called(self, reply: Answered) -> None:
        """Take note of a direct call."""
        self.last_call = self.last_one_off = reply.execution_id
        self.keep(reply)

    def close(self, reply: Done) -> None:
        """Take note of a join set that was closed."""
        for answered in reply.answered:
            self.keep(answered)

    def take(self, join_set: JoinSetId, reply: Reply) -> None:
        """Take note of a response that the guest is told about."""
        if isinstance(reply, Answered):
            self.last_taken[join_set] = reply.execution_id
            self.keep(reply)
        elif isinstance(reply, DelayPassed):
            self.last_taken[join_set] = reply.delay_id
        elif isinstance(reply, Mismatched):
            self.last_taken[join_set] = reply.actual_id
            if reply.actual is not None and reply.result is not None:
                self.keep(Answered(ExecutionId(reply.actual_id), reply.actual, reply.result))


Ask = Callable[[JoinSets, list[Any]], Command | Answer]
ToValue = Callable[[JoinSets, Any, Any], Any]


class WorkflowImport(Struct, frozen=True):
    """An import's two halves."""

    ask: Ask
    reply: ToValue


def no_value(state: JoinSets, command: Command, reply: Any) -> Any:
    """Return nothing: the reply of an import without a result, or of one that is always an ``Answer``."""
    return None


def refusal_value(reply: Refused) -> Any:
    """Return a refusal as a case of the WIT's error variants."""
    detailed = reply.kind in (RefusalKind.TYPE_CHECK_ERROR, RefusalKind.INVALID_NAME)
    return {reply.kind.value: reply.detail} if detailed else reply.kind.value
