"""The fixture ``obelisk`` of the pytest plugin: an engine for tests of workflows; see ``docs/how-to/test-workflows.md``.

It is a whole engine with the components of a configuration, on storage in memory and a clock that the test moves. Of the
configuration its storage, exporters, triggers and retention are left out. Nothing is opened before the first submission,
so that ``load`` and ``stub`` come first, whatever runs the test's coroutine.
"""

from __future__ import annotations

import difflib
import random
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec import UNSET, Struct
from msgspec.structs import replace

from obelisk.config.document import disabled_plugins, parse_document, plugin_files, read_document
from obelisk.config.load import decode_document
from obelisk.config.model import Chosen, Config, RetentionSettings
from obelisk.core.events import ExecutionResult
from obelisk.core.state import State
from obelisk.core.values import ReturnShape, failure_text
from obelisk.errors import ConfigError, FunctionNotFoundError, WorkflowTestError
from obelisk.ids import ExecutionId, parse_execution_id
from obelisk.interfaces.executions import ReplayOutcome, ReplayReport
from obelisk.names import Ffqn, parse_ffqn
from obelisk.plugins import Plugins
from obelisk.runtime.engine import Engine
from obelisk.testing.answers import Answers, check_stub
from obelisk.testing.clock import ManualClock
from obelisk.testing.engine import environment_in
from obelisk.testing.passing_time import NothingHappensError, PassingTime
from obelisk.testing.recorded import History, read_history
from obelisk.testing.stubbed import stubbed_config
from obelisk.testing.waits import open_children, waits_of
from obelisk.wit.model import Function

ALL = 1_000_000
MOST_NAMES = 10
CONFIG_NAME = "obelisk.toml"


class Places(Struct, frozen=True):
    """Where a test takes its components from, and what it leaves behind.

    ``config`` is the configuration that the marker, the option or the directory names, ``None`` when there is none;
    relative paths that the test itself names start at ``base``. What components write goes to ``data``, compiled code to
    ``cache``.
    """

    config: Path | None
    base: Path
    data: Path
    cache: Path


