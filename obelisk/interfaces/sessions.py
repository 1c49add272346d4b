"""Sessions: executions that a trigger runs itself, such as a request that is answered while it lasts.

A session is an execution without a guest that the engine knows of: the trigger does the work, and asks the session for
what has to be in the log. It is locked by this server for as long as it lasts, its children are listed under it, and it
ends with a result like every other execution. It cannot be replayed, so it does not outlive its server: one whose server is
gone ends as an execution failure, and its children run on. For an execution of a trigger that goes on after a restart,
see ``interfaces.seeds``.

How a request becomes an execution::

    session = host.sessions.open(SessionOpening(component, Ffqn("wasi:http/incoming-handler.handle")))
    try:
        called = await session.call(Ffqn("example:shop/orders.place"), [17])
        await answer(called.result)
        result = ExecutionResult(ok=None)
    except ObeliskError as error:
        result = failed(FailureKind.UNCATEGORIZED, str(error))
    await session.finish(result)

What is written
    Nothing, as long as nothing has an effect. The first child or scheduled execution is written together with the session's
    own ``created`` and ``locked``; so is the session when it has logged a line that is stored. ``finish`` writes
    ``finished``; of a session without an effect it writes all three at once, or nothing, as ``Persistence`` says.

One thing at a time
    An execution waits for one response at a time. Calls and schedules that are asked for while another one is under way
    wait for their turn, in the order in which they were asked for. Cancelling the await of a call does not end its child,
    and does not take back what the log says, namely that the session waits for it: what is asked for next has its turn when
    that child has ended. A trigger that gives up on a call ends the session; ``finish`` never waits for a child. Whoever
    wants calls beside each other opens a session for each.

Who else may end it
    The server, when it stops: after ``[server] shutdown_timeout`` the session ends as a failure. Another server on the same
    storage, when the lock was not extended in time. Nobody on request: cancelling, pausing, upgrading and replaying a
    session is refused. Whatever is asked of a session that has ended raises ``ExecutionStateError``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import Enum
from typing import Any, Protocol

from msgspec import Struct

from obelisk.core.events import ComponentId, ExecutionResult, HttpClientTrace, ScheduleAt
from obelisk.ids import ExecutionId, RunId
from obelisk.interfaces.components import Logged
from obelisk.interfaces.executions import Submission
from obelisk.interfaces.settings import Forward, StoredLevel
from obelisk.names import Ffqn

SERVER_STOPPED = "server stopped during the request"
"""Why a session failed whose server ended before it did."""

NOW = "now"
"""``schedule_at`` of what is due at once."""


class Persistence(Enum):
    """Whether a session is kept that had no effect."""

    ALWAYS = "always"
    WITH_EFFECTS = "with_effects"


class SessionOpening(Struct, frozen=True, kw_only=True):
    """What a session is of.

    ``component`` is who runs it; its role has to be one that belongs to triggers, ``webhook_endpoint`` or ``cron``, and its
    digest tells one version of it from another. ``ffqn`` is the function that is run, one that no component of the
    deployment exports. ``metadata`` may hold the trace that the session is part of, under ``tracing:traceparent`` and
    ``tracing:tracestate``, in the form of W3C Trace Context; what it calls is part of that trace too, what it schedules is
    linked to it. ``lock_expiry`` is how long after the death of its machine another server ends it; the lock is extended
    each time that half of it is over.
    The last three say what becomes of lines, as the keys of the same names do in the table of a component.
    """

    component: ComponentId
    ffqn: Ffqn
    params: list[Any] = []
    metadata: Mapping[str, str] = {}
    persist: Persistence = Persistence.WITH_EFFECTS
    lock_expiry: timedelta = timedelta(minutes=1)
    forward_stdout: Forward = Forward.DB
    forward_stderr: Forward = Forward.DB
    logs_store_min_level: StoredLevel = StoredLevel.DEBUG


class Called(Struct, frozen=True):
    """A child that has ended, and how."""

    execution_id: ExecutionId
    result: ExecutionResult


class Session(Protocol):
    """One execution that a trigger runs. Its methods are called on the engine's loop.

    Each of them that writes raises ``CommitUnknownError`` when nobody knows whether it was written; the session has then
    ended. It raises ``StorageError`` when the storage fails, ``ExecutionStateError`` when the session has ended. When the
    caller is cancelled, what was begun is written all the same.
    """

    @property
    def execution_id(self) -> ExecutionId:
        """The id that the execution has, or would have if it were written."""

    @property
    def run_id(self) -> RunId:
        """The id of its only run."""

    @property
    def has_effects(self) -> bool:
        """Whether the execution exists in the storage, or is being written."""

    async def call(self, ffqn: Ffqn, params: Any) -> Called:
        """Run a function as a child, and return how it ended.

        It leaves what a workflow's direct call leaves: a join set named after the function, the request, the wait. Raises
        ``FunctionNotFoundError`` and ``InvalidValueError``; a call that is refused leaves nothing.
        """

    async def schedule(
        self,
        ffqn: Ffqn,
        params: Any,
        *,
        execution_id: ExecutionId | None = None,
        schedule_at: ScheduleAt | str = NOW,
    ) -> Submission:
        """Start a top-level execution, now or later, and return once that is durable.

        An ``execution_id`` that exists already is fine when it names the same function and params; the submission says so.
        Raises ``FunctionNotFoundError``, ``InvalidValueError``, and ``ExecutionConflictError`` when the id is taken by
        something else; what is refused leaves nothing.
        """

    def generate_id(self) -> ExecutionId:
        """Return a new top-level execution id; leaves no event."""

    def log(self, line: Logged) -> None:
        """Pass on a line that the session's component logged. Raises nothing; a line may be logged after the end."""

    async def finish(self, result: ExecutionResult, *, http_client_traces: Sequence[HttpClientTrace] = ()) -> None:
        """End the session; return once that is durable. A call that is under way raises, its child runs on.

        ``http_client_traces`` are the HTTP requests that it has sent; they are no effect that makes it worth keeping.
        Finishing twice, or after the server ended the session, raises ``ExecutionStateError``.
        """


class Sessions(Protocol):
    """Opens sessions."""

    def open(self, opening: SessionOpening) -> Session:
        """Return a new session; nothing is written yet.

        Raises ``InvalidValueError`` when ``opening`` is not as it says, ``ExecutionStateError`` when the engine is stopping.
        """
