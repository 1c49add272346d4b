"""Functions that a component exports without being WebAssembly: written in its table, or in WIT files.

``written_signature`` and ``wit_signature`` return what a component kind builds its ``Component`` from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct

from obelisk.errors import ComponentError, InvalidNameError, InvalidValueError
from obelisk.names import Ffqn, ffqn, parse_ffqn, parse_interface, split_ffqn
from obelisk.wit.model import Function, Interface, Param, ResultType, Type, World

T = TypeVar("T")


class FunctionParam(Struct, frozen=True, forbid_unknown_fields=True):
    """A parameter of a function that a table writes.

    * ``name``: what it is called; a ``_`` means ``-``.
    * ``type``: its WIT type, in which records, variants, enums and flags are spelled out.
    """

    name: str
    type: str

    def __post_init__(self) -> None:
        from obelisk.wit.signature import param_name, value_type

        _valid("name", param_name, self.name)
        _valid("type", value_type, self.type)


class Signature(Struct, frozen=True):
    """One exported function: ``interface`` holds it alone, as clients see it, with definitions of its types."""

    interface: Interface
    function: Function

    @property
    def ffqn(self) -> Ffqn:
        """The function's full name."""
        return ffqn(self.interface.name, self.function.name)

    @property
    def world(self) -> World:
        """The world of a component that exports the function and imports nothing."""
        return World(exports=(self.interface,))

    @property
    def text(self) -> str:
        """The signature in one line; equal signatures have equal texts, whatever their types are called."""
        from obelisk.wit.typetext import inline_type_text

        params = ", ".join(f"{param.name}: {inline_type_text(param.type)}" for param in self.function.params)
        result = "" if self.function.result is None else f" -> {inline_type_text(self.function.result)}"
        return f"{self.ffqn}: func({params}){result}"

    @property
    def returns_result(self) -> bool:
        """Whether the function returns a ``result``, which has a place for errors."""
        return isinstance(self.function.result, ResultType)

    def payload(self, *, ok: bool) -> Type | None:
        """Return the type of what comes with ``ok`` or ``err``, or of the value of a function that returns no ``result``."""
        declared = self.function.result
        if not isinstance(declared, ResultType):
            return declared if ok else None
        return declared.ok if ok else declared.err

    def returned(self, value: Any, *, ok: bool) -> Any:
        """Return the value that the function returns when its ``ok`` or ``err`` is ``value``, in its normal form.

        ``value`` is plain JSON, ``None`` where nothing is expected. Raises ``InvalidValueError`` when it does not fit, and
        for an ``err`` of a function that returns no ``result``.
        """
        from obelisk.core.values import check_value

        declared = self.function.result
        if isinstance(declared, ResultType):
            return check_value(declared, {"ok" if ok else "err": value})
        if not ok:
            raise InvalidValueError(f"`{self.ffqn}` returns no `result`, there is no place for an error")
        if declared is None and value is not None:
            raise InvalidValueError(f"`{self.ffqn}` returns nothing, expected null")
        return None if declared is None else check_value(declared, value)


def default_name(function: str) -> str:
    """Return what a component of one function is called when its table does not say, ``interface.function``.

    Raises ``ValueError`` for a text that is not a function's full name.
    """
    interface, name = _split(function)
    return f"{parse_interface(interface).interface}.{name}"


def written_signature(function: str, params: Sequence[FunctionParam], return_type: str) -> Signature:
    """Return the function that a table writes with ``ffqn``, ``params`` and ``return_type``.

    Raises ``ValueError`` that names the key.
    """
    from obelisk.wit.signature import function_interface, param_name, value_type

    interface, name = _split(function)
    found = tuple(Param(param_name(param.name), value_type(param.type)) for param in params)
    names = [param.name for param in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"`params`: found two parameters called `{twice}`, expected different names")
    written = Function(name, found, _valid("return_type", value_type, return_type))
    return Signature(function_interface(interface, written), written)


def wit_signature(directory: Path, function: str) -> Signature:
    """Return a function that the ``*.wit`` files of a directory, and of its ``deps``, define.

    Reads files, so a coroutine calls it in a thread. Raises ``ComponentError`` with the file and the place in it, and for a
    function that is not there or has a type without values, such as a resource.
    """
    from obelisk.wit.directory import read_directory
    from obelisk.wit.walk import carries_values, function_types

    interface_name, name = _split(function)
    interfaces = {interface.name: interface for interface in read_directory(directory).interfaces}
    interface = interfaces.get(interface_name)
    found = None if interface is None else interface.function(name)
    if interface is None or found is None:
        functions = (ffqn(each.name, known.name) for each in interfaces.values() for known in each.functions)
        there = [f"`{known}`" for known in functions if "[" not in known]
        raise ComponentError(
            f"no function `{function}` in the WIT files of {directory}, found {', '.join(there[:10]) or 'no function'}"
        )
    if not all(map(carries_values, function_types(found))):
        raise ComponentError(f"`{function}` has a type that has no values, such as a resource or a stream")
    types = tuple(definition for definition in interface.types if definition.type is not None)
    return Signature(Interface(interface.name, (found,), types), found)


def _split(function: str) -> tuple[str, str]:
    """Return interface and function. Raises ``ValueError``."""
    try:
        interface, name = split_ffqn(parse_ffqn(function))
    except InvalidNameError:
        interface, name = "", "["
    if name.startswith("["):
        raise ValueError(f"`ffqn`: found `{function[:200]}`, expected `namespace:package/interface[@version].function`")
    return interface, name


def _valid(key: str, parse: Callable[[str], T], text: str) -> T:
    """Return what ``parse`` makes of the text of a key. Raises ``ValueError`` that names the key."""
    try:
        return parse(text)
    except InvalidValueError as error:
        raise ValueError(f"`{key}`: {error}") from None
