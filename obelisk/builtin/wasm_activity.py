"""``[[activity_wasm]]``: activities that are WebAssembly components."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace

from obelisk import hookimpl
from obelisk.core.events import ComponentRole
from obelisk.interfaces.components import ComponentHost, ComponentKindProvider
from obelisk.interfaces.sandbox import (
    AllowedHost,
    EnvVar,
    Mount,
    OutboundHttpSettings,
    check_limits,
    check_mounts,
    variable_name,
)
from obelisk.interfaces.secrets import Secrets
from obelisk.interfaces.settings import ActivitySettings, ExecSettings, Size

if TYPE_CHECKING:
    from obelisk.wasm.activity import WasmActivity


class WasmActivitySettings(ActivitySettings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An activity that is a WebAssembly component.

    * ``location``: the component, binary or text: a path that starts at the configuration's directory.
    * ``env_vars``: its environment: `"NAME"` forwards a variable of the server, `{ key = "NAME", value = "..." }` sets one.
    * ``allowed_host``: requests that it may send, as far as `[[outbound_http.allowed_host]]` allows them too.
    * ``mount``: directories that it sees.
    * ``tmp``: whether each run has an empty directory `/tmp`, which is removed after the run.
    * ``memory``: the linear memory of a run; left out, what `[wasm]` says.
    * ``fuel``: instructions, roughly, that a run may execute, or `"unlimited"`; left out, what `[wasm]` says.
    """

    location: str
    env_vars: tuple[str | EnvVar, ...] = ()
    allowed_host: tuple[AllowedHost, ...] = ()
    mount: tuple[Mount, ...] = ()
    tmp: bool = False
    memory: Size | None = None
    fuel: int | Literal["unlimited"] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_limits(self)
        check_mounts(self)


@asynccontextmanager
async def _open(settings: WasmActivitySettings, host: ComponentHost) -> AsyncIterator[WasmActivity]:
    from obelisk.wasm.components import WasmComponents
    from obelisk.wasm.wasi.filesystem.mounts import open_directories
    from obelisk.wasm.wasi.setup import SandboxSetup

    components = host.service(WasmComponents)
    prepared = await components.prepare(await host.fetch(settings.location), settings.name)
    outbound, secrets = host.service(OutboundHttpSettings), host.service(Secrets)
    async with open_directories(settings, host.host) as directories:
        sandbox = SandboxSetup(settings, host.host, directories=directories, outbound=outbound, secrets=secrets)
        yield components.activity(prepared, settings, sandbox=sandbox)


def _share(settings: WasmActivitySettings) -> WasmActivitySettings:
    return WasmActivitySettings(
        name=settings.name,
        location=settings.location,
        env_vars=tuple(variable_name(item).partition("=")[0] for item in settings.env_vars),
        allowed_host=tuple(replace(host, secrets=(), replace_in=()) for host in settings.allowed_host),
        tmp=settings.tmp,
        memory=settings.memory,
        fuel=settings.fuel,
        max_retries=settings.max_retries,
        retry_exp_backoff=settings.retry_exp_backoff,
        retry_max_backoff=settings.retry_max_backoff,
        retry_jitter=settings.retry_jitter,
        exec=ExecSettings(lock_expiry=settings.exec.lock_expiry),
    )


@hookimpl
def obelisk_register_activity_kind() -> Sequence[ComponentKindProvider]:
    """Offer ``[[activity_wasm]]``."""
    return [
        ComponentKindProvider(
            name="wasm",
            table="activity_wasm",
            role=ComponentRole.ACTIVITY,
            summary="Activities that are WebAssembly components.",
            settings=WasmActivitySettings,
            open=_open,
            share=_share,
        )
    ]