class WorkflowBench:
    """See the module's documentation."""

    __test__ = False

    def __init__(self, places: Places, *, environ: Mapping[str, str]) -> None:
        self._places = places
        self._environ = environ
        self._source: Path | str | None = places.config
        self._answers = Answers()
        self._clock = ManualClock()
        self._stack = AsyncExitStack()
        self._opened: _Opened | None = None
        self._is_tried = False
        self._is_closed = False

    # --- before the first submission ------------------------------------------------------------------------------------

    async def load(self, config: Path | str) -> None:
        """Take the components of ``config``, a path of an ``obelisk.toml`` or the text of one, and open them.

        Raises ``ConfigError`` or ``ComponentError`` that lists what is wrong, ``WorkflowTestError`` after the first
        submission.
        """
        if self._opened is not None:
            raise WorkflowTestError("components are loaded already; `load` comes before the first `submit`, and once")
        is_text = isinstance(config, str) and ("\n" in config or "=" in config)
        self._source = config if is_text else self._places.base / config
        await self._open()

    def stub(self, function: str, result: Any) -> None:
        """Let ``function`` answer with ``result`` instead of being run, from its next call on.

        ``result`` is the JSON form of what the function returns (``{"ok": 55}``), or a callable that gets the params and
        returns that, or a coroutine function. What it raises is how the run fails, retries included; an ``AssertionError``
        fails the test. Raises ``FunctionNotFoundError`` and ``InvalidValueError``, at the first submission when nothing is
        loaded yet, and at the end of a test that submits nothing.
        """
        name = parse_ffqn(function)
        if self._opened is not None:
            check_stub(self._function(self._opened, name), name, result)
        self._answers.put(name, result)

    # --- executions -----------------------------------------------------------------------------------------------------

    async def submit(self, function: str, params: list[Any] | None = None, *, execution_id: str | None = None) -> Run:
        """Start an execution, and return a handle of it.

        Raises ``FunctionNotFoundError``, and ``InvalidValueError`` for params that do not fit; what ``load`` raises when
        nothing was loaded yet.
        """
        opened = await self._open()
        name = parse_ffqn(function)
        self._function(opened, name)
        chosen = None if execution_id is None else parse_execution_id(execution_id)
        submission = await opened.engine.executions.submit(name, list(params or []), execution_id=chosen)
        return Run(self, submission.execution_id, name)

    async def call(self, function: str, params: list[Any] | None = None) -> Any:
        """Start an execution, let time pass until it has ended, and return its result; see ``Run.result``."""
        return await (await self.submit(function, params)).result()

    async def give(self, execution_id: str, result: Any) -> None:
        """Give the result of an execution of an ``[[activity_stub]]``.

        Raises ``InvalidValueError`` when it does not fit, ``ExecutionNotFoundError``, and ``ExecutionStateError`` for other
        executions.
        """
        await self._needed().engine.executions.stub(parse_execution_id(execution_id), result)

    def calls(self, function: str) -> list[list[Any]]:
        """Return the params of each call of a function's stub, in their order."""
        return list(self._answers.calls.get(Ffqn(function), []))

    # --- time -----------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The time that the engine sees, aware and in UTC. A test begins at the start of 2026."""
        return self._clock.now()

    async def advance(self, by: timedelta) -> None:
        """Let time pass; what is due in between happens at its own time."""
        await self._open()
        await self._needed().time.advance(by)

    async def settle(self) -> None:
        """Wait until the engine has done all that it can do without time passing."""
        await self._open()
        await self._needed().time.settle()

    # --- histories ------------------------------------------------------------------------------------------------------

    async def history(self, execution_id: str) -> History:
        """Return the log of an execution."""
        executions, ident = self._needed().engine.executions, parse_execution_id(execution_id)
        events = await executions.events(ident, from_version=0, limit=ALL)
        responses = await executions.responses(ident, after_cursor=0, limit=ALL)
        return History(ident, tuple(events), tuple(responses))

    async def replay(self, history: History | Path | str, *, execution_id: str | None = None) -> ReplayReport:
        """Replay a history, or the file of one, against the loaded workflow; nothing is run, and nothing written.

        ``execution_id`` is for files that do not tell whose history they hold. Raises ``WorkflowTestError`` with the event
        that the history holds and the call that was made instead, and for files that hold no history.
        """
        opened = await self._open()
        if not isinstance(history, History):
            history = read_history(self._places.base / history, execution_id=execution_id)
        log = history.log()
        self._function(opened, log.state.ffqn)
        report = await opened.engine.executions.replay_log(log)
        if report.outcome is ReplayOutcome.FAILED:
            raise WorkflowTestError(
                f"the replay of `{history.execution_id}` of `{log.state.ffqn}` failed: {report.error}"
            )
        return report

    # --- what is behind it ----------------------------------------------------------------------------------------------

    @property
    def engine(self) -> Engine:
        """The engine, for all else. Raises ``WorkflowTestError`` before something was loaded or submitted."""
        return self._needed().engine

    async def wait(self, execution_id: ExecutionId) -> ExecutionResult:
        """Let time pass until an execution has ended; see ``Run.outcome``."""
        opened = self._needed()
        try:
            finished = await opened.time.until(opened.engine.executions.wait(execution_id))
        except NothingHappensError:
            waits = "\n  ".join(await waits_of(opened.engine.executions, execution_id))
            raise WorkflowTestError(
                f"nothing can happen any more, and the execution has not ended:\n  {waits}"
            ) from None
        self._answers.raise_problem()
        return finished.result

    @property
    def has_unchecked_stubs(self) -> bool:
        """Whether there are stubs, and no components were opened that they could have been held against."""
        return bool(self._answers.names) and not self._is_tried

    async def check_stubs(self) -> None:
        """Open the components when the stubs were not held against any; the plugin does so at the end of a test.

        Raises what is wrong with a stub, and what ``load`` raises.
        """
        if self.has_unchecked_stubs:
            await self._open()

    async def close(self) -> None:
        """Close the engine; the plugin does so when the test's coroutine has ended."""
        self._is_closed = True
        await self._stack.aclose()

    def raise_problem(self) -> None:
        """Raise what went wrong with a stub and was not told yet."""
        self._answers.raise_problem()

    def function(self, name: Ffqn) -> Function:
        """Return the signature of a function."""
        return self._function(self._needed(), name)

    def _needed(self) -> _Opened:
        if self._opened is None or self._is_closed:
            state = (
                "is closed: the test has ended" if self._is_closed else "is not open; `submit` or `load` comes first"
            )
            raise WorkflowTestError(f"the engine of this test {state}")
        return self._opened

    async def _open(self) -> _Opened:
        if self._is_closed or self._opened is not None:
            return self._needed()
        self._is_tried = True
        environ = {**self._environ, **environment_in(self._places.data, {})}
        environ["OBELISK_CACHE_DIR"] = str(self._places.cache)
        config = self._config(environ)
        source = random.Random(0).randbytes  # equal tests have equal ids
        stubbed = await stubbed_config(
            config, self._answers, self._stack, clock=self._clock, random=source, environ=environ
        )
        engine = Engine(stubbed.config, clock=self._clock, random=source, environ=environ)
        opened = _Opened(engine, PassingTime(engine, self._clock, self._answers.raise_problem), stubbed.functions)
        for name in self._answers.names:
            check_stub(self._function(opened, name), name, self._answers.of(name))
        await self._stack.enter_async_context(engine)
        self._opened = opened
        return opened

    def _config(self, environ: Mapping[str, str]) -> Config:
        source, base = self._source, self._places.base
        if source is None:
            raise ConfigError(
                f"no components: there is no `{CONFIG_NAME}` beside the test or above it; name one with "
                '`@pytest.mark.obelisk("PATH")`, with `obelisk_config = "PATH"` in pytest\'s configuration, or with '
                "`await obelisk.load(PATH)`"
            )
        if isinstance(source, Path):
            document = read_document(source, environ=environ, cwd=base)
        else:
            document = parse_document(source, origin="the test's configuration", base=base, environ=environ, cwd=base)
        disabled, files = disabled_plugins(document), plugin_files(document)
        plugins = Plugins.load(environ=environ, disabled=disabled, files=files)
        config = decode_document(document, plugins)
        if not config.components:
            raise ConfigError(f"no components: {document.origin} has no table of one, such as `[[workflow_wasm]]`")
        memory = plugins.storages.get("memory")
        return replace(
            config,
            store=Chosen(memory, memory.settings()),
            kernel=replace(config.kernel, retention=RetentionSettings()),
            exporters=(),
            triggers=(),
        )

    def _function(self, opened: _Opened, name: Ffqn) -> Function:
        found = opened.functions.get(name)
        if found is None:
            close = difflib.get_close_matches(name, opened.functions, n=3, cutoff=0.5) or list(opened.functions)
            known = ", ".join(f"`{one}`" for one in close[:MOST_NAMES])
            raise FunctionNotFoundError(
                f"function not found: `{name}` is neither exported by a loaded component nor called by a loaded workflow; "
                f"there {'is' if len(close) == 1 else 'are'} {known or 'none'}"
            )
        return found


