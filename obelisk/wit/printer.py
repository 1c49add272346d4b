"""The model to WIT text. What is printed parses again to an equal model.

Functions name the types of their own interface, so text is complete only when the interface has a ``TypeDef`` for each
named type that its functions mention; a type that has none is spelled out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from obelisk.names import InterfaceName, interface_or_none, parse_interface
from obelisk.wit.hosts import host_interface
from obelisk.wit.keywords import identifier
from obelisk.wit.model import (
    EnumType,
    FlagsType,
    Function,
    Interface,
    OwnType,
    Param,
    RecordType,
    Type,
    TypeDef,
    VariantType,
    World,
)
from obelisk.wit.typetext import cases_text, fields_text, inline_type_text, type_text
from obelisk.wit.walk import (
    children,
    definitions_by_type,
    function_types,
    named_parts,
    own_name,
    type_key,
)

__all__ = [
    "component_wit",
    "function_text",
    "inline_type_text",
    "interface_text",
    "package_text",
    "packages_text",
    "type_text",
    "with_every_type",
    "world_text",
]

ROOT_PACKAGE: Final = "root:component"
ROOT_WORLD: Final = "root"
_INDENT: Final = "    "
Names = Mapping[Type, str]


def function_text(function: Function, names: Names | None = None) -> str:
    """Return a function as ``name: func(a: u8) -> u64``; ``names`` is what ``type_text`` takes."""
    return f"{identifier(function.name)}: func{_signature(function.params, function.result, names)}"


def interface_text(interface: Interface) -> str:
    """Return ``interface name { ... }``, without the package that it belongs to."""
    return "\n".join(_interface_lines(interface, interface_or_none(interface.name)))


def world_text(world: World, packages: Iterable[Interface] = (), *, name: str = ROOT_WORLD) -> str:
    """Return ``world name { ... }``; functions outside of interfaces may use the types of ``packages``."""
    return "\n".join(_world_lines(world, packages, name))


def packages_text(interfaces: Iterable[Interface]) -> str:
    """Return interfaces as blocks, ``package ns:name@version { ... }``, in the order of their packages' first ones."""
    return "\n\n".join("\n".join(block) for block in _package_blocks(interfaces))


def package_text(package: str, interfaces: Iterable[Interface]) -> str:
    """Return the text of a file that holds a package, ``package ns:name@version;`` and its interfaces."""
    parts = [f"package {_package_name(package)};", *map(interface_text, interfaces)]
    return "\n\n".join(parts) + "\n"


def component_wit(world: World, extensions: Iterable[Interface] = (), *, name: str = ROOT_WORLD) -> str:
    """Return a document of the root world, and of every package that it mentions, its extensions among them.

    An interface of which there are several, such as an import that an extension is about, is printed once. Types that an
    interface uses from another which is not there are defined in place, so that the text is whole.
    """
    found = {interface.name: interface for interface in (*extensions, *world.exports, *world.imports)}
    ordered = [found.pop(each.name) for each in (*world.imports, *world.exports, *extensions) if each.name in found]
    present = [interface for interface in ordered if interface_or_none(interface.name) is not None]
    present += _used_hosts(present)
    known = {interface.name for interface in present}
    interfaces = [with_every_type(interface, known) for interface in present]
    parts = [f"package {ROOT_PACKAGE};", world_text(world, interfaces, name=name), packages_text(interfaces)]
    return "\n\n".join(filter(None, parts)) + "\n"


def _indented(lines: Iterable[str]) -> list[str]:
    return [_INDENT + line if line else line for line in lines]


def _block(head: str, lines: Iterable[str]) -> list[str]:
    inner = _indented(lines)
    return [f"{head} {{", *inner, "}"] if inner else [f"{head} {{}}"]


def _package_name(package: str) -> str:
    namespace, _, rest = package.partition(":")
    name, at, version = rest.partition("@")
    return f"{identifier(namespace)}:{identifier(name)}{at}{version}"


