"""Outcomes that depend on another execution: whether a stub can be given its result, an id be scheduled.

Theory of operation
    The other execution is read after everything that was handed in before, and what follows is written under the
    version that was read. If it moved meanwhile the batch is refused, the workflow is replayed, and asks again: the
    outcome that is recorded is the one that was true when it was written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from obelisk.core.commands import RefusalKind
from obelisk.core.effects import NewExecution, Question
from obelisk.core.events import OK_OUTCOME, ExecutionResult, RequestOutcome, error_outcome
from obelisk.core.hashing import same_result
from obelisk.core.matching import same_json
from obelisk.core.state import State
from obelisk.errors import FunctionNotFoundError, InvalidValueError
from obelisk.ids import ExecutionId
from obelisk.runtime.lookups import created_of, result_of
from obelisk.runtime.stubs import is_stub, not_a_stub, stubbed_result

if TYPE_CHECKING:
    from obelisk.runtime.kernel import Kernel


class Stubbed(Struct, frozen=True):
    """A stub that gets its result, as it was read."""

    execution_id: ExecutionId
    state: State
    result: ExecutionResult


class Decision(Struct, frozen=True):
    """What is recorded, and what is done with it."""

    outcome: RequestOutcome
    create: bool = False
    stubbed: Stubbed | None = None


async def decide(kernel: Kernel, question: Question) -> Decision:
    """Find out the outcome of a workflow's call. Raises ``StorageError``."""
    if question.execution is not None:
        return await _schedule(kernel, question.execution)
    return await _stub(kernel, question)


async def _schedule(kernel: Kernel, new: NewExecution) -> Decision:
    if await kernel.storage.state(new.execution_id) is None:
        return Decision(OK_OUTCOME, create=True)
    created = await created_of(kernel.storage, new.execution_id)
    if created.ffqn == new.ffqn and same_json(created.params, new.params):
        return Decision(OK_OUTCOME)
    return _mistyped(f"execution `{new.execution_id}` exists already with another function or other parameters")


async def _stub(kernel: Kernel, question: Question) -> Decision:
    target = question.target
    state = await kernel.storage.state(target)
    if state is None:
        return Decision(error_outcome(RefusalKind.EXECUTION_NOT_FOUND.value))
    if not is_stub(state):
        return _mistyped(not_a_stub(target, state))
    if question.ffqn not in (None, state.ffqn):
        return _mistyped(f"execution `{target}` is one of `{state.ffqn}`, not of `{question.ffqn}`")
    try:
        result = question.value if question.ffqn else stubbed_result(kernel.functions.get(state.ffqn), question.value)
    except (FunctionNotFoundError, InvalidValueError) as error:
        return _mistyped(str(error))
    if not state.is_finished:
        return Decision(OK_OUTCOME, stubbed=Stubbed(target, state, result))
    if same_result(await result_of(kernel.storage, target, state), result):
        return Decision(OK_OUTCOME)
    return Decision(error_outcome(RefusalKind.CONFLICT.value))


def _mistyped(detail: str) -> Decision:
    return Decision(error_outcome(RefusalKind.TYPE_CHECK_ERROR.value, detail))
