"""Opens components that answer HTTP requests; implements ``interfaces.http_handlers.HttpHandlers``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from obelisk.errors import ComponentError
from obelisk.interfaces.components import Component, ComponentHost
from obelisk.interfaces.http_handlers import HttpHandler
from obelisk.interfaces.sandbox import OutboundHttpSettings, SandboxSettings
from obelisk.interfaces.secrets import Secrets
from obelisk.interfaces.settings import ProgramSettings
from obelisk.runtime.linking import check_caller
from obelisk.wasm.components import WasmComponents
from obelisk.wasm.wasi.filesystem.mounts import open_directories
from obelisk.wasm.wasi.setup import SandboxSetup


class EngineHttpHandlers:
    """See the module's documentation. ``components`` are those of the deployment, whose functions may be called.

    Unless they are ``complete``, imports that none of them exports are not refused.
    """

    def __init__(self, components: Sequence[Component], *, complete: bool = True) -> None:
        self._components = components
        self._complete = complete

    @asynccontextmanager
    async def open(self, settings: ProgramSettings, location: str, host: ComponentHost) -> AsyncIterator[HttpHandler]:
        """Fetch, compile and link a component."""
        if not isinstance(settings, SandboxSettings):
            raise ComponentError(
                f"`{settings.name}`: the settings `{type(settings).__name__}` have no keys of a sandbox"
            )
        wasm = host.service(WasmComponents)
        prepared = await wasm.prepare(await host.fetch(location), settings.name)
        outbound, secrets = host.service(OutboundHttpSettings), host.service(Secrets)
        async with open_directories(settings, host.host) as directories:
            sandbox = SandboxSetup(settings, host.host, directories=directories, outbound=outbound, secrets=secrets)
            yield wasm.webhook(prepared, settings, sandbox=sandbox, host=host.host, check=self._check)

    def _check(self, component: Component) -> None:
        check_caller(component, self._components, complete=self._complete)
