"""What a component is, and what a kind of component owes to the engine.

A component kind turns one TOML table into an opened component: what it imports and exports, the digest of what is run,
and a way to run it. The engine decides when something runs, retries it, and writes its log; the kind only runs it.

Runs report through a callback instead of a coroutine, because a short activity then costs no task:
``ActivityComponent.start`` may call ``done`` before it returns. ``AsyncActivity`` turns that into ``async def run``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Protocol, TypeVar

from msgspec import Struct

from obelisk.core.commands import Command, Reply
from obelisk.core.events import ComponentId, ComponentRole, FailureKind, HttpClientTrace
from obelisk.core.trace_context import TraceContext
from obelisk.ids import ExecutionId, RunId
from obelisk.interfaces.provider import Host
from obelisk.interfaces.settings import ComponentSettings
from obelisk.interfaces.sources import Artifact
from obelisk.names import Ffqn
from obelisk.wit.model import Interface, World

S = TypeVar("S")


class LogLevel(Enum):
    """How much a line matters."""

    TRACE = "trace"
    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"


class LogLine(Struct, frozen=True):
    """A line that a guest logged.

    One that stands for lines which are lost says in ``missing`` how many they are.
    """

    level: LogLevel
    message: str
    missing: int = 0


class StreamType(Enum):
    """A standard stream that a run writes to."""

    STDOUT = "stdout"
    STDERR = "stderr"


class StreamLine(Struct, frozen=True):
    """A line that a run wrote to a standard stream, without its end. It is text only if the run wrote text."""

    stream: StreamType
    payload: bytes


Logged = LogLine | StreamLine
"""What a run leaves for people to read, in the order in which it came."""


class ActivityCall(Struct, frozen=True):
    """One run of an activity. ``params`` fit the function's WIT types. After ``deadline`` the engine cancels the run.

    ``created_at`` is when the run began. ``trace`` is the trace that the execution is part of, for what it sends to
    others; ``None`` is the one of its id.
    """

    execution_id: ExecutionId
    run_id: RunId
    ffqn: Ffqn
    params: list[Any]
    created_at: datetime
    deadline: datetime
    trace: TraceContext | None = None


class Returned(Struct, frozen=True):
    """The function returned; ``value`` is plain JSON that fits its WIT type, ``None`` when it returns nothing.

    ``http_client_traces`` are the HTTP requests that an activity's run sent.
    """

    value: Any
    http_client_traces: tuple[HttpClientTrace, ...] = ()


class Crashed(Struct, frozen=True):
    """The function did not return: ``reason`` in one line, ``detail`` such as a backtrace.

    ``retry`` tells whether another run could end otherwise. ``http_client_traces`` are the HTTP requests that an activity's
    run sent.
    """

    reason: str
    detail: str | None = None
    kind: FailureKind = FailureKind.UNCATEGORIZED
    retry: bool = True
    http_client_traces: tuple[HttpClientTrace, ...] = ()


Outcome = Returned | Crashed


class ActivityRun(Protocol):
    """A run that has not reported yet."""

    def cancel(self) -> None:
        """End the run and free what it holds. ``done`` is not called any more."""

    def http_client_traces(self) -> tuple[HttpClientTrace, ...]:
        """Return the HTTP requests that it has sent so far; asked before a run is cancelled."""
        return ()


class ActivityComponent(Protocol):
    """An opened activity component."""

    component: Component

    def start(
        self, call: ActivityCall, done: Callable[[Outcome], None], log: Callable[[Logged], None]
    ) -> ActivityRun | None:
        """Start a run. ``done`` is called exactly once, on the loop, unless the run is cancelled.

        Returns ``None`` when ``done`` was called already. Raises nothing: what goes wrong is a ``Crashed``.
        """


class WorkflowCall(Struct, frozen=True):
    """One workflow execution in memory, created at ``created_at``. ``params`` fit the function's WIT types."""

    execution_id: ExecutionId
    ffqn: Ffqn
    params: list[Any]
    created_at: datetime


class Asked(Struct, frozen=True):
    """The workflow wants something and waits for the reply."""

    command: Command


