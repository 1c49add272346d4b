"""The engine: the composition root.

``async with Engine(config) as engine`` opens the storage, the component sources and every component, checks that they fit
together, takes up what a crashed process left, and runs until the block is left. The server is an engine with listeners; a
test or a program that embeds Obelisk uses the engine alone.

Theory of operation
    Order of opening: components, then exporters, then the storage, then the drivers, then the triggers: a component, an
    exporter or a trigger's entry that is wrong leaves no database behind. Leaving goes backwards: triggers take nothing
    new and end what is under way, nothing new is locked, activities get what is left of ``[server] shutdown_timeout``,
    what does not end in it is unlocked without using up a retry, and all writes are done, lines of components last,
    before exporters deliver what they hold and the storage closes.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine, Mapping, MutableMapping
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from obelisk.clock import Clock, SystemClock
from obelisk.config.document import disabled_plugins, plugin_files, read_document
from obelisk.config.load import decode_document
from obelisk.config.model import Config, WasmSettings
from obelisk.errors import ConfigError, ObeliskError
from obelisk.interfaces.exec_permission import ExecPermission
from obelisk.interfaces.log_filter import LogFilter
from obelisk.interfaces.provider import Host, RandomSource
from obelisk.interfaces.sandbox import LimitSettings, OutboundHttpSettings, without_methods
from obelisk.interfaces.secrets import Secrets
from obelisk.interfaces.signals import MetricsSnapshot
from obelisk.interfaces.storage import Deployment, Storage
from obelisk.plugins import Plugins
from obelisk.runtime.deploy import EngineComponents, OpenHost, check, deployment_digest, open_components
from obelisk.runtime.executions import EngineExecutions
from obelisk.runtime.executor import Executor
from obelisk.runtime.exports import Exports
from obelisk.runtime.functions import ComponentEntry, Functions
from obelisk.runtime.garbage import GarbageCollector
from obelisk.runtime.hot_limit import HotLimit
from obelisk.runtime.identity import IdSource
from obelisk.runtime.incarnations import Incarnation
from obelisk.runtime.kernel import Kernel
from obelisk.runtime.measuring import Measuring
from obelisk.runtime.permits import SharedLimit
from obelisk.runtime.recovery import recover, warn_of_orphans
from obelisk.runtime.retention import Retention
from obelisk.runtime.secrets import taken_secrets
from obelisk.runtime.seeds import EngineSeeds
from obelisk.runtime.stopping import stop
from obelisk.runtime.triggers import EngineCheckHost, EngineTriggerHost, Triggers, check_triggers
from obelisk.wasm.compile import CodeCache, CompileLimits
from obelisk.wasm.components import WasmComponents
from obelisk.wasm.engine import WasmEngine
from obelisk.wasm.guest import GuestLimits
from obelisk.wasm.settings import EngineSettings

RESTART_SECONDS = 1.0
MAX_VALUE_SIZE = 256 * 1024 * 1024
_log = logging.getLogger("obelisk.engine")


class Engine:
    """See the module's theory of operation. ``executions`` and ``components`` are usable inside of the block."""

    executions: EngineExecutions
    components: EngineComponents

    def __init__(
        self,
        config: Config,
        *,
        clock: Clock | None = None,
        random: RandomSource | None = None,
        environ: MutableMapping[str, str] | None = None,
        clean_storage: bool = False,
    ) -> None:
        """Make an engine of a configuration; nothing is opened yet.

        ``environ`` is the environment that secrets are taken out of, and that components may be given variables of; left
        out, the process's. While an engine is open its secrets are not there, so two engines with the same secrets need one
        each.
        """
        self.config = config
        self._clean_storage = clean_storage
        self.clock: Clock = clock or SystemClock()
        self.random: RandomSource = random or os.urandom
        self._environ = os.environ if environ is None else environ
        self._ids = IdSource(self.clock, self.random)
        self._garbage = GarbageCollector()
        self._stack = AsyncExitStack()
        self._tasks: set[asyncio.Task[None]] = set()
        self._exports = Exports(config.exporters)
        self._triggers = Triggers(config.triggers, self.clock)
        self._measuring = Measuring(self.clock)
        self._kernel: Kernel | None = None
        self._retention: Retention | None = None
        self._incarnation: Incarnation | None = None

    @classmethod
    def from_file(cls, path: Path | None = None, *, environ: Mapping[str, str] | None = None) -> Self:
        """Return an engine with the configuration that a server in this directory would have.

        ``path`` is that of ``--config``; the environment of the process is used unless ``environ`` is given. Raises
        ``ConfigError`` that lists all that is wrong.
        """
        document = read_document(path, environ=os.environ if environ is None else environ, cwd=Path.cwd())
        plugins = Plugins.load(environ=environ, disabled=disabled_plugins(document), files=plugin_files(document))
        return cls(decode_document(document, plugins), environ=None if environ is None else dict(environ))

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    @property
    def wanted_logs(self) -> tuple[LogFilter, ...]:
        """What exporters want of the logger ``obelisk`` and those below it; its level decides what they get."""
        return self._exports.wanted_logs

    @property
    def is_quiet(self) -> bool:
        """Whether nothing happens before time passes, or somebody outside does something."""
        return self._kernel is None or self._kernel.is_quiet

    async def quiet(self) -> None:
        """Wait until no write and no read of the engine is under way."""
        if self._kernel is not None:
            await self._kernel.work.wait_none()

    async def metrics(self) -> MetricsSnapshot:
        """Return every metric as it is now; ``docs/reference/signals.md`` lists them.

        It may be asked for as often as one likes: what the storage tells is kept for a second. An engine that is not open
        tells of its process, and after its end of what it did. Raises nothing.
        """
        return await self._measuring.snapshot()

    async def _open(self) -> None:
        self._stack.callback(self._garbage.give_back)
        self._garbage.take_over()
        host = make_host(self.config, clock=self.clock, random=self.random, environ=self._environ)
        opened = await open_host(self.config, host, self._stack, environ=self._environ)
        entries = await open_components(self.config, opened, self._stack)
        functions = check(entries)
        await check_triggers(self.config.triggers, EngineCheckHost(opened, functions))
        limiter = self.config.kernel.wasm.global_executor_instance_limiter
        shared = SharedLimit(None if limiter == "unlimited" else limiter)
        for entry in entries:
            entry.permits.shared = shared
            entry.batching = min(entry.batching, self.config.kernel.workflows.max_events_per_run)
        await self._exports.open(host)
        if self._clean_storage:
            wipe(self.config)
        storage: Storage = await self._stack.enter_async_context(
            self.config.store.provider.open(self.config.store.settings, host)
        )
        proposed = Deployment(self._ids.deployment(), deployment_digest(entries), self.clock.now())
        deployment = await storage.deployment(proposed)
        self._kernel = self._make_kernel(storage, functions, deployment)
        self._measuring.opened(self._kernel)
        self.executions = EngineExecutions(self._kernel)
        self.components = EngineComponents(entries, deployment.deployment_id)
        await self._start(self._kernel, entries)
        self._exports.start_metrics(self.metrics, self._spawn)
        await self._start_triggers(self._kernel, opened)

    def _make_kernel(self, storage: Storage, functions: Functions, deployment: Deployment) -> Kernel:
        workflows = self.config.kernel.workflows
        kernel = Kernel(
            storage,
            self.clock,
            self._ids,
            functions=functions,
            deployment_id=deployment.deployment_id,
            executor_id=self._ids.executor(),
            hot_limit=HotLimit.of_this_machine()
            if workflows.hot_limit is None
            else HotLimit.fixed(workflows.hot_limit),
            run_ahead=workflows.run_ahead,
            spawn=self._spawn,
            exports=self._exports,
        )
        watcher = self.config.kernel.timers_watcher
        kernel.timers.leeway, kernel.timers.poll = watcher.leeway, watcher.tick_sleep
        return kernel

    async def _start(self, kernel: Kernel, entries: list[ComponentEntry]) -> None:
        if kernel.storage.directory is not None:
            self._incarnation = Incarnation(kernel.storage.directory, kernel.executor_id)
            self._stack.callback(self._incarnation.close)
        await recover(kernel)
        await warn_of_orphans(kernel)
        kernel.executors.update({entry: Executor(kernel, entry) for entry in entries if entry.ffqns()})
        self._spawn(_forever(kernel.alarms.run))
        self._spawn(_forever(kernel.run_logs.run))
        self._spawn(_forever(self._garbage.run))
        if self.config.kernel.timers_watcher.enabled:
            self._spawn(_forever(kernel.timers.run))
        keep = self.config.kernel.retention.finished
        if keep is not None:
            self._retention = Retention(kernel, keep)
            self._spawn(_forever(self._retention.run))
        for executor in kernel.executors.values():
            self._spawn(_forever(executor.run))

    async def _start_triggers(self, kernel: Kernel, opened: OpenHost) -> None:
        host = EngineTriggerHost(
            opened,
            kernel.functions,
            executions=self.executions,
            components=self.components,
            sessions=kernel.sessions,
            seeds=EngineSeeds(kernel),
        )
        await self._triggers.start(host)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(_guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: work.close())  # one that was cancelled before it began

    async def _close(self) -> None:
        try:
            if self._kernel is not None:
                await self._stop(self._kernel)
        except BaseException:
            if self._incarnation is not None:
                self._incarnation.leave()  # not everything was unlocked
            raise
        finally:
            if self._kernel is not None:
                await self._kernel.run_logs.close()
                await self._exports.last_metrics(self.metrics)
            await self._measuring.close()
            await self._exports.close(self.config.kernel.server.exporter_timeout.total_seconds())
            await self._cancel_tasks()
            await self._stack.aclose()

    async def _stop(self, kernel: Kernel) -> None:
        loop, grace = asyncio.get_running_loop(), self.config.kernel.server.shutdown_timeout
        began = loop.time()
        await self._triggers.stop(grace)
        left = max(grace - timedelta(seconds=loop.time() - began), timedelta())
        kernel.notifier.close()
        if self._retention is not None:
            self._retention.stop()
        await stop(kernel, left)

    async def _cancel_tasks(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def wipe(config: Config) -> None:
    """Delete for good what the configured storage holds; raise ``ObeliskError`` when that is not possible."""
    provider = config.store.provider
    if provider.wipe is None:
        raise ConfigError(f"the storage `{provider.name}` has nothing that could be deleted; start without --clean-db")
    provider.wipe(config.store.settings)


async def _forever(serve: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a driver until cancelled; one that ends unexpectedly is started again."""
    while True:
        await _guarded(serve())
        await asyncio.sleep(RESTART_SECONDS)


async def _guarded(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except ObeliskError as error:
        _log.error("%s", error)
    except Exception:  # noqa: BLE001 - one broken task must not end without a word
        _log.exception("a task of the engine ended unexpectedly")


async def open_deployment(
    config: Config, host: Host, stack: AsyncExitStack, *, environ: MutableMapping[str, str] | None = None
) -> list[ComponentEntry]:
    """Open the component sources, the WASM engine and every component; all are closed with ``stack``.

    Secrets are taken out of ``environ``, the process's environment unless it is given, until then.
    """
    return await open_components(config, await open_host(config, host, stack, environ=environ), stack)


async def open_host(
    config: Config, host: Host, stack: AsyncExitStack, *, environ: MutableMapping[str, str] | None = None
) -> OpenHost:
    """Open the component sources, the secrets and the WASM engine: what components are opened with."""
    variables = os.environ if environ is None else environ
    secrets = stack.enter_context(taken_secrets(config.kernel.secrets, variables))
    sources = {
        use.provider.scheme: await stack.enter_async_context(use.provider.open(use.settings, host))
        for use in config.sources
    }
    components = _wasm_components(config, _code_directory(config, host, stack))
    stack.callback(components.close)
    stack.callback(components.engine.close)  # left first: its workers may still hold guests
    outbound = config.kernel.outbound_http
    for pattern in without_methods(outbound.allowed_host):
        _log.warning("`[[outbound_http.allowed_host]]` `%s` has no `methods`: it allows no request", pattern)
    services: dict[type, Any] = {
        WasmComponents: components,
        Secrets: secrets,
        OutboundHttpSettings: outbound,
        ExecPermission: ExecPermission(config.kernel.allow_exec_activities),
    }
    max_size = int(config.kernel.wasm.max_component_size)
    return OpenHost(host, config.base, sources=sources, services=services, max_size=max_size)


def _code_directory(config: Config, host: Host, stack: AsyncExitStack) -> Path:
    cache = config.kernel.wasm.codegen_cache
    if cache.enabled:
        return Path(cache.directory)
    return Path(stack.enter_context(TemporaryDirectory(prefix="codegen-", dir=host.cache_dir)))


def _wasm_components(config: Config, directory: Path) -> WasmComponents:
    wasm = config.kernel.wasm
    settings = EngineSettings(fuel=_counts_fuel(config), max_wasm_stack=int(wasm.stack))
    engine = WasmEngine(settings, limits=_guest_limits(wasm), loop=asyncio.get_running_loop())
    limits = CompileLimits(timeout=wasm.compile.timeout, memory=wasm.compile.memory)
    return WasmComponents(engine, CodeCache(directory, settings), limits, max_size=int(wasm.max_component_size))


def _counts_fuel(config: Config) -> bool:
    entries = [entry.settings for use in config.triggers for entry in use.entries]
    settings = [*(use.settings for use in config.components), *entries]
    own = (each.fuel for each in settings if isinstance(each, LimitSettings))
    return any(isinstance(fuel, int) for fuel in (config.kernel.wasm.fuel, *own))


def _guest_limits(wasm: WasmSettings) -> GuestLimits:
    return GuestLimits(
        memory=int(wasm.memory),
        table_elements=wasm.table_elements,
        tables=wasm.tables,
        memories=wasm.memories,
        instances=wasm.instances,
        value_size=MAX_VALUE_SIZE,
        fuel=None if wasm.fuel == "unlimited" else wasm.fuel,
    )


def make_host(
    config: Config,
    *,
    clock: Clock | None = None,
    random: RandomSource | None = None,
    environ: Mapping[str, str] | None = None,
) -> Host:
    """Return what everything that the engine opens is handed; creates the directories."""
    for directory in (config.data_dir, config.cache_dir):
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"cannot create the directory {directory}: {error}") from error
    return Host(
        clock or SystemClock(),
        random or os.urandom,
        config.data_dir,
        config.cache_dir,
        logging.getLogger("obelisk.plugin"),
        os.environ if environ is None else environ,
    )