def _path(interface: str) -> str:
    name = interface_or_none(interface)
    if name is None:
        return identifier(interface)
    version = f"@{name.version}" if name.version else ""
    return f"{identifier(name.namespace)}:{identifier(name.package)}/{identifier(name.interface)}{version}"


def _package_blocks(interfaces: Iterable[Interface]) -> Iterator[list[str]]:
    packages: dict[str, list[Interface]] = {}
    for interface in interfaces:
        name = parse_interface(interface.name)
        packages.setdefault(name.package_name, []).append(interface)
    for package, members in packages.items():
        lines: list[str] = []
        for member in members:
            lines += [*([""] if lines else []), *_interface_lines(member, parse_interface(member.name))]
        yield _block(f"package {_package_name(package)}", lines)


# --- interfaces -------------------------------------------------------------------------------------------------------


def _interface_lines(interface: Interface, name: InterfaceName | None, head: str = "interface ") -> list[str]:
    own = interface.name if name is None else name.interface
    return _block(f"{head}{identifier(own)}", _body_lines(interface, name))


def _body_lines(interface: Interface, name: InterfaceName | None) -> Iterator[str]:
    names = _names(interface.types)
    of_resource = _by_resource(interface)
    for source, group in groupby(interface.types, lambda definition: definition.source):
        if source:
            yield _use_line(source, list(group), "" if name is None else name.package_name)
        else:
            for definition in group:
                yield from _definition_lines(definition, names, of_resource)
    for function in interface.functions:
        if not _is_of_resource(function, of_resource):
            yield f"{function_text(function, names)};"


def _names(definitions: Iterable[TypeDef]) -> Names:
    return {key: definition.name for key, definition in definitions_by_type(definitions).items()}


def _use_line(source: str, definitions: Sequence[TypeDef], package: str) -> str:
    parts = []
    for definition in definitions:
        renamed = definition.name != (definition.source_name or definition.name)
        alias = f" as {identifier(definition.name)}" if renamed else ""
        parts.append(identifier(definition.source_name or definition.name) + alias)
    found = interface_or_none(source)
    local = found is not None and found.package_name == package
    path = identifier(found.interface) if found is not None and local else _path(source)
    return f"use {path}.{{{', '.join(parts)}}};"


def _definition_lines(
    definition: TypeDef, names: Names, of_resource: Mapping[str, Sequence[Function]]
) -> Iterator[str]:  # fmt: skip
    name = identifier(definition.name)
    type_ = definition.type
    if type_ is None:
        functions = [_resource_function(function, names) for function in of_resource.get(definition.name, ())]
        yield from _block(f"resource {name}", functions) if functions else [f"resource {name};"]
    elif own_name(type_) == definition.name or names.get(type_) == definition.name:
        yield from _structure_lines(name, type_, names)
    else:
        yield f"type {name} = {type_text(type_, names)};"


def _structure_lines(name: str, type_: Type, names: Names) -> list[str]:
    def render(part: Type) -> str:
        return type_text(part, names)

    match type_:
        case RecordType():
            keyword, parts = "record", fields_text(type_, render)
        case VariantType():
            keyword, parts = "variant", cases_text(type_, render)
        case EnumType(cases):
            keyword, parts = "enum", [identifier(case) for case in cases]
        case FlagsType(flags):
            keyword, parts = "flags", [identifier(flag) for flag in flags]
        case _:
            return [f"type {name} = {render(type_)};"]
    return _block(f"{keyword} {name}", [f"{part}," for part in parts])


# --- whole documents --------------------------------------------------------------------------------------------------


def _used_hosts(interfaces: Sequence[Interface]) -> list[Interface]:
    """Return the host interfaces that others use types of, directly or through each other, and that are not there."""
    found = {interface.name: interface for interface in interfaces}
    queue = list(interfaces)
    added: list[Interface] = []
    for interface in queue:
        for definition in interface.types:
            host = host_interface(definition.source) if definition.source not in found else None
            if host is not None:
                found[host.name] = host
                queue.append(host)
                added.append(host)
    return added