class Busy(Struct, frozen=True):
    """The workflow computes elsewhere; ``wake`` is called on the loop when ``step`` has more to say."""


Step = Asked | Returned | Crashed | Busy


class WorkflowProgram(Protocol):
    """A workflow execution in memory. All methods are called on the loop; none raises for what the guest does."""

    def start(self) -> Step:
        """Begin, and go on until the workflow asks, ends, or takes too long for the loop."""

    def resume(self, reply: Reply) -> Step:
        """Answer the last ``Asked`` and go on."""

    def step(self) -> Step:
        """Return what happened since ``Busy``; called after ``wake``."""

    def close(self) -> None:
        """Drop the workflow, wherever it is. Idempotent."""


class WorkflowComponent(Protocol):
    """An opened workflow component."""

    component: Component

    def begin(self, call: WorkflowCall, wake: Callable[[], None], log: Callable[[Logged], None]) -> WorkflowProgram:
        """Return a program that has not started. It holds no resources until ``start``."""


class Component(Struct, frozen=True):
    """What the engine knows of a component.

    ``exports`` are the interfaces that others may call. ``provides`` are the host interfaces that its kind offers to it;
    every other import has to be an export of some component. ``pure`` says that a run has no effect outside of itself.
    """

    id: ComponentId
    world: World
    exports: tuple[Interface, ...]
    provides: tuple[Interface, ...]
    settings: ComponentSettings
    pure: bool = False

    @property
    def role(self) -> ComponentRole:
        """What the component is for."""
        return self.id.component_type


class ComponentHost(Protocol):
    """What the engine hands to a component kind that opens a component."""

    host: Host
    base: Path
    """The directory that relative locations start at."""

    async def fetch(self, location: str) -> Artifact:
        """Fetch a component by the source for its scheme. Raises ``ComponentError``."""

    def service(self, kind: type[S]) -> S:
        """Return what the engine shares with component kinds under this type.

        ``Secrets`` and ``ExecPermission`` of these interfaces are there for every plugin, the WASM engine for built-ins.
        Raises ``ComponentError`` when it shares nothing of the kind.
        """


class ComponentKindProvider(Struct, frozen=True):
    """Offers the component tables called ``table``, such as ``activity_wasm``, whose keys are ``settings``.

    ``open`` is entered once for each component, several side by side, and raises ``ComponentError`` with what is wrong with
    one; it yields an ``ActivityComponent`` or a ``WorkflowComponent``, as ``role`` says.

    ``share``, if it is not ``None``, returns settings with what belongs to the component itself: what whoever runs it
    elsewhere needs too. Everything private, and everything about this machine, has its default in them: values of
    variables, secrets, directories. It is applied to settings that strangers send as well.
    """

    name: str
    table: str
    role: ComponentRole
    summary: str
    settings: type[ComponentSettings]
    open: Callable[[Any, ComponentHost], AbstractAsyncContextManager[ActivityComponent | WorkflowComponent]]
    share: Callable[[Any], ComponentSettings] | None = None


class AsyncActivity:
    """A base for activity components whose runs are coroutines; a subclass writes ``run``."""

    def __init__(self, component: Component) -> None:
        self.component = component

    async def run(self, call: ActivityCall, log: Callable[[Logged], None]) -> Outcome:
        """Run once and return how it ended. Cancelled when the engine ends the run."""
        raise NotImplementedError

    def start(
        self, call: ActivityCall, done: Callable[[Outcome], None], log: Callable[[Logged], None]
    ) -> ActivityRun | None:
        """Start ``run`` as a task."""
        task = asyncio.get_running_loop().create_task(self.run(call, log))
        task.add_done_callback(lambda ended: _report(ended, done))
        return _TaskRun(task)


class _TaskRun(ActivityRun):
    """A run that is a task."""

    def __init__(self, task: asyncio.Task[Outcome]) -> None:
        self._task = task

    def cancel(self) -> None:
        self._task.cancel()


def _report(task: asyncio.Task[Outcome], done: Callable[[Outcome], None]) -> None:
    if task.cancelled():
        return
    error = task.exception()
    done(task.result() if error is None else Crashed(f"{type(error).__name__}: {error}"))
