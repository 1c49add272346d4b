"""Opening a deployment: every component of the configuration, checked against the others, with one id."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from obelisk.config.model import ComponentUse, Config
from obelisk.core.events import ComponentRole
from obelisk.errors import ComponentError
from obelisk.ids import DeploymentId
from obelisk.interfaces.components import ActivityComponent, Component, WorkflowComponent
from obelisk.interfaces.executions import FunctionDetail
from obelisk.interfaces.provider import Host
from obelisk.interfaces.sources import Artifact, ComponentSource
from obelisk.runtime.functions import ComponentEntry, Functions, details, exported_details
from obelisk.runtime.linking import check_links
from obelisk.wit.extensions import extension_interfaces
from obelisk.wit.printer import component_wit

S = TypeVar("S")
SCHEME_END = "://"
SCHEMES_OF_EXTRAS = ("oci",)


class OpenHost:
    """What component kinds are handed; see ``interfaces.components.ComponentHost``."""

    def __init__(
        self,
        host: Host,
        base: Path,
        *,
        sources: Mapping[str, ComponentSource],
        services: Mapping[type, Any],
        max_size: int,
    ) -> None:
        self.host = host
        self.base = base
        self._sources = sources
        self._services = services
        self._max_size = max_size

    async def fetch(self, location: str) -> Artifact:
        """Fetch a component by the source for its scheme."""
        scheme, end, _ = location.partition(SCHEME_END)
        source = self._sources.get(scheme if end else "")
        if source is None:
            known = ["a path", *(f"`{name}{SCHEME_END}...`" for name in sorted(self._sources) if name)]
            raise ComponentError(
                f"no component source for `{location}`: expected {' or '.join(known)}{self._hint(scheme)}"
            )
        return await source.fetch(location, base=self.base, max_size=self._max_size)

    def _hint(self, scheme: str) -> str:
        return f"; try `pip install obelisk[{scheme}]`" if scheme in SCHEMES_OF_EXTRAS else ""

    def service(self, kind: type[S]) -> S:
        """Return what the engine shares under this type."""
        found = self._services.get(kind)
        if not isinstance(found, kind):
            raise ComponentError(f"the engine offers no `{kind.__name__}` to component kinds")
        return found


async def open_components(config: Config, host: OpenHost, stack: AsyncExitStack) -> list[ComponentEntry]:
    """Open every component of the configuration side by side; raise one ``ComponentError`` for all that fail."""
    entries, errors = await open_those_that_open(config.components, host, stack)
    if errors:
        raise ComponentError("\n".join(dict.fromkeys(str(error) for error in errors)))
    return entries


async def open_those_that_open(
    uses: Sequence[ComponentUse], host: OpenHost, stack: AsyncExitStack
) -> tuple[list[ComponentEntry], list[ComponentError]]:
    """Open components side by side; return those that opened, and what is wrong with the others."""
    opened = await open_each(uses, host, stack)
    errors = [one for one in opened if isinstance(one, ComponentError)]
    return [ComponentEntry(one) for one in opened if not isinstance(one, ComponentError)], errors


async def open_each(
    uses: Sequence[ComponentUse], host: OpenHost, stack: AsyncExitStack
) -> list[ActivityComponent | WorkflowComponent | ComponentError]:
    """Open components side by side; return for each the component, or what is wrong with it."""
    opened = await asyncio.gather(*(_open(use, host, stack) for use in uses), return_exceptions=True)
    found = []
    for result in opened:
        if isinstance(result, BaseException) and not isinstance(result, ComponentError):
            raise result
        found.append(result)
    return found


async def _open(use: ComponentUse, host: OpenHost, stack: AsyncExitStack) -> ActivityComponent | WorkflowComponent:
    name = use.settings.name
    try:
        return await stack.enter_async_context(use.provider.open(use.settings, host))
    except ComponentError as error:
        if f"`{name}`" in str(error):
            raise
        raise ComponentError(f"component `{name}`: {error}") from error


def check(entries: Sequence[ComponentEntry]) -> Functions:
    """Return the functions of the components; raise ``LinkError`` when they do not fit together."""
    functions = Functions(entries)
    check_links([entry.component for entry in entries])
    return functions


def deployment_digest(entries: Sequence[ComponentEntry]) -> str:
    """Return what identifies a set of components and their settings."""
    described = [(entry.component.id, msgspec.to_builtins(entry.component.settings, enc_hook=str)) for entry in entries]
    described.sort(key=lambda pair: pair[0].name)
    encoded = msgspec.json.Encoder(order="deterministic").encode(described)
    return "sha256:" + hashlib.sha256(encoded).hexdigest()


class EngineComponents:
    """The components of the deployment; see ``interfaces.executions.Components``."""

    def __init__(self, entries: Sequence[ComponentEntry], deployment_id: DeploymentId) -> None:
        self.deployment_id = deployment_id
        self._components = tuple(entry.component for entry in entries)

    def list(self) -> tuple[Component, ...]:
        """Return the components in the order of the configuration."""
        return self._components

    def exports(self, component: Component, *, extensions: bool) -> tuple[FunctionDetail, ...]:
        """Return what a component exports, with the functions derived from it when ``extensions`` is true."""
        return exported_details(component, extensions=extensions)

    def imports(self, component: Component) -> tuple[FunctionDetail, ...]:
        """Return what a component imports."""
        return tuple(details(component.world.imports, submittable=False))

    def wit(self, component: Component) -> str:
        """Return the WIT text of a component with its extension packages."""
        role: ComponentRole = component.role
        extensions = [
            extension for exported in component.exports for extension in extension_interfaces(exported, role=role)
        ]
        return component_wit(component.world, extensions)