class _Opened(Struct, frozen=True):
    """What is there once components are loaded."""

    engine: Engine
    time: PassingTime
    functions: dict[Ffqn, Function]


class Run:
    """An execution that a test started."""

    def __init__(self, bench: WorkflowBench, execution_id: ExecutionId, ffqn: Ffqn) -> None:
        self._bench = bench
        self.id = execution_id
        self.ffqn = ffqn

    async def result(self) -> Any:
        """Let time pass until it has ended, and return what the function returned, in its JSON form (``{"ok": 55}``).

        Raises ``WorkflowTestError`` when it failed without returning, when it cannot end because nothing can happen any
        more, and when a stub was missing or wrong.
        """
        result = await self.outcome()
        failure = result.execution_failure
        if failure is not UNSET:
            detail = "" if failure.detail is None else f"\n{failure.detail}"
            raise WorkflowTestError(f"`{self.id}` of `{self.ffqn}` failed: {failure_text(failure)}{detail}")
        shape = ReturnShape(self._bench.function(self.ffqn).result)
        return shape.project(result)

    async def outcome(self) -> ExecutionResult:
        """Let time pass until it has ended, and return how, also when it failed. Raises else what ``result`` raises."""
        return await self._bench.wait(self.id)

    async def state(self) -> State:
        """Return what it is doing now."""
        return await self._bench.engine.executions.get(self.id)

    async def history(self) -> History:
        """Return its log so far."""
        return await self._bench.history(self.id)

    async def waits_for(self) -> list[str]:
        """Let it do what it can without time passing, and return in words what it waits for; empty when it has ended."""
        await self._bench.settle()
        return await waits_of(self._bench.engine.executions, self.id)

    async def children(self) -> list[ExecutionId]:
        """Return the executions right below it that have not ended, in the order in which it asked for them."""
        await self._bench.settle()
        executions = self._bench.engine.executions
        return await open_children(executions, self.id)
