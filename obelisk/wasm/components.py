"""Opening WebAssembly components: check, compile or load, reflect, link. Shared by the kinds that run them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace
from wasmtime.component import Component as CompiledComponent

from obelisk.core.events import ComponentId, ComponentRole
from obelisk.errors import ComponentError
from obelisk.interfaces.components import Component
from obelisk.interfaces.provider import Host
from obelisk.interfaces.sandbox import LimitSettings
from obelisk.interfaces.settings import ComponentSettings
from obelisk.interfaces.sources import Artifact
from obelisk.wasm.activity import WasmActivity, is_recorded
from obelisk.wasm.artifact import binary_of, digest_of
from obelisk.wasm.compile import CodeCache, CompileJob, CompileLimits
from obelisk.wasm.engine import WasmEngine
from obelisk.wasm.guest import GuestLimits
from obelisk.wasm.linked import LinkedComponent
from obelisk.wasm.reflect import world_of
from obelisk.wasm.wasi.setup import SandboxSetup
from obelisk.wasm.webhook import WasmWebhook, handle_of
from obelisk.wasm.webhook_support import offered_interfaces as webhook_interfaces
from obelisk.wasm.workflow import WasmWorkflow
from obelisk.wasm.workflow_host import offered_interfaces
from obelisk.wit.hosts import LOG, host_interfaces
from obelisk.wit.model import Interface, World
from obelisk.wit.wasi import is_wasi, wasi_interface

MAX_FUEL = 2**64 - 1
SMALL = 64 * 1024
"""Text up to this size is assembled on the loop: that takes less than a millisecond."""


class Prepared(Struct, frozen=True):
    """A component that was checked and compiled; ``pooled`` is for the engine of the pool, if it fits there."""

    digest: str
    compiled: CompiledComponent
    world: World
    pooled: CompiledComponent | None = None


class WasmComponents:
    """Opens components for one engine.

    Components that are asked for together are compiled in one child process.
    """

    def __init__(self, engine: WasmEngine, cache: CodeCache, limits: CompileLimits, *, max_size: int) -> None:
        self.engine = engine
        self._cache = cache
        self._limits = limits
        self._max_size = max_size
        self._linked: list[LinkedComponent] = []
        self._waiting: dict[str, CompileJob] = {}
        self._compiling: asyncio.Task[None] | None = None

    async def prepare(self, artifact: Artifact, name: str) -> Prepared:
        """Check and compile a component; raise ``ComponentError`` for what is none."""
        binary = await self._binary(artifact, name)
        digest = digest_of(binary)
        compiled = self._cache.load(self.engine.engine, digest)
        if compiled is None:
            compiled = await self._compiled(CompileJob(digest, binary, f"component `{name}`"))
        pool = self.engine.pool
        pooled = None if pool is None else self._cache.load_if_it_fits(pool.engine, digest)
        return Prepared(digest, compiled, world_of(compiled, self.engine.engine), pooled)

    async def _compiled(self, job: CompileJob) -> CompiledComponent:
        problem = ComponentError(f"{job.name}: {self._cache.path_of(job.digest)} cannot be loaded; try --clean-cache")
        try:
            await self._compile(job)
        except ComponentError as error:
            problem = error  # perhaps that of another component only
        compiled = self._cache.load(self.engine.engine, job.digest)
        if compiled is None:
            raise problem
        return compiled

    async def _binary(self, artifact: Artifact, name: str) -> bytes:
        origin = f"component `{name}` ({artifact.origin})"
        if len(artifact.content) <= SMALL:
            return binary_of(artifact.content, origin=origin, max_size=self._max_size)
        return await asyncio.to_thread(binary_of, artifact.content, origin=origin, max_size=self._max_size)

    def activity(
        self, prepared: Prepared, settings: ComponentSettings, *, sandbox: SandboxSetup | None = None
    ) -> WasmActivity:
        """Open an activity component. ``sandbox`` opens those of its runs; without it WASI is not offered."""
        wasi = () if sandbox is None else _wasi_interfaces(prepared.world)
        log = host_interfaces()[LOG]
        component = _component(prepared, settings, ComponentRole.ACTIVITY, (log, *wasi))
        return WasmActivity(
            component, self._link(prepared, component), self.engine,
            setup=sandbox if wasi else None, limits=self._guest_limits(settings),
        )  # fmt: skip

    def workflow(self, prepared: Prepared, settings: ComponentSettings, *, stub_wasi: bool = False) -> WasmWorkflow:
        """Open a workflow component. Raises ``ComponentError`` when it imports WASI without ``stub_wasi``."""
        wasi = _wasi_interfaces(prepared.world)
        if wasi and not stub_wasi:
            raise ComponentError(_needs_stub(settings.name, prepared.world))
        component = _component(prepared, settings, ComponentRole.WORKFLOW, (*offered_interfaces(), *wasi))
        limits = self._guest_limits(settings)
        return WasmWorkflow(component, self._link(prepared, component), self.engine, limits=limits)

    def webhook(
        self, prepared: Prepared, settings: ComponentSettings, *, sandbox: SandboxSetup, host: Host,
        check: Callable[[Component], None],
    ) -> WasmWebhook:  # fmt: skip
        """Open a component that answers HTTP requests. Raises ``ComponentError`` when it exports no handler of them.

        ``check`` raises when the deployment does not offer what it imports.
        """
        provides = (*webhook_interfaces(), *_wasi_interfaces(prepared.world))
        component = _component(prepared, settings, ComponentRole.WEBHOOK_ENDPOINT, provides)
        handle_of(component)
        check(component)
        return WasmWebhook(
            component, self._link(prepared, component), self.engine,
            setup=sandbox, host=host, limits=self._guest_limits(settings),
        )  # fmt: skip

    def _guest_limits(self, settings: ComponentSettings) -> GuestLimits:
        limits = self.engine.limits
        if isinstance(settings, LimitSettings):
            memory = limits.memory if settings.memory is None else int(settings.memory)
            fuel = limits.fuel if settings.fuel is None else settings.fuel
            limits = replace(limits, memory=memory, fuel=None if fuel == "unlimited" else fuel)
        if limits.fuel is None and self.engine.settings.fuel:
            return replace(limits, fuel=MAX_FUEL)  # where one component counts, all do
        return limits

    def close(self) -> None:
        """Free the linkers. No guest may be alive."""
        for linked in self._linked:
            linked.close()
        self._linked.clear()

    def _link(self, prepared: Prepared, component: Component) -> LinkedComponent:
        linked = self.engine.link(prepared.compiled, component.world, recorded=is_recorded, pooled=prepared.pooled)
        self._linked.append(linked)
        return linked

    async def _compile(self, job: CompileJob) -> None:
        self._waiting[job.digest] = job
        if self._compiling is None:
            self._compiling = asyncio.get_running_loop().create_task(self._compile_waiting())
        await asyncio.shield(self._compiling)

    async def _compile_waiting(self) -> None:
        await asyncio.sleep(0)  # the others that are opened together come in this iteration of the loop
        jobs, self._waiting, self._compiling = list(self._waiting.values()), {}, None
        await self._cache.compile_missing(jobs, self._limits)


def _wasi_interfaces(world: World) -> tuple[Interface, ...]:
    """Return the WASI interfaces that a component imports and the host has, under the versions that it imports."""
    if not any(is_wasi(interface.name) for interface in world.imports):
        return ()
    found = (wasi_interface(interface.name) for interface in world.imports)
    return tuple(interface for interface in found if interface is not None)


def _needs_stub(name: str, world: World) -> str:
    imports = [interface.name for interface in world.imports if is_wasi(interface.name)]
    return (
        f"workflow `{name}` imports WASI, which a workflow cannot use: {', '.join(imports)}; build it without, or set "
        "`stub_wasi = true` to give it clocks that stand still, no files and no network"
    )


def _component(
    prepared: Prepared, settings: ComponentSettings, role: ComponentRole, provides: tuple[Interface, ...]
) -> Component:
    exports = tuple(interface for interface in prepared.world.exports if ":" in interface.name)
    imported = {interface.name for interface in prepared.world.imports}
    return Component(
        ComponentId(role, settings.name, prepared.digest),
        prepared.world,
        exports,
        provides,
        settings,
        pure=imported <= {LOG} and not prepared.world.bare_imports,
    )
