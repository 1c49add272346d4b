"""Opening WebAssembly components: check, compile or load, reflect, link. Shared by the kinds that run them."""

from __future__ import annotations

import asyncio

from msgspec import Struct
from wasmtime.component import Component as CompiledComponent

from obelisk.core.events import ComponentId, ComponentRole
from obelisk.errors import ComponentError
from obelisk.interfaces.components import Component
from obelisk.interfaces.settings import ComponentSettings
from obelisk.interfaces.sources import Artifact
from obelisk.wasm.activity import LOG_INTERFACE, WasmActivity, is_recorded
from obelisk.wasm.artifact import binary_of, digest_of
from obelisk.wasm.compile import CodeCache, CompileJob, CompileLimits
from obelisk.wasm.engine import WasmEngine
from obelisk.wasm.linked import LinkedComponent
from obelisk.wasm.reflect import world_of
from obelisk.wasm.workflow import WasmWorkflow
from obelisk.wasm.workflow_host import offered_interfaces
from obelisk.wit.hosts import host_interface
from obelisk.wit.model import Interface, World

SMALL = 64 * 1024
"""Text up to this size is assembled on the loop: that takes less than a millisecond."""


class Prepared(Struct, frozen=True):
    """A component that was checked and compiled."""

    digest: str
    compiled: CompiledComponent
    world: World


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
        return Prepared(digest, compiled, world_of(compiled, self.engine.engine))

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

    def activity(self, prepared: Prepared, settings: ComponentSettings) -> WasmActivity:
        """Open an activity component."""
        log = host_interface(LOG_INTERFACE)
        component = _component(prepared, settings, ComponentRole.ACTIVITY, () if log is None else (log,))
        return WasmActivity(component, self._link(prepared, component), self.engine)

    def workflow(self, prepared: Prepared, settings: ComponentSettings) -> WasmWorkflow:
        """Open a workflow component."""
        component = _component(prepared, settings, ComponentRole.WORKFLOW, offered_interfaces())
        return WasmWorkflow(component, self._link(prepared, component), self.engine)

    def close(self) -> None:
        """Free the linkers. No guest may be alive."""
        for linked in self._linked:
            linked.close()
        self._linked.clear()

    def _link(self, prepared: Prepared, component: Component) -> LinkedComponent:
        linked = self.engine.link(prepared.compiled, component.world, recorded=is_recorded)
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
        pure=imported <= {LOG_INTERFACE} and not prepared.world.bare_imports,
    )
