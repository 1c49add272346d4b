"""Extension functions: what the engine exports beside each function of a component.

For ``f`` of ``ns:pkg/ifc@v`` a workflow may also import

    ns:pkg-obelisk-ext/ifc@v       ``f-submit``, ``f-await-next``, ``f-get``   start it in a join set, take its result
    ns:pkg-obelisk-schedule/ifc@v  ``f-schedule``                              start it as a top-level execution
    ns:pkg-obelisk-stub/ifc@v      ``f-stub``                                  give the result of a stub

An execution can fail without returning. A function whose return type has a place for that is *projectable*, and the
failure is handed over as its error; any other return type ``R`` becomes ``result<R, execution-failure-kind>`` in
extension functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from functools import cache

from msgspec import Struct

from obelisk.names import InterfaceName, interface_or_none, parse_interface
from obelisk.wit.hosts import EXECUTION, JOIN_SET, TIME, host_interfaces, host_type
from obelisk.wit.model import (
    BorrowType,
    Function,
    Interface,
    Param,
    Primitive,
    ResultType,
    Type,
    TypeDef,
    VariantType,
)
from obelisk.wit.walk import carries_values, definitions_by_type, function_types, named_parts

CANCELLABLE_SUFFIX = "-cancellable"
EXT_SUFFIX = "-obelisk-ext"
SCHEDULE_SUFFIX = "-obelisk-schedule"
STUB_SUFFIX = "-obelisk-stub"
EXECUTION_FAILED = "execution-failed"


class FunctionExtension(Enum):
    """What an extension function does with the function that it extends; the value is the suffix of its name."""

    SUBMIT = "submit"
    AWAIT_NEXT = "await-next"
    SCHEDULE = "schedule"
    STUB = "stub"
    GET = "get"


_PACKAGES: dict[str, tuple[FunctionExtension, ...]] = {
    EXT_SUFFIX: (FunctionExtension.SUBMIT, FunctionExtension.AWAIT_NEXT, FunctionExtension.GET),
    SCHEDULE_SUFFIX: (FunctionExtension.SCHEDULE,),
    STUB_SUFFIX: (FunctionExtension.STUB,),
}
_PACKAGES_OF_ROLE: dict[str, tuple[str, ...]] = {
    "activity": (EXT_SUFFIX, SCHEDULE_SUFFIX),
    "workflow": (EXT_SUFFIX, SCHEDULE_SUFFIX),
    "activity_stub": (EXT_SUFFIX, STUB_SUFFIX),
}


class Extended(Struct, frozen=True):
    """The function behind an extension function."""

    interface: str
    function: str
    extension: FunctionExtension


def reserved_suffix(interface_name: str) -> str | None:
    """Return the reserved suffix that the package of an interface ends with, ``None`` when it has none."""
    name = interface_or_none(interface_name)
    return None if name is None else next((suffix for suffix in _PACKAGES if name.package.endswith(suffix)), None)


def is_cancellable(function_name: str) -> bool:
    """Tell whether the name of a workflow's function says that it may be cancelled."""
    return function_name.endswith(CANCELLABLE_SUFFIX)


def is_projectable(result: Type | None) -> bool:
    """Tell whether an execution failure can be handed over as an error of this return type."""
    if not isinstance(result, ResultType):
        return False
    if isinstance(result.err, VariantType):
        return any(case.name == EXECUTION_FAILED and case.type is None for case in result.err.cases)
    return result.err is None or result.err is Primitive.STRING


def extended(interface_name: str, function_name: str) -> Extended | None:
    """Return the function that an extension function extends, ``None`` when it is not the name of one."""
    suffix = reserved_suffix(interface_name)
    if suffix is None:
        return None
    name = parse_interface(interface_name)
    package = name.package.removesuffix(suffix)
    for extension in _PACKAGES[suffix]:
        plain = function_name.removesuffix(f"-{extension.value}")
        if package and plain and plain != function_name:
            interface = InterfaceName(name.namespace, package, name.interface, name.version)
            return Extended(str(interface), plain, extension)
    return None


