"""Checking a configuration as a whole without starting anything: its components, how they fit together, its triggers."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from msgspec import Struct

from obelisk.api.protection import checked_protection
from obelisk.config.model import Config
from obelisk.config.placing import problems_of
from obelisk.errors import ComponentError, ConfigError, FunctionNotFoundError, ObeliskError
from obelisk.names import Ffqn
from obelisk.runtime.deploy import OpenHost, open_each
from obelisk.runtime.engine import make_host, open_host
from obelisk.runtime.functions import ComponentEntry, FunctionEntry, Functions
from obelisk.runtime.linking import link_problems
from obelisk.runtime.triggers import EngineCheckHost, trigger_problems

_UNSURE: Final = "; what is left out may export it"


class Finding(Struct, frozen=True):
    """A problem; ``path`` is the key that it is about when the message does not begin with one, else empty."""

    message: str
    path: str = ""


class _KnownFunctions(Functions):
    """The functions of the components that did open; what another one may export is marked."""

    def get(self, name: Ffqn) -> FunctionEntry:
        """Return a function."""
        if self.find(name) is None:
            raise FunctionNotFoundError(f"function not found: `{name}`{_UNSURE}")
        return super().get(name)


async def verify(
    config: Config, *, allow_unauthenticated_api: bool = False, environ: MutableMapping[str, str] | None = None
) -> None:
    """Check a configuration that a program holds. Raises ``ConfigError`` that lists all that is wrong, one per line.

    ``environ`` is the environment that secrets are taken out of meanwhile, the process's unless it is given.
    """
    found = await deployment_problems(
        config, complete=True, allow_unauthenticated_api=allow_unauthenticated_api, environ=environ
    )
    if found:
        raise ConfigError("\n".join(finding.message for finding in found))


async def deployment_problems(
    config: Config,
    *,
    complete: bool,
    allow_unauthenticated_api: bool,
    environ: MutableMapping[str, str] | None = None,
) -> list[Finding]:
    """Return everything that is wrong with the API's protection, components and triggers.

    Unless ``complete``, components of the file are left out of ``config``: then it is no problem that nobody exports what
    is called, as it is none after a component that did not open.
    """
    found = []
    try:
        checked_protection(config.kernel.api, allow_unauthenticated=allow_unauthenticated_api)
    except ObeliskError as error:
        found += _findings(error)
    async with AsyncExitStack() as stack:
        stack.enter_context(_without_leaving(config.data_dir))
        try:
            host = await open_host(config, make_host(config, environ=environ), stack, environ=environ)
        except ObeliskError as error:
            return [*found, *_findings(error)]
        return [*found, *await _component_problems(config, host, stack, complete=complete)]


async def _component_problems(
    config: Config, host: OpenHost, stack: AsyncExitStack, *, complete: bool
) -> list[Finding]:
    found, entries, paths = [], [], []
    for use, opened in zip(config.components, await open_each(config.components, host, stack), strict=True):
        if isinstance(opened, ComponentError):
            found.append(Finding(str(opened), f"{use.path}.location"))
        else:
            entries.append(ComponentEntry(opened))
            paths.append(use.path)
    complete = complete and not found
    duplicates: list[tuple[int, str]] = []
    functions = (Functions if complete else _KnownFunctions)(entries, problems=duplicates)
    links = link_problems([entry.component for entry in entries], complete=complete)
    found += [Finding(message, paths[index]) for index, message in (*duplicates, *links)]
    check_host = EngineCheckHost(host, functions, complete=complete)
    for error in await trigger_problems(config.triggers, check_host):
        found += [finding for finding in _findings(error) if not finding.message.endswith(_UNSURE)]
    return found


@contextmanager
def _without_leaving(directory: Path) -> Iterator[None]:
    """Take a directory away again that was made meanwhile and holds nothing."""
    is_there = directory.exists()
    try:
        yield
    finally:
        if not is_there:
            with suppress(OSError):
                directory.rmdir()


def _findings(error: ObeliskError) -> list[Finding]:
    return [Finding(problem) for problem in problems_of(error)]
