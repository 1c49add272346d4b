"""``[[workflow_wasm]]``: workflows that are WebAssembly components."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from obelisk import hookimpl
from obelisk.core.events import ComponentRole
from obelisk.interfaces.components import ComponentHost, ComponentKindProvider
from obelisk.interfaces.settings import WorkflowSettings

if TYPE_CHECKING:
    from obelisk.wasm.workflow import WasmWorkflow


class WasmWorkflowSettings(WorkflowSettings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A workflow that is a WebAssembly component.

    * ``location``: the component, binary or text: a path that starts at the configuration's directory.
    """

    location: str


@asynccontextmanager
async def _open(settings: WasmWorkflowSettings, host: ComponentHost) -> AsyncIterator[WasmWorkflow]:
    from obelisk.wasm.components import WasmComponents

    components = host.service(WasmComponents)
    prepared = await components.prepare(await host.fetch(settings.location), settings.name)
    yield components.workflow(prepared, settings)


@hookimpl
def obelisk_register_workflow_kind() -> Sequence[ComponentKindProvider]:
    """Offer ``[[workflow_wasm]]``."""
    return [
        ComponentKindProvider(
            name="wasm",
            table="workflow_wasm",
            role=ComponentRole.WORKFLOW,
            summary="workflows that are WebAssembly components",
            settings=WasmWorkflowSettings,
            open=_open,
        )
    ]
