"""How the ``component`` commands work: components of a server, and component files, shown alike."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from obelisk.api.convert.basics import function_of, name_of, role_of
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.cli.connection import Connection, connected
from obelisk.cli.output import print_json_line, print_line
from obelisk.core.events import ComponentRole
from obelisk.errors import ComponentError, InputError
from obelisk.wit.extensions import extended, extension_interfaces
from obelisk.wit.model import Function, Interface, World
from obelisk.wit.printer import component_wit, type_text

SUFFIXES = (".wasm", ".wat")

_EXTENSION = "FUNCTION_EXTENSION_"


class ParamLine(Struct, frozen=True):
    """A parameter."""

    name: str
    type: str


class FunctionLine(Struct, frozen=True):
    """A function: ``result`` is ``None`` when it returns nothing, ``extension`` for functions of the component itself."""

    ffqn: str
    params: tuple[ParamLine, ...]
    result: str | None
    extension: str | None
    submittable: bool


class ComponentLine(Struct, frozen=True, omit_defaults=True):
    """A line of ``component list --json``; a file has neither type nor digest."""

    name: str
    exports: tuple[FunctionLine, ...]
    imports: tuple[FunctionLine, ...]
    type: str | UnsetType = UNSET
    digest: str | UnsetType = UNSET


def print_components(*, imports: bool, extensions: bool, as_json: bool) -> None:
    """Print the components of a server."""
    with connected() as connection:
        for component in connection.components(extensions=extensions):
            _print(_component_line(component), imports=imports, as_json=as_json)


def print_component(target: str, *, imports: bool, extensions: bool, as_json: bool) -> None:
    """Print a component file, or a component of a server."""
    if _is_file(target):
        line = _file_line(target, _inspected(target), extensions=extensions)
    else:
        with connected() as connection:
            line = _component_line(_found(connection, target, extensions=extensions))
    _print(line, imports=imports, as_json=as_json)


def print_wit(target: str, *, as_json: bool) -> None:
    """Print the WIT of a component file, or of a component of a server."""
    if _is_file(target):
        world = _inspected(target)
        text = component_wit(world, _extensions(world))
    else:
        with connected() as connection:
            found = _found(connection, target, extensions=False)
            text = connection.wit(found.component_id.digest.digest)
    if as_json:
        print_json_line({"name": target, "wit": text})
    else:
        print_line(text.rstrip("\n"))


def _is_file(target: str) -> bool:
    return target.endswith(SUFFIXES) or Path(target).is_file()


def _inspected(path: str) -> World:
    from obelisk.wasm.inspect import inspect_file

    try:
        return asyncio.run(inspect_file(Path(path)))
    except ComponentError as error:
        raise InputError(str(error)) from error


def _found(connection: Connection, target: str, *, extensions: bool) -> pb.Component:
    components = connection.components(extensions=extensions)
    for component in components:
        if target in (component.component_id.name, component.component_id.digest.digest):
            return component
    known = ", ".join(f"`{component.component_id.name}`" for component in components) or "none"
    raise InputError(f"`{target}` is no file and no component of the server; its components are: {known}")


def _component_line(component: pb.Component) -> ComponentLine:
    return ComponentLine(
        name=component.component_id.name,
        type=role_of(component.component_id.component_type).value,
        digest=component.component_id.digest.digest,
        exports=tuple(map(_detail_line, component.exports)),
        imports=tuple(map(_detail_line, component.imports)),
    )


def _detail_line(detail: pb.FunctionDetail) -> FunctionLine:
    extension = name_of(pb.FunctionExtension, detail.extension, prefix=_EXTENSION).lower().replace("_", "-")
    return FunctionLine(
        ffqn=function_of(detail.function_name),
        params=tuple(ParamLine(param.name, param.type.wit_type) for param in detail.params),
        result=detail.return_type.wit_type if detail.HasField("return_type") else None,
        extension=extension if detail.HasField("extension") else None,
        submittable=detail.submittable,
    )


def _file_line(path: str, world: World, *, extensions: bool) -> ComponentLine:
    exports = tuple(_world_lines(world.exports, world.bare_exports))
    if extensions:
        derived = _world_lines(_extensions(world), ())
        exports += tuple(replace(line, extension=_extension_of(line.ffqn)) for line in derived)
    return ComponentLine(name=path, exports=exports, imports=tuple(_world_lines(world.imports, world.bare_imports)))


def _extensions(world: World) -> list[Interface]:
    # A file does not say what it is for; activities and workflows have the same extensions.
    role = ComponentRole.WORKFLOW
    return [interface for exported in world.exports for interface in extension_interfaces(exported, role=role)]


def _extension_of(ffqn: str) -> str | None:
    interface, _, function = ffqn.rpartition(".")
    found = extended(interface, function)
    return None if found is None else found.extension.value


def _world_lines(interfaces: Iterable[Interface], bare: Iterable[Function]) -> Iterator[FunctionLine]:
    for interface in interfaces:
        for function in interface.functions:
            yield _function_line(f"{interface.name}.{function.name}", function)
    for function in bare:
        yield _function_line(function.name, function)


def _function_line(ffqn: str, function: Function) -> FunctionLine:
    return FunctionLine(
        ffqn=ffqn,
        params=tuple(ParamLine(param.name, type_text(param.type)) for param in function.params),
        result=None if function.result is None else type_text(function.result),
        extension=None,
        submittable=False,
    )


def _print(line: ComponentLine, *, imports: bool, as_json: bool) -> None:
    if as_json:
        print_json_line(line)
        return
    print_line("  ".join(part for part in (line.name, line.type, line.digest) if isinstance(part, str)))
    _print_functions("Exports", line.exports)
    if imports:
        _print_functions("Imports", line.imports)


def _print_functions(title: str, functions: tuple[FunctionLine, ...]) -> None:
    print_line(f"  {title}:")
    for function in functions:
        params = ", ".join(f"{param.name}: {param.type}" for param in function.params)
        result = "" if function.result is None else f" -> {function.result}"
        print_line(f"    {function.ffqn}: func({params}){result}")