def extension_interfaces(exported: Interface, *, role: Enum) -> tuple[Interface, ...]:
    """Return the extension interfaces of an exported interface; ``role`` is the component's ``ComponentRole``.

    Functions that take or return what no value crosses with (resources, streams) and methods have no extensions.
    """
    name = interface_or_none(exported.name)
    functions = [function for function in exported.functions if _is_extensible(function)]
    if name is None or not functions:
        return ()
    suffixes = _PACKAGES_OF_ROLE.get(role.value, ())
    return tuple(_extension_interface(exported, name.with_package_suffix(suffix), suffix) for suffix in suffixes)


def extension_result(result: Type | None) -> Type:
    """Return the R of extension functions for a function that returns ``result``."""
    if result is not None and is_projectable(result):
        return result
    return ResultType(result, _type(EXECUTION, "execution-failure-kind"))


def _is_extensible(function: Function) -> bool:
    return not function.name.startswith("[") and all(map(carries_values, function_types(function)))


def _extension_interface(exported: Interface, name: InterfaceName, suffix: str) -> Interface:
    functions = tuple(
        _SIGNATURES[extension](function)
        for function in exported.functions
        if _is_extensible(function)
        for extension in _PACKAGES[suffix]
    )
    return Interface(str(name), functions, _used_types(exported, functions))


def _type(interface: str, name: str) -> Type:
    found = host_type(interface, name)
    assert found.type is not None
    return found.type


_JOIN_SET = BorrowType("join-set")


def _submit(function: Function) -> Function:
    params = _prepend(function, "join-set", _JOIN_SET)
    return Function(f"{function.name}-submit", params, _type(EXECUTION, "execution-id"))


def _await_next(function: Function) -> Function:
    result = ResultType(extension_result(function.result), _type(EXECUTION, "await-next-extension-error"))
    return Function(f"{function.name}-await-next", (Param("join-set", _JOIN_SET),), result)


def _get(function: Function) -> Function:
    result = ResultType(extension_result(function.result), _type(EXECUTION, "get-extension-error"))
    return Function(f"{function.name}-get", (Param("execution-id", _type(EXECUTION, "execution-id")),), result)


def _schedule(function: Function) -> Function:
    params = _prepend(function, "schedule-at", _type(TIME, "schedule-at"))
    return Function(f"{function.name}-schedule", params, _type(EXECUTION, "execution-id"))


def _stub(function: Function) -> Function:
    params = (
        Param("execution-id", _type(EXECUTION, "execution-id")),
        Param("execution-result", extension_result(function.result)),
    )
    return Function(f"{function.name}-stub", params, ResultType(None, _type(EXECUTION, "stub-error")))


_SIGNATURES: dict[FunctionExtension, Callable[[Function], Function]] = {
    FunctionExtension.SUBMIT: _submit,
    FunctionExtension.AWAIT_NEXT: _await_next,
    FunctionExtension.GET: _get,
    FunctionExtension.SCHEDULE: _schedule,
    FunctionExtension.STUB: _stub,
}


def _prepend(function: Function, name: str, type_: Type) -> tuple[Param, ...]:
    return (Param(_unique(name, {param.name for param in function.params}), type_), *function.params)


def _unique(name: str, taken: Iterable[str]) -> str:
    while name in taken:
        name = f"obelisk-{name}"
    return name


def _used_types(exported: Interface, functions: tuple[Function, ...]) -> tuple[TypeDef, ...]:
    """Return what the functions ``use``: the exported interface's types first, then those of the host packages."""
    mentioned = named_parts(type_ for function in functions for type_ in function_types(function))
    own = definitions_by_type(exported.types)
    host = _host_definitions()
    used: dict[Type, TypeDef] = {}
    taken = {function.name for function in functions}
    for key in sorted(dict.fromkeys(mentioned), key=lambda key: key not in own):
        source, definition = (exported.name, own[key]) if key in own else host.get(key, ("", None))
        if definition is not None:
            name = _unique(definition.name, taken)
            taken.add(name)
            used[key] = TypeDef(name, definition.type, source, definition.name)
    return tuple(used.values())


@cache
def _host_definitions() -> dict[Type, tuple[str, TypeDef]]:
    found: dict[Type, tuple[str, TypeDef]] = {}
    for interface in (TIME, EXECUTION, JOIN_SET):
        for key, definition in definitions_by_type(host_interfaces()[interface].types).items():
            if not definition.source:
                found[key] = (interface, definition)
    return found
