"""What functions answer in a test instead of being run: the stubs of a test, and components that ask them first."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec.structs import replace

from obelisk.core.values import check_value
from obelisk.errors import InvalidValueError, ObeliskError, WorkflowTestError
from obelisk.interfaces.components import (
    ActivityCall,
    ActivityComponent,
    ActivityRun,
    Component,
    Crashed,
    Logged,
    Outcome,
    Returned,
    Step,
    WorkflowCall,
    WorkflowComponent,
    WorkflowProgram,
)
from obelisk.names import Ffqn, ffqn
from obelisk.wit.model import Function
from obelisk.wit.typetext import inline_type_text


class Answers:
    """The stubs of one test, and what went wrong with them. ``calls`` holds the params of each call of a stub."""

    def __init__(self) -> None:
        self.calls: dict[Ffqn, list[list[Any]]] = {}
        self._stubs: dict[Ffqn, Any] = {}
        self._problems: list[BaseException] = []

    @property
    def names(self) -> tuple[Ffqn, ...]:
        """The functions that have a stub."""
        return tuple(self._stubs)

    def put(self, name: Ffqn, stub: Any) -> None:
        """Let ``name`` answer with ``stub``, a value or a callable; the one that it had before is gone."""
        self._stubs[name] = stub

    def has(self, name: Ffqn) -> bool:
        """Whether a function has a stub."""
        return name in self._stubs

    def of(self, name: Ffqn) -> Any:
        """Return the stub of a function that has one."""
        return self._stubs[name]

    def ask(self, name: Ffqn, params: list[Any]) -> Any:
        """Return what a stub answers, perhaps an awaitable. Raises what a callable raises."""
        self.calls.setdefault(name, []).append(params)
        stub = self._stubs[name]
        return stub(*params) if callable(stub) else stub

    def note(self, problem: BaseException) -> None:
        """Keep what fails the test."""
        self._problems.append(problem)

    def raise_problem(self) -> None:
        """Raise the first problem that was noted; each is raised once."""
        if self._problems:
            raise self._problems.pop(0)


def check_stub(function: Function, name: Ffqn, stub: Any) -> None:
    """Raise ``InvalidValueError`` for a stub that is a value which its function cannot return."""
    if not callable(stub):
        checked_answer(function, name, stub)


def checked_answer(function: Function, name: Ffqn, answer: Any) -> Any:
    """Return an answer in the normal form of a function's result; raises ``InvalidValueError`` when it does not fit."""
    result = function.result
    if result is None:
        if answer is None:
            return None
        raise InvalidValueError(
            f"the stub of `{name}` answers {answer!r:.200}, but the function returns nothing: `None`"
        )
    try:
        return check_value(result, answer)
    except InvalidValueError as error:
        raise InvalidValueError(
            f"the stub of `{name}` answers {answer!r:.200}, which is no `{inline_type_text(result)}`: {error}"
        ) from None


class _Asking:
    """What is common to components that ask the stubs first."""

    def __init__(self, component: Component, answers: Answers) -> None:
        # A stub's effects are the test's own, so nothing runs ahead of its commit.
        self.component = replace(component, pure=False)
        self._answers = answers
        self._functions = functions_of(component)

    def returned(self, name: Ffqn, answer: Any) -> Outcome:
        """Return how a run ends that answers ``answer``."""
        try:
            return Returned(checked_answer(self._functions[name], name, answer))
        except InvalidValueError as error:
            return self.failed(error)

    def failed(self, error: BaseException) -> Outcome:
        """Return how a run ends whose stub raised: like a trap, unless it is the test that fails (``pytest.fail`` too)."""
        if isinstance(error, Exception) and not isinstance(error, AssertionError | ObeliskError):
            return Crashed(f"{type(error).__name__}: {error}")
        self._answers.note(error)
        return Crashed(f"{type(error).__name__}: {error}", retry=False)


def functions_of(component: Component) -> dict[Ffqn, Function]:
    """Return what a component exports by its full name."""
    return {
        ffqn(interface.name, function.name): function
        for interface in component.exports
        for function in interface.functions
    }


class AskingActivity(_Asking):
    """An activity component; ``opened`` runs what has no stub, and is ``None`` for what no component exports."""

    def __init__(self, component: Component, opened: ActivityComponent | None, answers: Answers) -> None:
        super().__init__(component, answers)
        self._opened = opened

    def start(
        self, call: ActivityCall, done: Callable[[Outcome], None], log: Callable[[Logged], None]
    ) -> ActivityRun | None:
        """Ask the stub, or start a run."""
        if not self._answers.has(call.ffqn):
            if self._opened is not None:
                return self._opened.start(call, done, log)
            done(self._unanswered(call.ffqn))
            return None
        return self._ask(call, done)

    def _ask(self, call: ActivityCall, done: Callable[[Outcome], None]) -> ActivityRun | None:
        try:
            answer = self._answers.ask(call.ffqn, call.params)
        except BaseException as error:  # noqa: BLE001 - what a stub raises is how its run fails, or the test
            done(self.failed(error))
            return None
        if inspect.isawaitable(answer):
            return _AnswerRun(self, call.ffqn, answer, done)
        done(self.returned(call.ffqn, answer))
        return None

    def _unanswered(self, name: Ffqn) -> Outcome:
        problem = WorkflowTestError(
            f"a workflow called `{name}`, which no loaded component exports and which has no stub; "
            f'give it one with `obelisk.stub("{name}", result)`, or load the component'
        )
        self._answers.note(problem)
        return Crashed(str(problem), retry=False)


class _AnswerRun(ActivityRun):
    """A run whose stub is a coroutine."""

    def __init__(
        self, component: AskingActivity, name: Ffqn, answer: Awaitable[Any], done: Callable[[Outcome], None]
    ) -> None:
        self._component = component
        self._name = name
        self._done = done
        self._task = asyncio.ensure_future(answer)
        self._task.add_done_callback(self._ended)

    def cancel(self) -> None:
        """End the coroutine."""
        self._task.cancel()

    def _ended(self, task: asyncio.Future[Any]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._done(self._component.returned(self._name, task.result()))
        else:
            self._done(self._component.failed(error))


class AskingWorkflow(_Asking):
    """A workflow component of which some functions may have stubs."""

    def __init__(self, opened: WorkflowComponent, answers: Answers) -> None:
        super().__init__(opened.component, answers)
        self._opened = opened

    def begin(self, call: WorkflowCall, wake: Callable[[], None], log: Callable[[Logged], None]) -> WorkflowProgram:
        """Return a program, or what answers instead."""
        if not self._answers.has(call.ffqn):
            return self._opened.begin(call, wake, log)
        return _AnswerProgram(lambda: self._answered(call))

    def _answered(self, call: WorkflowCall) -> Outcome:
        try:
            answer = self._answers.ask(call.ffqn, call.params)
        except BaseException as error:  # noqa: BLE001 - what a stub raises is how its run fails, or the test
            return self.failed(error)
        if inspect.iscoroutine(answer):
            answer.close()
            return self.failed(WorkflowTestError(f"the stub of the workflow `{call.ffqn}` is a coroutine function"))
        return self.returned(call.ffqn, answer)


class _AnswerProgram:
    """A workflow that answers at once."""

    def __init__(self, answer: Callable[[], Outcome]) -> None:
        self._answer = answer

    def start(self) -> Step:
        """Answer."""
        return self._answer()

    def resume(self, reply: Any) -> Step:
        """Never called: it asks for nothing."""
        raise AssertionError

    def step(self) -> Step:
        """Never called: it is never busy."""
        raise AssertionError

    def close(self) -> None:
        """Hold nothing."""
