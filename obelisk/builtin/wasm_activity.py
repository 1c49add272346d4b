"""``[[activity_wasm]]``: activities that are WebAssembly components."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from obelisk import hookimpl
from obelisk.core.events import ComponentRole
from obelisk.interfaces.components import ComponentHost, ComponentKindProvider
from obelisk.interfaces.settings import ActivitySettings

if TYPE_CHECKING:
    from obelisk.wasm.activity import WasmActivity


class WasmActivitySettings(ActivitySettings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An activity that is a WebAssembly component.

    * ``location``: the component, binary or text: a path that starts at the configuration's directory.
    """

    location: str


@asynccontextmanager
async def _open(settings: WasmActivitySettings, host: ComponentHost) -> AsyncIterator[WasmActivity]:
    from obelisk.wasm.components import WasmComponents

    components = host.service(WasmComponents)
    prepared = await components.prepare(await host.fetch(settings.location), settings.name)
    yield components.activity(prepared, settings)


@hookimpl
def obelisk_register_activity_kind() -> Sequence[ComponentKindProvider]:
    """Offer ``[[activity_wasm]]``."""
    return [
        ComponentKindProvider(
            name="wasm",
            table="activity_wasm",
            role=ComponentRole.ACTIVITY,
            summary="activities that are WebAssembly components",
            settings=WasmActivitySettings,
            open=_open,
        )
    ]
