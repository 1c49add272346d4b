"""Link-time checks: every import of every component against what the deployment offers.

wasmtime does not compare the types of functions that a host defines, so a wrong import would fail in the middle of an
execution. Here all of them are compared by structure before anything runs, and all mismatches are reported at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from obelisk.core.events import ComponentRole
from obelisk.errors import LinkError
from obelisk.interfaces.components import Component
from obelisk.wit.extensions import (
    CANCELLABLE_SUFFIX,
    EXT_SUFFIX,
    STUB_SUFFIX,
    extension_interfaces,
    is_cancellable,
    reserved_suffix,
)
from obelisk.wit.model import Interface, TypeDef, same_function, same_type
from obelisk.wit.printer import function_text, inline_type_text
from obelisk.wit.wasi import is_wasi

_CALLER_ROLES = (ComponentRole.WORKFLOW, ComponentRole.WEBHOOK_ENDPOINT, ComponentRole.CRON)
_WORKFLOWS_ONLY = (EXT_SUFFIX, STUB_SUFFIX)


def check_links(components: Sequence[Component]) -> None:
    """Raise ``LinkError`` that lists every import without an equal export, and every reserved name."""
    problems = link_problems(components)
    if problems:
        raise LinkError("\n".join(problem for _, problem in problems))


def link_problems(components: Sequence[Component], *, complete: bool = True) -> list[tuple[int, str]]:
    """Return what is wrong between components, each problem with the index of the component that has it.

    Unless they are ``complete``, it is no problem that nobody exports an interface.
    """
    offered = _offered(components)
    return [
        (index, problem)
        for index, one in enumerate(components)
        for problem in _problems(one, offered, complete=complete)
    ]


def check_caller(caller: Component, components: Sequence[Component], *, complete: bool = True) -> None:
    """Raise ``LinkError`` that lists what a component of a trigger imports and ``components`` do not offer.

    For ``complete`` see ``link_problems``.
    """
    problems = list(_problems(caller, _offered(components), complete=complete))
    if problems:
        raise LinkError("\n".join(problems))


def _offered(components: Sequence[Component]) -> dict[str, Interface]:
    offered: dict[str, Interface] = {}
    for component in components:
        for interface in component.exports:
            extensions = extension_interfaces(interface, role=component.role)
            for offer in (interface, *extensions):
                known = offered.get(offer.name)
                offered[offer.name] = offer if known is None else _merged(known, offer)
    return offered


def _merged(one: Interface, other: Interface) -> Interface:
    return Interface(one.name, one.functions + other.functions, one.types + other.types)


def _problems(component: Component, offered: dict[str, Interface], *, complete: bool) -> Iterable[str]:
    name = component.id.name
    for interface in component.exports:
        suffix = reserved_suffix(interface.name)
        if suffix is not None:
            yield f"component `{name}` exports `{interface.name}`, but package names that end in `{suffix}` are reserved"
        if component.role is not ComponentRole.WORKFLOW:
            yield from _reserved_functions(name, interface)
    for bare in component.world.bare_imports:
        yield f"component `{name}` imports the function `{bare.name}` outside of an interface, which nothing offers"
    host = {interface.name: interface for interface in component.provides}
    callable_ = offered if component.role in _CALLER_ROLES else {}
    for wanted in component.world.imports:
        offer = host.get(wanted.name) or callable_.get(wanted.name)
        if component.role is ComponentRole.WEBHOOK_ENDPOINT and reserved_suffix(wanted.name) in _WORKFLOWS_ONLY:
            yield (
                f"component `{name}` imports `{wanted.name}`, which only workflows may; a webhook calls functions, starts "
                "executions by their `-schedule` functions, and uses `obelisk:webhook/webhook-support`"
            )
            continue
        if offer is not None or complete or is_wasi(wanted.name):
            yield from _mismatches(name, wanted, offer)


def _reserved_functions(component: str, interface: Interface) -> Iterable[str]:
    for function in interface.functions:
        if is_cancellable(function.name):
            yield (
                f"component `{component}` exports `{interface.name}.{function.name}`, but names that end in "
                f"`{CANCELLABLE_SUFFIX}` are reserved for exports of workflows; activities can always be cancelled"
            )


def _mismatches(component: str, wanted: Interface, offer: Interface | None) -> Iterable[str]:
    if offer is None:
        advice = "WASI is hosted at version 0.2" if is_wasi(wanted.name) else "add the component that exports it"
        yield "".join(
            [
                f"component `{component}` imports `{wanted.name}`, which neither the engine offers to it nor another "
                f"component exports; {advice}",
                *(f"\n  imported: {function_text(function)}" for function in wanted.functions),
            ]
        )
        return
    for function in wanted.functions:
        found = offer.function(function.name)
        if found is None:
            yield (
                f"component `{component}` imports `{wanted.name}.{function.name}`, which does not exist\n"
                f"  imported: {function_text(function)}"
            )
        elif not same_function(function, found):
            yield (
                f"component `{component}` imports `{wanted.name}.{function.name}` with other types than it has\n"
                f"  imported: {function_text(function)}\n"
                f"  exported: {function_text(found)}"
            )
    yield from _type_mismatches(component, wanted, {type_.name: type_ for type_ in offer.types})


def _type_mismatches(component: str, wanted: Interface, offered: dict[str, TypeDef]) -> Iterable[str]:
    for type_ in wanted.types:
        found = offered.get(type_.name)
        if found is None or type_.type is None or found.type is None or same_type(type_.type, found.type):
            continue
        yield (
            f"component `{component}` imports the type `{type_.name}` of `{wanted.name}` with another structure\n"
            f"  imported: {inline_type_text(type_.type)}\n"
            f"  exported: {inline_type_text(found.type)}"
        )
