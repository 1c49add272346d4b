"""Puts names back on types that are known by their structure only."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from obelisk.wit.model import (
    EnumType,
    FlagsType,
    Function,
    Interface,
    ListType,
    OptionType,
    RecordType,
    ResultType,
    TupleType,
    Type,
    TypeDef,
    VariantType,
)


def name_types(
    imports: Sequence[Interface], exports: Sequence[Interface]
) -> tuple[tuple[Interface, ...], tuple[Interface, ...]]:
    """Name the records, variants, enums and flags of both sides, and say where types are ``use``d from.

    Interfaces are in the order of their dependencies. A type of an interface is taken as ``use``d from the first
    interface before it that has a type of the same name and structure.
    """
    seen = _Seen()
    named = [_Namer(interface, seen).interface() for interface in (*imports, *exports)]
    return tuple(named[: len(imports)]), tuple(named[len(imports) :])


class _Seen:
    """The named types of the interfaces that were done."""

    def __init__(self) -> None:
        self.names: dict[Type, list[str]] = {}
        self.definitions: dict[tuple[str, Type], tuple[str, Type]] = {}
        """By name and structure: the interface that comes first, and the type with its names."""

    def add(self, interface: str, structure: Type, named: TypeDef) -> None:
        if named.type is not None:
            self.names.setdefault(structure, []).append(named.name)
            self.definitions.setdefault((named.name, structure), (interface, named.type))


class _Namer:
    """Names the types of one interface."""

    def __init__(self, interface: Interface, seen: _Seen) -> None:
        self._interface = interface
        self._seen = seen
        self._own: dict[Type, list[str]] = {}
        for definition in interface.types:
            if definition.type is not None:
                self._own.setdefault(definition.type, []).append(definition.name)

    def interface(self) -> Interface:
        """Return the interface with its names, which are then known to later ones."""
        types = tuple(self._definition(definition) for definition in self._interface.types)
        functions = tuple(self._function(function) for function in self._interface.functions)
        for before, after in zip(self._interface.types, types, strict=True):
            if before.type is not None:
                self._seen.add(self._interface.name, before.type, after)
        return Interface(self._interface.name, functions, types)

    def _definition(self, definition: TypeDef) -> TypeDef:
        if definition.type is None:
            return definition
        source, named = self._seen.definitions.get((definition.name, definition.type), ("", None))
        if named is None or source == self._interface.name:
            return TypeDef(definition.name, self._parts(definition.type, definition.name))
        return TypeDef(definition.name, named, source, definition.name)

    def _function(self, function: Function) -> Function:
        params = tuple(replace(param, type=self._named(param.type, param.name)) for param in function.params)
        return Function(function.name, params, self._maybe(function.result, function.name))

    def _named(self, structure: Type, hint: str) -> Type:
        """Return the type with its names; ``hint`` is what the place where it is used is called."""
        if not isinstance(structure, RecordType | VariantType | EnumType | FlagsType):
            return self._parts(structure, hint)
        names = self._own.get(structure) or self._seen.names.get(structure) or [""]
        name = hint if hint in names else names[0]
        _, named = self._seen.definitions.get((name, structure), ("", None))
        return self._parts(structure, name) if named is None else named

    def _maybe(self, structure: Type | None, hint: str) -> Type | None:
        return None if structure is None else self._named(structure, hint)

    def _parts(self, structure: Type, name: str) -> Type:
        """Return the type called ``name``, with the types that it is made of named."""
        match structure:
            case RecordType(fields):
                return RecordType(tuple(replace(part, type=self._named(part.type, part.name)) for part in fields), name)
            case VariantType(cases):
                return VariantType(tuple(replace(part, type=self._maybe(part.type, part.name)) for part in cases), name)
            case EnumType() | FlagsType():
                return replace(structure, name=name)
            case ListType(element):
                return ListType(self._named(element, name))
            case OptionType(payload):
                return OptionType(self._named(payload, name))
            case ResultType(ok, err):
                return ResultType(self._maybe(ok, name), self._maybe(err, name))
            case TupleType(elements):
                return TupleType(tuple(self._named(element, name) for element in elements))
            case _:
                return structure
