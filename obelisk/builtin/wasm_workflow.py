"""``[[workflow_wasm]]``: workflows that are WebAssembly components."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal

from obelisk import hookimpl
from obelisk.core.events import ComponentRole
from obelisk.interfaces.components import ComponentHost, ComponentKindProvider
from obelisk.interfaces.sandbox import check_limits
from obelisk.interfaces.settings import ExecSettings, Size, WorkflowSettings

if TYPE_CHECKING:
    from obelisk.wasm.workflow import WasmWorkflow


class WasmWorkflowSettings(WorkflowSettings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A workflow that is a WebAssembly component.

    * ``location``: the component, binary or text: a path that starts at the configuration's directory.
    * ``stub_wasi``: whether it may import WASI, as guests do whose toolchain brings it. It sees clocks that stand still, the
      same random numbers in each replay, an empty environment, no files and no network.
    * ``memory``: the linear memory of a run; left out, what `[wasm]` says.
    * ``fuel``: instructions, roughly, that a run may execute, or `"unlimited"`; left out, what `[wasm]` says.
    """

    location: str
    stub_wasi: bool = False
    memory: Size | None = None
    fuel: int | Literal["unlimited"] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_limits(self)


@asynccontextmanager
async def _open(settings: WasmWorkflowSettings, host: ComponentHost) -> AsyncIterator[WasmWorkflow]:
    from obelisk.wasm.components import WasmComponents

    components = host.service(WasmComponents)
    prepared = await components.prepare(await host.fetch(settings.location), settings.name)
    yield components.workflow(prepared, settings, stub_wasi=settings.stub_wasi)


def _share(settings: WasmWorkflowSettings) -> WasmWorkflowSettings:
    return WasmWorkflowSettings(
        name=settings.name,
        location=settings.location,
        stub_wasi=settings.stub_wasi,
        memory=settings.memory,
        fuel=settings.fuel,
        retry_exp_backoff=settings.retry_exp_backoff,
        exec=ExecSettings(lock_expiry=settings.exec.lock_expiry),
    )


@hookimpl
def obelisk_register_workflow_kind() -> Sequence[ComponentKindProvider]:
    """Offer ``[[workflow_wasm]]``."""
    return [
        ComponentKindProvider(
            name="wasm",
            table="workflow_wasm",
            role=ComponentRole.WORKFLOW,
            summary="Workflows that are WebAssembly components.",
            settings=WasmWorkflowSettings,
            open=_open,
            share=_share,
        )
    ]
