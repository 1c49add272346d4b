"""Writes the component around the code of a guest.

    python -m tests.guests.build tests/guests/scripted.wat ...

A guest is written by hand in two parts: the comment that opens the file, whose indented lines are its WIT, and the core
module called ``$main``. All else, imports, memory and exports, is written into the file by this program, between lines that
say so.

- The first package of the WIT has the one interface that the guest exports. Packages in braces are those of other
  components; of these, of their extension interfaces and of the host the guest imports what ``$main`` imports:
  ``(import "testing:fibo-obelisk-ext/fibo" "fibo-submit" (func ...))``. The drop of a resource is called
  ``[resource-drop]join-set``, as other toolchains call it.
- A guest that answers HTTP requests has no package of its own but the line ``export wasi:http/incoming-handler@0.2.12;``.
  It may import what WASI has.
- ``$main`` exports each function under its name. It may import ``memory``, ``realloc`` and ``reset`` from ``heap``.
  Memory below ``HEAP`` is its own; from there on the heap gives memory out, and takes all back when a call is over.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from obelisk.core.events import ComponentRole
from obelisk.wit.extensions import extension_interfaces
from obelisk.wit.hosts import host_interfaces
from obelisk.wit.model import (
    BorrowType,
    Case,
    EnumType,
    FlagsType,
    Function,
    Interface,
    ListType,
    OptionType,
    OwnType,
    Primitive,
    RecordType,
    ResultType,
    TupleType,
    Type,
    TypeDef,
    VariantType,
)
from obelisk.wit.resolve import resolve_packages
from obelisk.wit.walk import children, definitions_by_type, function_types, named_parts, own_name, type_key
from obelisk.wit.wasi import is_wasi, wasi_interfaces

HEAP = 8192
LINE = 75
HEAD = "  ;; --- imports and memory, written by tests/guests/build.py ---"
CODE = "  ;; --- code ---"
TAIL = "  ;; --- exports, written by tests/guests/build.py ---"
DROP = "[resource-drop]"
_IMPORT = re.compile(r'\(import\s+"([^"]+)"\s+"([^"]+)"\s+\(func')
_WIDE = {Primitive.S64, Primitive.U64, Primitive.F32, Primitive.F64}

_HEAP = f"""\
  ;; Memory is given out from the top up and freed all at once by reset.
  (core module $heap
    (memory (export "memory") 1)
    (global $top (mut i32) (i32.const {HEAP}))
    (func (export "reset") (global.set $top (i32.const {HEAP})))
    (func (export "free") (param i32) (global.set $top (i32.const {HEAP})))
    (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (local $address i32)
      (local.set $address
        (i32.and
          (i32.add (global.get $top) (i32.sub (local.get $align) (i32.const 1)))
          (i32.sub (i32.const 0) (local.get $align))))
      (global.set $top (i32.add (local.get $address) (local.get $size)))
      (if (i32.gt_u (global.get $top) (i32.mul (memory.size) (i32.const 65536)))
        (then
          (if (i32.eq (memory.grow (i32.add (i32.div_u (local.get $size) (i32.const 65536)) (i32.const 1))) (i32.const -1))
            (then unreachable))))
      (memory.copy (local.get $address) (local.get $old) (local.get $old-size))
      (local.get $address)))
  (core instance $heap (instantiate $heap))
  (alias core export $heap "memory" (core memory $memory))
  (alias core export $heap "realloc" (core func $realloc))
  (alias core export $heap "free" (core func $free))""".splitlines()


def built(text: str) -> str:
    """Return the text of a guest with everything around its code written anew."""
    comment = list(_comment(text))
    start, end = text.index(CODE), text.find(TAIL)
    code = text[start : end if end >= 0 else None].rstrip()
    writer = _Writer(_wit(comment), code)
    return "\n".join((*comment, *writer.head(), code, *writer.tail(), ""))


def exported_interface(text: str) -> Interface:
    """Return the interface that the comment of a guest says it exports."""
    return _wit(list(_comment(text)))[0]


def component_interfaces(text: str) -> list[Interface]:
    """Return the interfaces of other components that the comment of a guest describes."""
    return _wit(list(_comment(text)))[1]


def _comment(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if not line.startswith(";;"):
            return
        yield line


def _wit(comment: Iterable[str]) -> tuple[Interface, list[Interface]]:
    text = "\n".join(line[2:] for line in comment if line.startswith(";;   "))
    exported = re.search(r"export (wasi:[^;@]+)@[^;]+;", text)
    if exported is not None:
        others = text.replace(exported[0], "")
        packages = [others] if others.strip() else []
        known = host_interfaces().values()
        return wasi_interfaces()[exported[1]], list(resolve_packages(packages, known=known).interfaces)
    interfaces = resolve_packages([text], known=host_interfaces().values()).interfaces
    package = re.search(r"package ([^;{ ]+);", text)
    if package is None:
        raise ValueError("the comment has no line such as `package testing:some;`")
    own = [interface for interface in interfaces if interface.name.partition("/")[0] == package[1]]
    if len(own) != 1:
        raise ValueError(f"`{package[1]}` has {len(own)} interfaces, expected one")
    return own[0], [interface for interface in interfaces if interface is not own[0]]


class _Writer:
    def __init__(self, wit: tuple[Interface, list[Interface]], code: str) -> None:
        self._exported = wit[0]
        self._known = {interface.name: interface for interface in (*_offered(), *wit[1])}
        for role in (ComponentRole.ACTIVITY, ComponentRole.ACTIVITY_STUB):
            for interface in wit[1]:
                self._known |= {each.name: each for each in extension_interfaces(interface, role=role)}
        self._name = f"${_short(self._exported.name)}"
        # What is imported, by interface: functions and types by their names.
        self._functions: dict[str, list[str]] = {}
        self._types: dict[str, set[str]] = {}
        self._order: list[str] = []
        self._outer: dict[tuple[str, str], str] = {}
        self._need(code)

    # --- what is imported ---

    def _need(self, code: str) -> None:
        for function in self._exported.functions:
            self._need_types(self._exported, function_types(function))
        for name, function in _IMPORT.findall(code):
            if name == "heap":
                continue
            interface = self._known[name]
            self._functions.setdefault(name, []).append(function)
            if function.startswith(DROP):
                self._need_type(interface, function.removeprefix(DROP))
            else:
                self._need_types(interface, function_types(_function(interface, function)))
        for name in (*self._known, *self._functions):
            self._put_in_order(name)

    def _need_types(self, interface: Interface, types: Iterable[Type]) -> None:
        for key in named_parts(types):
            self._need_type(interface, definitions_by_type(interface.types)[key].name)

    def _need_type(self, interface: Interface, name: str) -> None:
        self._types.setdefault(interface.name, set()).add(name)
        definition = _definition(interface, name)
        if definition.source:
            self._need_type(self._known[definition.source], definition.source_name)
        elif definition.type is not None:
            self._need_types(interface, children(definition.type))

    def _put_in_order(self, name: str) -> None:
        wanted = name in self._types or name in self._functions
        if not wanted or name in self._order or name == self._exported.name:
            return
        for definition in self._definitions(self._known[name]):
            if definition.source:
                self._put_in_order(definition.source)
        self._order.append(name)

    def _definitions(self, interface: Interface) -> list[TypeDef]:
        needed = self._types.get(interface.name, set())
        ordered: list[TypeDef] = []
        for definition in interface.types:
            if definition.name in needed:
                self._add_after_parts(interface, definition, ordered)
        return ordered

    def _add_after_parts(self, interface: Interface, definition: TypeDef, ordered: list[TypeDef]) -> None:
        """WIT may use a type before it defines it, text of components may not."""
        by_type = definitions_by_type(interface.types)
        if definition.type is not None and not definition.source:
            for key in named_parts(children(definition.type)):
                if by_type[key] is not definition:
                    self._add_after_parts(interface, by_type[key], ordered)
        if definition not in ordered:
            ordered.append(definition)

    # --- text ---

    def head(self) -> Iterator[str]:
        yield f"(component {self._name}"
        yield HEAD
        for name in self._order:
            yield from self._import(self._known[name])
        yield from _HEAP
        for name, function in self._lowered():
            yield self._lower(name, function)

    def _import(self, interface: Interface) -> Iterator[str]:
        names: dict[Type, str] = {}
        lines: list[str] = []
        for definition in self._definitions(interface):
            lines += self._imported_type(definition, names)
        for name in self._functions.get(interface.name, ()):
            if not name.startswith(DROP):
                lines.append(f'    (export "{name}" (func{_signature(_function(interface, name), names)}))')
        yield f'  (import "{interface.name}" (instance ${_short(interface.name)}'
        yield from (*lines[:-1], f"{lines[-1]}))")
        for definition in self._definitions(interface):
            if not definition.source:
                outer = self._outer_name(interface.name, definition.name)
                yield f'  (alias export ${_short(interface.name)} "{definition.name}" (type {outer}))'

    def _imported_type(self, definition: TypeDef, names: dict[Type, str]) -> Iterator[str]:
        name = names[type_key(definition)] = f"${definition.name}"
        if definition.source:
            outer = self._outer[self._origin(definition.source, definition.source_name)]
            yield f"    (alias outer {self._name} {outer} (type $outer-{definition.name}))"
            yield f'    (export "{definition.name}" (type {name} (eq $outer-{definition.name})))'
        elif definition.type is None:
            yield f'    (export "{definition.name}" (type {name} (sub resource)))'
        else:
            yield f"    (type {name}-type {_structure(definition.type, names)})"
            yield f'    (export "{definition.name}" (type {name} (eq {name}-type)))'

    def _origin(self, interface: str, name: str) -> tuple[str, str]:
        """Return where a type that may be used from one interface after another is defined."""
        definition = _definition(self._known[interface], name)
        return self._origin(definition.source, definition.source_name) if definition.source else (interface, name)

    def _outer_name(self, interface: str, name: str) -> str:
        taken = self._outer.values()
        outer = f"${name}" if f"${name}" not in taken else f"${_short(interface)}-{name}"
        self._outer[interface, name] = outer
        return outer

    def _lowered(self) -> Iterator[tuple[str, str]]:
        for name in self._order:
            for function in self._functions.get(name, ()):
                yield name, function

    def _lower(self, interface: str, function: str) -> str:
        name = _core_name(interface, function)
        if function.startswith(DROP):
            resource = self._outer[self._origin(interface, function.removeprefix(DROP))]
            return f"  (core func {name} (canon resource.drop {resource}))"
        target = f'(func ${_short(interface)} "{function}")'
        return f"  (core func {name}\n    (canon lower {target} (memory $memory) (realloc $realloc)))"

    def tail(self) -> Iterator[str]:
        yield TAIL
        yield "  (core instance $main (instantiate $main"
        yield '    (with "heap" (instance $heap))'
        for interface in self._order:
            functions = self._functions.get(interface)
            if functions:
                yield f'    (with "{interface}" (instance'
                lines = [f'      (export "{each}" (func {_core_name(interface, each)}))' for each in functions]
                yield from (*lines[:-1], f"{lines[-1]}))")
        yield "  ))"
        if is_wasi(self._exported.name) or not self._definitions(self._exported):
            yield from self._exports()
        else:
            yield from self._typed_exports()

    def _exports(self) -> Iterator[str]:
        names = {
            type_key(definition): self._outer[self._origin(definition.source, definition.source_name)]
            for definition in self._definitions(self._exported)
        }
        for function in self._exported.functions:
            yield self._lift(function, names)
        yield f"  (instance $exported{self._all_functions()})"
        yield f'  (export "{self._exported.name}" (instance $exported)))'

    def _typed_exports(self) -> Iterator[str]:
        """An interface with types of its own is the instance of a component that imports types and functions."""
        own = [definition for definition in self._definitions(self._exported) if not definition.source]
        names = {
            type_key(definition): self._outer[self._origin(definition.source, definition.source_name)]
            for definition in self._definitions(self._exported)
            if definition.source
        }
        for definition in own:
            name = names[type_key(definition)] = self._outer_name(self._exported.name, definition.name)
            yield f"  (type {name} {_structure(_type(definition), names)})"
        for function in self._exported.functions:
            yield self._lift(function, names)
        yield from self._interface_component()
        yield "  (instance $exported (instantiate $interface"
        for key, definition in self._used_and_own():
            outer = self._outer[self._origin(*key)] if key[0] != self._exported.name else self._outer[key]
            yield f'    (with "{_short(key[0])}-{definition.name}" (type {outer}))'
        for function in self._exported.functions:
            yield f'    (with "{function.name}" (func ${function.name}))'
        yield "  ))"
        yield f'  (export "{self._exported.name}" (instance $exported)))'

    def _used_and_own(self) -> Iterator[tuple[tuple[str, str], TypeDef]]:
        """Yield where each type that the exported interface needs is defined, what it is made of first."""
        for name in (*self._order, self._exported.name):
            interface = self._exported if name == self._exported.name else self._known[name]
            for definition in self._definitions(interface):
                if not definition.source and self._is_of_exported(definition):
                    yield (name, definition.name), definition

    def _is_of_exported(self, wanted: TypeDef) -> bool:
        types = [definition.type for definition in self._definitions(self._exported) if definition.type is not None]
        while types:
            type_ = types.pop()
            if type_ == wanted.type:
                return True
            types += children(type_)
        return False

    def _interface_component(self) -> Iterator[str]:
        inner: dict[Type, str] = {}
        yield "  (component $interface"
        for key, definition in self._used_and_own():
            name = f"${_short(key[0])}-{definition.name}"
            yield f"    (type {name}-type {_structure(_type(definition), inner)})"
            yield f'    (import "{name[1:]}" (type {name} (eq {name}-type)))'
            inner[_type(definition)] = name
        for function in self._exported.functions:
            yield f'    (import "{function.name}" (func ${function.name}{_signature(function, inner)}))'
        outer = dict(inner)
        for definition in self._definitions(self._exported):
            outer[_type(definition)] = f"$exported-{definition.name}"
            yield f'    (export $exported-{definition.name} "{definition.name}" (type {inner[_type(definition)]}))'
        lines = [
            f'    (export "{function.name}" (func ${function.name}) (func{_signature(function, outer)}))'
            for function in self._exported.functions
        ]
        yield from (*lines[:-1], f"{lines[-1]})")

    def _all_functions(self) -> str:
        return "".join(f'\n    (export "{each.name}" (func ${each.name}))' for each in self._exported.functions)

    def _lift(self, function: Function, names: dict[Type, str]) -> str:
        free = "" if function.result is None or function.result in _WIDE else " (post-return $free)"
        options = f"(memory $memory) (realloc $realloc){free}"
        return (
            f"  (func ${function.name}{_signature(function, names)}\n"
            f'    (canon lift (core func $main "{function.name}") {options}))'
        )


def _offered() -> list[Interface]:
    return [*host_interfaces().values(), *wasi_interfaces().values()]


def _short(interface: str) -> str:
    package, _, name = interface.partition("@")[0].partition("/")
    suffix = re.search(r"-obelisk(-\w+)$", package)
    return name + (suffix[1] if suffix else "")


def _core_name(interface: str, function: str) -> str:
    return f"${_short(interface)}.{function.replace('[', '').replace(']', '-')}"


def _function(interface: Interface, name: str) -> Function:
    function = interface.function(name)
    if function is None:
        raise ValueError(f"`{interface.name}` has no function `{name}`")
    return function


def _definition(interface: Interface, name: str) -> TypeDef:
    return next(definition for definition in interface.types if definition.name == name)


def _type(definition: TypeDef) -> Type:
    assert definition.type is not None, "a guest exports no resource"
    return definition.type


def _signature(function: Function, names: dict[Type, str]) -> str:
    parts = [f'(param "{param.name}" {_text(param.type, names)})' for param in function.params]
    if function.result is not None:
        parts.append(f"(result {_text(function.result, names)})")
    separator = " " if sum(map(len, parts)) < LINE else "\n      "
    return "".join(separator + part for part in parts)


def _text(type_: Type, names: dict[Type, str]) -> str:
    match type_:
        case OwnType():
            return f"(own {names[type_]})"
        case BorrowType(resource):
            return f"(borrow {names[OwnType(resource)]})"
        case _:
            return names[type_] if own_name(type_) else _structure(type_, names)


def _structure(type_: Type, names: dict[Type, str]) -> str:
    match type_:
        case Primitive():
            return type_.value
        case ListType(element):
            return f"(list {_text(element, names)})"
        case OptionType(payload):
            return f"(option {_text(payload, names)})"
        case ResultType(ok, err):
            error = "" if err is None else f" (error {_text(err, names)})"
            return f"(result{'' if ok is None else ' ' + _text(ok, names)}{error})"
        case TupleType(elements):
            return f"(tuple {' '.join(_text(element, names) for element in elements)})"
        case RecordType(fields):
            return _lines("record", [f'(field "{field.name}" {_text(field.type, names)})' for field in fields])
        case VariantType(cases):
            return _lines("variant", [_case(case, names) for case in cases])
        case EnumType(cases):
            return _lines("enum", [f'"{case}"' for case in cases])
        case FlagsType(flags):
            return _lines("flags", [f'"{flag}"' for flag in flags])
        case _:
            raise ValueError(f"a guest cannot have the type {type_}")


def _case(case: Case, names: dict[Type, str]) -> str:
    return f'(case "{case.name}"{"" if case.type is None else f" {_text(case.type, names)}"})'


def _lines(keyword: str, parts: list[str]) -> str:
    separator = " " if sum(map(len, parts)) < LINE else "\n      "
    return separator.join((f"({keyword}", *parts)) + ")"


def main(paths: Iterable[str]) -> None:
    """Write each file anew."""
    for path in map(Path, paths):
        path.write_text(built(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
