"""Components and storages that are opened once, for engines that come and go."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

from msgspec.structs import replace

from obelisk.clock import Clock
from obelisk.config.model import Chosen, ComponentUse, Config
from obelisk.interfaces.components import ActivityComponent, ComponentHost, WorkflowComponent
from obelisk.interfaces.provider import Host, Provider, RandomSource
from obelisk.interfaces.storage import Storage
from obelisk.runtime.engine import make_host, open_host

T = TypeVar("T")
Opened = ActivityComponent | WorkflowComponent


@asynccontextmanager
async def opened_once(
    config: Config, *, clock: Clock, random: RandomSource, environ: Mapping[str, str]
) -> AsyncIterator[tuple[Opened, ...]]:
    """Open the components of a configuration and yield them in its order; they are closed when the context ends.

    ``with_opened`` makes a configuration of which every engine uses them. They have to run on the loop of this context.
    """
    variables = dict(environ)
    host = make_host(config, clock=clock, random=random, environ=variables)
    async with AsyncExitStack() as stack:
        opened = await open_host(config, host, stack, environ=variables)
        components = [
            await stack.enter_async_context(use.provider.open(use.settings, opened)) for use in config.components
        ]
        yield tuple(components)


def with_opened(
    config: Config, components: tuple[Opened, ...], *, wrap: Callable[[Opened], Opened] = lambda it: it
) -> Config:
    """Return a configuration whose components are open already, each as ``wrap`` returns it."""
    entries = [_entry(use, wrap(one)) for use, one in zip(config.components, components, strict=True)]
    return replace(config, components=tuple(entries))


def with_storage(config: Config, storage: Storage) -> Config:
    """Return a configuration whose storage is open already, and stays open when an engine closes it."""

    def open_it(settings: Any, host: Host) -> AbstractAsyncContextManager[Storage]:
        return opened_as_it_is(storage)

    chosen = config.store
    provider: Provider[Any, Storage] = replace(chosen.provider, open=open_it)
    return replace(config, store=Chosen(provider, chosen.settings))


def _entry(use: ComponentUse, component: Opened) -> ComponentUse:
    def open_it(settings: Any, host: ComponentHost) -> AbstractAsyncContextManager[Opened]:
        return opened_as_it_is(component)

    return ComponentUse(replace(use.provider, open=open_it), component.component.settings)


@asynccontextmanager
async def opened_as_it_is(value: T) -> AsyncIterator[T]:
    """Yield what is open already, and leave it open."""
    yield value