def with_every_type(interface: Interface, known: Collection[str]) -> Interface:
    """Return the interface with a definition for each named type that it mentions and nobody defines.

    What it uses from an interface that is not ``known`` is defined in place.
    """
    types = [
        definition if definition.source in known else TypeDef(definition.name, definition.type)
        for definition in interface.types
    ]
    defined = definitions_by_type(types)
    taken = {definition.name for definition in types} | {function.name for function in interface.functions}
    queue = [type_ for function in interface.functions for type_ in function_types(function)]
    queue += [part for definition in types if not definition.source for part in children(type_key(definition))]
    for key in named_parts(queue):
        if key not in defined:
            definition = TypeDef(_free_name(own_name(key), taken), None if isinstance(key, OwnType) else key)
            defined[key] = definition
            taken.add(definition.name)
            types.append(definition)
            queue += children(key)
    return Interface(interface.name, interface.functions, tuple(types))


def _free_name(name: str, taken: Collection[str]) -> str:
    while name in taken:
        name = f"other-{name}"
    return name


# --- functions --------------------------------------------------------------------------------------------------------


def _signature(params: Iterable[Param], result: Type | None, names: Names | None) -> str:
    inner = ", ".join(f"{identifier(param.name)}: {type_text(param.type, names)}" for param in params)
    return f"({inner})" + ("" if result is None else f" -> {type_text(result, names)}")


def _by_resource(interface: Interface) -> dict[str, list[Function]]:
    found: dict[str, list[Function]] = {
        definition.name: [] for definition in interface.types if definition.type is None and not definition.source
    }
    for function in interface.functions:
        resource = _resource_of(function)
        if resource in found:
            found[resource].append(function)
    return found


def _is_of_resource(function: Function, of_resource: Mapping[str, Sequence[Function]]) -> bool:
    return _resource_of(function) in of_resource


def _resource_of(function: Function) -> str:
    bracketed, _, rest = function.name.partition("]")
    return rest.partition(".")[0] if bracketed.startswith("[") else ""


def _resource_function(function: Function, names: Names) -> str:
    kind, _, rest = function.name[1:].partition("]")
    if kind == "constructor":
        result = None if function.result == OwnType(rest) else function.result
        return f"constructor{_signature(function.params, result, names)};"
    static, params = ("static ", function.params) if kind == "static" else ("", function.params[1:])
    name = identifier(rest.partition(".")[2])
    return f"{name}: {static}func{_signature(params, function.result, names)};"


# --- worlds -----------------------------------------------------------------------------------------------------------


def _world_lines(world: World, packages: Iterable[Interface], name: str) -> list[str]:
    functions = (*world.bare_imports, *world.bare_exports)
    used = _world_uses(functions, (*world.imports, *world.exports, *packages))
    names = _names(used)
    lines = [_use_line(definition.source, [definition], "") for definition in used]
    for keyword, interfaces, bare in (
        ("import", world.imports, world.bare_imports),
        ("export", world.exports, world.bare_exports),
    ):
        for interface in interfaces:
            lines += _world_interface(keyword, interface)
        lines += [f"{keyword} {function_text(function, names)};" for function in bare]
    return _block(f"world {identifier(name)}", lines)


def _world_interface(keyword: str, interface: Interface) -> list[str]:
    if interface_or_none(interface.name) is not None:
        return [f"{keyword} {_path(interface.name)};"]
    return _block(f"{keyword} {identifier(interface.name)}: interface", _body_lines(interface, None))


def _world_uses(functions: Sequence[Function], interfaces: Sequence[Interface]) -> list[TypeDef]:
    """Return a ``use`` for each named type that functions outside of interfaces mention, as far as it is known."""
    defined = {
        key: TypeDef(definition.name, definition.type, interface.name, definition.name)
        for interface in reversed(interfaces)
        if interface_or_none(interface.name) is not None
        for key, definition in definitions_by_type(interface.types).items()
    }
    used: dict[str, TypeDef] = {}
    for key in named_parts(type_ for function in functions for type_ in function_types(function)):
        definition = defined.get(key)
        if definition is not None:
            used.setdefault(definition.name, definition)
    return list(used.values())
