"""The functions of a deployment and the components behind them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from obelisk.core.events import ComponentRole, RetryConfig, TimeSpan
from obelisk.core.retry import backoff, jittered
from obelisk.core.values import ParamsShape, ReturnShape
from obelisk.errors import FunctionNotFoundError, LinkError
from obelisk.ids import ExecutionId
from obelisk.interfaces.components import ActivityComponent, Component, WorkflowComponent
from obelisk.interfaces.executions import FunctionDetail
from obelisk.interfaces.settings import ActivitySettings, AwaitStrategy, LockingStrategy, WorkflowSettings
from obelisk.names import Ffqn, ffqn
from obelisk.runtime.permits import Permits
from obelisk.runtime.run_logs import LineRoute
from obelisk.wit.extensions import extended, extension_interfaces
from obelisk.wit.model import Function, Interface

SUGGESTIONS = 3
FRESH_LOCK = 0.75
"""A lock of which less than this part is left when an activity's run starts begins anew."""
MAX_BACKOFF = timedelta(hours=1)
"""The longest wait before a retry when no component says otherwise."""


class ComponentEntry:
    """An opened component with what the engine needs to run it."""

    __slots__ = (
        "batching", "component", "extends_lock", "fresh_lock", "interrupts", "is_stub", "is_workflow", "leeway",
        "line_route", "lock_expiry", "locking", "max_retries", "opened", "permits", "retry_config", "retry_exp_backoff",
        "retry_jitter", "retry_max_backoff",
    )  # fmt: skip

    def __init__(self, opened: ActivityComponent | WorkflowComponent) -> None:
        self.opened = opened
        self.component: Component = opened.component
        self.is_workflow = self.component.role is ComponentRole.WORKFLOW
        """Whether its executions are replayed."""
        self.is_stub = self.component.role is ComponentRole.ACTIVITY_STUB
        """Whether nobody runs its executions: their results are given."""
        self.line_route = LineRoute.of(self.component)
        settings = self.component.settings
        limit = settings.exec.instance_limiter
        self.permits = Permits(None if limit == "unlimited" else limit)
        self.lock_expiry: timedelta = settings.exec.lock_expiry
        self.fresh_lock = self.lock_expiry * FRESH_LOCK
        self.max_retries: int | None = None
        self.retry_exp_backoff = timedelta()
        self.retry_max_backoff = MAX_BACKOFF
        self.retry_jitter = 0.0
        self.interrupts = False
        self.batching = AwaitStrategy().non_blocking_event_batching
        self.leeway = timedelta()
        self.extends_lock = False
        self.locking = settings.exec.locking_strategy or (
            LockingStrategy.AUTO if self.is_workflow else LockingStrategy.BY_FFQNS
        )
        if isinstance(settings, ActivitySettings):
            self.max_retries = settings.max_retries
            self.retry_exp_backoff = settings.retry_exp_backoff
            self.retry_max_backoff = settings.retry_max_backoff
            self.retry_jitter = settings.retry_jitter
        elif isinstance(settings, WorkflowSettings):
            self._take_workflow_settings(settings)
        self.retry_config = RetryConfig(self.max_retries, to_span(self.retry_exp_backoff))

    def _take_workflow_settings(self, settings: WorkflowSettings) -> None:
        self.retry_exp_backoff = settings.retry_exp_backoff
        self.extends_lock = settings.lock_extension
        self.leeway = min(settings.lock_extension_leeway, self.lock_expiry / 2) if self.extends_lock else timedelta()
        strategy = settings.blocking_strategy
        self.interrupts = strategy == "interrupt"
        if isinstance(strategy, AwaitStrategy):
            self.batching = max(1, strategy.non_blocking_event_batching)

    @property
    def upgrades(self) -> bool:
        """Whether an execution of another component is tried with this one."""
        return self.is_workflow and self.locking is LockingStrategy.AUTO

    def retry_pause(self, execution_id: ExecutionId, failures: int) -> timedelta:
        """How long an execution waits after its ``failures``-th failure."""
        pause = backoff(self.retry_exp_backoff, failures, maximum=self.retry_max_backoff)
        return jittered(pause, self.retry_jitter, execution_id=execution_id, failures=failures)

    def ffqns(self) -> frozenset[Ffqn]:
        """The functions that its executors pick up, none for stubs and for what triggers run."""
        if self.is_stub or self.component.role.is_of_trigger:
            return frozenset()
        return frozenset(
            ffqn(interface.name, function.name)
            for interface in self.component.exports
            for function in interface.functions
        )


