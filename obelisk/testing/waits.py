"""What an execution that never ends waits for, in words."""

from __future__ import annotations

from obelisk.core.events import ComponentRole
from obelisk.core.joinsets import open_members
from obelisk.core.state import Lifecycle, State, Status
from obelisk.errors import ExecutionNotFoundError
from obelisk.ids import DELAY_PREFIX, ExecutionId
from obelisk.interfaces.executions import Executions

ALL = 1_000_000
MOST_LINES = 20


async def waits_of(executions: Executions, execution_id: ExecutionId) -> list[str]:
    """Return a line for the execution and one for each below it that has not ended, each with what it waits for."""
    lines: list[str] = []
    to_come = [(execution_id, 0)]
    while to_come and len(lines) < MOST_LINES:
        one, depth = to_come.pop()
        indent = "  " * depth
        try:
            state = await executions.get(one)
        except ExecutionNotFoundError:
            continue
        if state.is_finished:
            continue
        lines.append(f"{indent}`{one}` of `{state.ffqn}` {_why(one, state)}")
        members = await _open_members(executions, one)
        lines += [f"{indent}  the delay `{member}`" for member in members if member.startswith(DELAY_PREFIX)]
        to_come += [(ExecutionId(member), depth + 1) for member in members if not member.startswith(DELAY_PREFIX)][::-1]
    return lines


async def open_children(executions: Executions, execution_id: ExecutionId) -> list[ExecutionId]:
    """Return the executions right below one that it has no response of, in the order in which it asked for them."""
    members = await _open_members(executions, execution_id)
    return [ExecutionId(member) for member in members if not member.startswith(DELAY_PREFIX)]


async def _open_members(executions: Executions, execution_id: ExecutionId) -> list[str]:
    events = await executions.events(execution_id, from_version=0, limit=ALL)
    responses = await executions.responses(execution_id, after_cursor=0, limit=ALL)
    return [str(member) for member in open_members(events, responses)][::-1]


def _why(execution_id: ExecutionId, state: State) -> str:
    if state.lifecycle is Lifecycle.PAUSED:
        return f'is paused; `await obelisk.engine.executions.unpause("{execution_id}")` lets it go on'
    if state.component_id.component_type is ComponentRole.ACTIVITY_STUB:
        return f'is an `[[activity_stub]]`; `await obelisk.give("{execution_id}", result)` gives its result'
    if state.status is Status.BLOCKED:
        return f"waits for a response in the join set `{state.join_set_id}`, which none of these is going to give:"
    return f"is {state.status.value}, and nothing runs it"
