"""``[[activity_stub]]``: activities that nobody runs. A workflow, or somebody outside, says how an execution ended.

The function is written in the table, or is what a component exports; the component is checked, and never instantiated.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager

from msgspec.structs import force_setattr

from obelisk import hookimpl
from obelisk.core.events import ComponentId, ComponentRole
from obelisk.errors import ComponentError
from obelisk.interfaces.components import (
    ActivityCall,
    ActivityRun,
    Component,
    ComponentHost,
    ComponentKindProvider,
    Crashed,
    Logged,
    Outcome,
)
from obelisk.interfaces.settings import ComponentSettings
from obelisk.interfaces.signature import FunctionParam, default_name, written_signature
from obelisk.wit.model import Interface, World

ANY_RESULT = "result<string, string>"


class StubSettings(ComponentSettings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An activity whose results are given by others. It is never run, so ``exec`` changes nothing.

    * ``name``: what the component is called; it may be left out beside ``ffqn``, and is then `interface.function`.
    * ``ffqn``: the function, such as ``"shop:orders/approval.ask"``. Either this or ``location`` is needed.
    * ``params``: the function's parameters, each as ``{ name = "amount", type = "u64" }``.
    * ``return_type``: the WIT type of what the function returns.
    * ``location``: a component that exports the functions; it is not run.
    """

    name: str = ""
    ffqn: str | None = None
    params: tuple[FunctionParam, ...] = ()
    return_type: str = ANY_RESULT
    location: str | None = None

    def __post_init__(self) -> None:
        if (self.ffqn is None) == (self.location is None):
            found = "neither" if self.ffqn is None else "both"
            raise ValueError(f"expected either `ffqn` or `location`, found {found}")
        if self.ffqn is None:
            self._check_location()
        else:
            self._check_function(self.ffqn)
        super().__post_init__()

    def _check_location(self) -> None:
        for key, default in (("params", ()), ("return_type", ANY_RESULT)):
            if getattr(self, key) != default:
                raise ValueError(f"`{key}`: found beside `location`, expected it beside `ffqn` only")
        if not self.name:
            raise ValueError("`name`: missing, expected text; only beside `ffqn` it may be left out")

    def _check_function(self, ffqn: str) -> None:
        written_signature(ffqn, self.params, self.return_type)
        if not self.name:
            force_setattr(self, "name", default_name(ffqn))


class StubActivity:
    """An opened stub."""

    def __init__(self, component: Component) -> None:
        self.component = component

    def start(
        self, call: ActivityCall, done: Callable[[Outcome], None], log: Callable[[Logged], None]
    ) -> ActivityRun | None:
        """Report that there is nothing to run; the engine does not get this far."""
        done(Crashed(f"`{call.ffqn}` is a stub: its result is given by others, it cannot be run", retry=False))
        return None


@asynccontextmanager
async def _open(settings: StubSettings, host: ComponentHost) -> AsyncIterator[StubActivity]:
    if settings.ffqn is not None:
        digest, exports = _inline(settings, settings.ffqn)
    else:
        assert settings.location is not None
        digest, exports = await _exported(settings.name, settings.location, host)
    id = ComponentId(ComponentRole.ACTIVITY_STUB, settings.name, digest)
    yield StubActivity(Component(id, World(exports=exports), exports, (), settings))


def _inline(settings: StubSettings, ffqn: str) -> tuple[str, tuple[Interface, ...]]:
    """Return the digest and the interface of a function that is written in the table."""
    signature = written_signature(ffqn, settings.params, settings.return_type)
    return "sha256:" + hashlib.sha256(signature.text.encode()).hexdigest(), (signature.interface,)


async def _exported(name: str, location: str, host: ComponentHost) -> tuple[str, tuple[Interface, ...]]:
    """Return the digest of a component and the interfaces that it exports. What it imports is nobody's concern."""
    from obelisk.wasm.components import WasmComponents

    prepared = await host.service(WasmComponents).prepare(await host.fetch(location), name)
    exports = tuple(interface for interface in prepared.world.exports if ":" in interface.name)
    problem = next(_problems(exports), None)
    if problem is not None:
        raise ComponentError(f"component `{name}` ({location}) {problem}")
    return prepared.digest, exports


def _problems(exports: Sequence[Interface]) -> Iterator[str]:
    from obelisk.wit.walk import carries_values, function_types

    if not any(interface.functions for interface in exports):
        yield "exports no function of an interface, expected at least one"
    for interface in exports:
        for definition in interface.types:
            if definition.type is None:
                yield f"exports `{interface.name}` with the resource `{definition.name}`; a stub has values only"
        for function in interface.functions:
            if not all(map(carries_values, function_types(function))):
                yield f"exports `{interface.name}.{function.name}` with a type that has no values, such as a stream"


@hookimpl
def obelisk_register_activity_kind() -> Sequence[ComponentKindProvider]:
    """Offer ``[[activity_stub]]``."""
    return [
        ComponentKindProvider(
            name="stub",
            table="activity_stub",
            role=ComponentRole.ACTIVITY_STUB,
            summary="Activities whose results are given by others.",
            settings=StubSettings,
            open=_open,
        )
    ]