class FunctionEntry:
    """A function that an execution can run."""

    __slots__ = ("entry", "ffqn", "function", "params", "shape")

    def __init__(self, name: Ffqn, function: Function, entry: ComponentEntry) -> None:
        self.ffqn = name
        self.function = function
        self.entry = entry
        self.params = ParamsShape(function)
        self.shape = ReturnShape(function.result)


class Functions:
    """The functions of a deployment by name."""

    def __init__(self, entries: Sequence[ComponentEntry], *, problems: list[tuple[int, str]] | None = None) -> None:
        """Collect them. Functions that two components export are a ``LinkError``.

        When ``problems`` is given, they are put there instead, each with the index of the entry that is the second.
        """
        self.entries = tuple(entries)
        self._by_name: dict[Ffqn, FunctionEntry] = {}
        duplicates = [(index, problem) for index, entry in enumerate(entries) for problem in self._add(entry)]
        if problems is not None:
            problems += duplicates
        elif duplicates:
            raise LinkError("\n".join(problem for _, problem in duplicates))

    def _add(self, entry: ComponentEntry) -> Iterable[str]:
        for interface in entry.component.exports:
            for function in interface.functions:
                name = ffqn(interface.name, function.name)
                other = self._by_name.get(name)
                if other is not None:
                    yield (
                        f"function `{name}` of component `{entry.component.id.name}` is already exported by component "
                        f"`{other.entry.component.id.name}`; remove one of the two from the configuration"
                    )
                    continue
                self._by_name[name] = FunctionEntry(name, function, entry)

    def find(self, name: Ffqn) -> FunctionEntry | None:
        """Return a function, ``None`` when no component exports it."""
        return self._by_name.get(name)

    def get(self, name: Ffqn) -> FunctionEntry:
        """Return a function; raise ``FunctionNotFoundError`` with the nearest names when there is none."""
        found = self._by_name.get(name)
        if found is None:
            raise FunctionNotFoundError(f"function not found: `{name}`" + self._nearest(name))
        return found

    def signature(self, name: Ffqn) -> Function:
        """Return the params and the result of a function; see ``interfaces.triggers.Calls``."""
        return self.get(name).function

    def check(self, name: Ffqn, params: Any) -> list[Any]:
        """Return the params of a call in their normal form; see ``core.effects.FunctionCatalog``."""
        return self.get(name).params.check(params)

    def _nearest(self, name: Ffqn) -> str:
        close = difflib.get_close_matches(name, self._by_name, n=SUGGESTIONS, cutoff=0.5)
        if close:
            return "; did you mean " + " or ".join(f"`{match}`" for match in close) + "?"
        return "; `obelisk client component list` shows what can be submitted"


def details(interfaces: Iterable[Interface], *, submittable: bool) -> list[FunctionDetail]:
    """Return the functions of interfaces as clients see them."""
    found = []
    for interface in interfaces:
        for function in interface.functions:
            behind = extended(interface.name, function.name)
            extension = None if behind is None else behind.extension
            found.append(FunctionDetail(ffqn(interface.name, function.name), function, extension, submittable))
    return found


def exported_details(component: Component, *, extensions: bool) -> tuple[FunctionDetail, ...]:
    """Return what a component exports, with the functions derived from it when ``extensions`` is true."""
    runs = component.role is not ComponentRole.WEBHOOK_ENDPOINT
    found = details(component.exports, submittable=runs)
    if extensions:
        for interface in component.exports:
            found += details(extension_interfaces(interface, role=component.role), submittable=False)
    return tuple(found)


def to_span(length: timedelta) -> TimeSpan:
    """Return a length of time as the log holds it."""
    return TimeSpan(length.days * 86_400 + length.seconds, length.microseconds * 1000)


def to_timedelta(span: TimeSpan) -> timedelta:
    """Return a length of time of the log, rounded down to microseconds."""
    return timedelta(seconds=span.secs, microseconds=span.nanos // 1000)
