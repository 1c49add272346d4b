"""Stub executions: nobody runs them, somebody gives their result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from obelisk.core.events import ComponentRole, ExecutionResult
from obelisk.core.hashing import same_result
from obelisk.core.state import State
from obelisk.core.values import checker
from obelisk.errors import ExecutionConflictError, ExecutionStateError, InvalidValueError
from obelisk.ids import ExecutionId
from obelisk.runtime.functions import FunctionEntry
from obelisk.runtime.lookups import result_of, state_of
from obelisk.wit.extensions import extension_result
from obelisk.wit.typetext import inline_type_text

if TYPE_CHECKING:
    from obelisk.runtime.kernel import Kernel


def is_stub(state: State) -> bool:
    """Tell whether an execution's result is given by somebody."""
    return state.component_id.component_type is ComponentRole.ACTIVITY_STUB


def stubbed_result(function: FunctionEntry, value: Any) -> ExecutionResult:
    """Return the result that plain JSON stands for; raise ``InvalidValueError`` when it does not fit.

    It is a value of the type that ``-stub`` takes; for a function whose type has no place for a failure, a plain value of
    that type will do too, and ``null`` where there is none.
    """
    shape, own = function.shape, function.function.result
    try:
        return shape.stubbed(checker(extension_result(own))(value))
    except InvalidValueError:
        if shape.projectable or (own is None and value is not None):
            raise
        return shape.result(None if own is None else checker(own)(value))


async def stub(kernel: Kernel, execution_id: ExecutionId, value: Any) -> None:
    """Give a stub execution its result; see ``Executions.stub``."""
    while True:
        state = await state_of(kernel.storage, execution_id)
        if not is_stub(state):
            raise ExecutionStateError(not_a_stub(execution_id, state))
        result = _given(kernel.functions.get(state.ffqn), value)
        if state.is_finished:
            if same_result(await result_of(kernel.storage, execution_id, state), result):
                return
            raise ExecutionConflictError(f"stub `{execution_id}` has another result already; it can have only one")
        turn = kernel.new_turn()
        kernel.finish(turn, execution_id, result, version=state.next_version, cursor=None, parent=state.parent)
        if await kernel.written(turn):
            return


def _given(function: FunctionEntry, value: Any) -> ExecutionResult:
    """Return the result that somebody outside of workflows gives; an error names the function and its type."""
    try:
        return stubbed_result(function, value)
    except InvalidValueError as error:
        own = function.function.result
        returned = "nothing" if own is None else f"`{inline_type_text(own)}`"
        raise InvalidValueError(
            f"the value does not fit `{function.ffqn}`, which returns {returned}: {error}"
        ) from None


def not_a_stub(execution_id: ExecutionId, state: State) -> str:
    """Return why the result of an execution cannot be given."""
    kind = state.component_id.component_type.value
    return f"execution `{execution_id}` of `{state.ffqn}` is no stub: its result comes from the {kind} that runs it"
