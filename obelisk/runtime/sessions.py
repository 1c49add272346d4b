"""The sessions of this process; implements ``interfaces.sessions.Sessions``."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from obelisk.core.events import ComponentId, ExecutionResult, FailureKind, Finished, failed
from obelisk.core.state import State
from obelisk.errors import ExecutionStateError, InvalidValueError, ObeliskError
from obelisk.ids import ExecutionId
from obelisk.interfaces.sessions import SERVER_STOPPED, SessionOpening
from obelisk.names import Ffqn, parse_ffqn
from obelisk.runtime.session_run import SessionRun

if TYPE_CHECKING:
    from obelisk.runtime.kernel import Kernel

LOST_SESSION: ExecutionResult = failed(FailureKind.UNCATEGORIZED, SERVER_STOPPED)
"""How a session ends whose server is gone."""
_log = logging.getLogger("obelisk.sessions")


class EngineSessions:
    """See ``interfaces.sessions.Sessions``."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._open: dict[ExecutionId, SessionRun] = {}

    def open(self, opening: SessionOpening) -> SessionRun:
        """Return a new session; nothing is written yet."""
        kernel = self._kernel
        if kernel.is_stopping:
            raise ExecutionStateError("no session can be opened any more: the server is stopping")
        check_own(kernel, opening.component, opening.ffqn)
        if opening.lock_expiry <= timedelta():
            found = opening.lock_expiry.total_seconds()
            raise InvalidValueError(f"`lock_expiry` of a session: expected more than nothing, found {found} s")
        session = SessionRun(
            kernel, opening, execution_id=kernel.ids.execution(), run_id=kernel.ids.run(), on_left=self._left
        )
        self._open[session.execution_id] = session
        return session

    def find(self, execution_id: ExecutionId) -> SessionRun | None:
        """Return a session of this process that was not written to its end."""
        return self._open.get(execution_id)

    async def look(self) -> None:
        """Look for what other processes wrote to the sessions of this one."""
        for session in list(self._open.values()):
            await session.look()

    async def stop(self) -> None:
        """End every session as a failure, and return once that is written. Raises nothing."""
        error = ExecutionStateError("the session has ended: the server is stopping")
        live = [session for session in self._open.values() if session.is_open]
        if live:
            _log.warning("sessions that did not end in time: %d", len(live))
        results = await asyncio.gather(
            *(session.end(Finished(LOST_SESSION), error) for session in live), return_exceptions=True
        )
        for result in results:
            if isinstance(result, ObeliskError):
                _log.error("a session cannot be ended: %s", result)

    def _left(self, session: SessionRun) -> None:
        self._open.pop(session.execution_id, None)


def check_own(kernel: Kernel, component: ComponentId, ffqn: Ffqn) -> None:
    """Raise unless a trigger may run an execution of ``component`` and ``ffqn``; see ``SessionOpening``."""
    if not component.component_type.is_of_trigger:
        raise InvalidValueError(
            f"component `{component.name}` has the role `{component.component_type.value}`, whose executions no trigger "
            "runs; expected `webhook_endpoint` or `cron`"
        )
    parse_ffqn(ffqn)
    function = kernel.functions.find(ffqn)
    if function is not None and not function.entry.component.role.is_of_trigger:
        raise InvalidValueError(
            f"a trigger cannot run `{ffqn}` itself: component `{function.entry.component.id.name}` exports it"
        )


def check_not_of_trigger(execution_id: ExecutionId, state: State, *, what: str) -> None:
    """Raise ``ExecutionStateError`` when a trigger runs an execution, and so ``what`` cannot be done to it."""
    component = state.component_id
    if component.component_type.is_of_trigger:
        raise ExecutionStateError(
            f"execution `{execution_id}` cannot be {what}: `{component.name}` is no workflow or activity but a "
            f"{component.component_type.value}, whose trigger runs its executions and ends them"
        )
