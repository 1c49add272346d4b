"""Syntax trees to the model: names become the types that they stand for.

A type may mention another many times, and that one a third: spelled out, such text grows beyond all bounds. So each
resolved type carries its depth and its size, and both are bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NoReturn

from msgspec import Struct

from obelisk.errors import ComponentError, InvalidValueError
from obelisk.wit.lexer import Source
from obelisk.wit.model import (
    BorrowType,
    Case,
    EnumType,
    Field,
    FlagsType,
    Function,
    Interface,
    ListType,
    OptionType,
    OwnType,
    Param,
    Primitive,
    RecordType,
    ResultType,
    TupleType,
    Type,
    TypeDef,
    UnsupportedType,
    VariantType,
    World,
)
from obelisk.wit.parser import MAX_DEPTH, parse_packages, parse_type_expression
from obelisk.wit.syntax import (
    FunctionItem,
    InterfaceDecl,
    InterfaceItem,
    InterfacePath,
    Member,
    PackageDecl,
    Shape,
    TypeExpr,
    TypeItem,
    UseItem,
    WorldDecl,
)
from obelisk.wit.typetext import type_text
from obelisk.wit.walk import children

MAX_TYPE_SIZE: Final = 20_000
"""How many parts a type may have when it is spelled out."""

_BARE: Final[dict[str, Type]] = {
    "%error-context": UnsupportedType("error-context"),
    **{f"%{primitive.value}": primitive for primitive in Primitive},
}


class NamedWorld(Struct, frozen=True):
    """A world and its name, ``ns:pkg/world@version``."""

    name: str
    world: World


class Document(Struct, frozen=True):
    """What WIT text defines."""

    interfaces: tuple[Interface, ...]
    worlds: tuple[NamedWorld, ...]


def resolve_packages(
    texts: Sequence[str | Source], *, known: Iterable[Interface] = (), name: str = "WIT text"
) -> Document:
    """Return the interfaces and worlds of WIT texts, which may use each other and the ``known`` interfaces.

    A text that is no ``Source`` is called ``name`` in messages.

    Interfaces come after those whose types they use. Raises ``ComponentError`` with line, column, what was found and
    what was expected.
    """
    sources = [Source(text, name) if isinstance(text, str) else text for text in texts]
    packages = [package for source in sources for package in parse_packages(source)]
    return _Resolver(packages, known).document()


def parse_type(text: str) -> Type:
    """Return the type that a text such as ``result<list<u8>, string>`` or ``record { a: u8 }`` writes.

    Raises ``InvalidValueError`` with the column, what was found and what was expected.
    """
    source = Source(text, "WIT type")
    try:
        return _LooseScope(source).type(parse_type_expression(source)).type
    except ComponentError as error:
        raise InvalidValueError(str(error)) from None


class _Sized(Struct, frozen=True):
    """A type, how deep it is nested, and how many types it is made of."""

    type: Type
    depth: int
    size: int


def _measure(type_: Type) -> _Sized:
    parts = [_measure(part) for part in children(type_)]
    return _Sized(type_, 1 + max((part.depth for part in parts), default=0), 1 + sum(part.size for part in parts))


class _Scope:
    """The named types of one interface or world, resolved when they are first asked for."""

    def __init__(self, source: Source, items: Iterable[InterfaceItem] = ()) -> None:
        self._source = source
        self._pending: dict[str, TypeItem] = {}
        self._open: set[str] = set()
        self._types: dict[str, _Sized] = {}
        self._definitions: dict[str, TypeDef] = {}
        self._order: dict[str, None] = {}
        for item in items:
            if isinstance(item, TypeItem):
                self._declare(item.name, item.at)
                self._pending[item.name] = item
            elif isinstance(item, UseItem):
                for _, alias in item.names:
                    self._declare(alias, item.path.at)

    def use(self, definition: TypeDef, name: str, source: str) -> None:
        """Bring a type of the interface ``source`` into scope as ``name``."""
        self._definitions[name] = TypeDef(name, definition.type, source, definition.name)
        self._types[name] = _measure(definition.type or OwnType(definition.source_name or definition.name))

    def definitions(self) -> tuple[TypeDef, ...]:
        """Resolve and return every type in the order of the text."""
        for name in self._order:
            self._named(name, 0, 0)
        return tuple(self._definitions[name] for name in self._order)

    def function(self, item: FunctionItem) -> Function:
        """Resolve a function."""
        self._check_twice(item.params)
        params = tuple(Param(param.name, self._member_type(param)) for param in item.params)
        return Function(item.name, params, None if item.result is None else self.type(item.result).type)

    def type(self, expression: TypeExpr, level: int = 0) -> _Sized:
        """Resolve a type expression that lies ``level`` deep in others."""
        if level > MAX_DEPTH:
            self._too_deep(expression.at)
        if expression.shape is Shape.NAME:
            return self._named(expression.name, expression.at, level)
        if expression.members:
            return self._braced(expression, "", level)
        if expression.shape in (Shape.OWN, Shape.BORROW):
            return self._handle(expression, level)
        args = [None if arg is None else self.type(arg, level + 1) for arg in expression.args]
        parts = [arg for arg in args if arg is not None]
        types = [None if arg is None else arg.type for arg in args]
        return self._sized(_generic(expression.shape, types), parts, expression.at)

    def _declare(self, name: str, at: int) -> None:
        if name in self._order:
            raise self._source.fail(at, f"the type `{name}` is defined twice")
        self._order[name] = None

    def _named(self, name: str, at: int, level: int) -> _Sized:
        if name in _BARE:
            return _Sized(_BARE[name], 1, 1)
        found = self._types.get(name)
        if found is None:
            item = self._pending.get(name)
            if item is None:
                known = ", ".join(f"`{known}`" for known in list(self._order)[:20]) or "none"
                raise self._source.fail(at, f"found the unknown type `{name[:80]}`, known here: {known}")
            found = self._types[name] = self._define(item, level)
        return found

    def _define(self, item: TypeItem, level: int) -> _Sized:
        if item.name in self._open:
            raise self._source.fail(item.at, f"the type `{item.name}` contains itself")
        self._open.add(item.name)
        expression = item.expr
        if expression is None:
            sized = _Sized(OwnType(item.name), 1, 1)
        elif expression.members:
            sized = self._braced(expression, item.name, level)
        else:
            aliased = self.type(expression, level + 1)
            sized = self._sized(aliased.type, [aliased], item.at)
        self._open.remove(item.name)
        self._definitions[item.name] = TypeDef(item.name, None if expression is None else sized.type)
        return sized

    def _handle(self, expression: TypeExpr, level: int) -> _Sized:
        target = expression.args[0]
        if target is None or target.shape is not Shape.NAME or target.name in _BARE:
            raise self._source.fail(expression.at, f"found a type in `{expression.shape.value}<>`, expected a resource")
        own = self._resource(target, level)
        return _Sized(own if expression.shape is Shape.OWN else BorrowType(own.resource), 1, 1)

    def _resource(self, target: TypeExpr, level: int) -> OwnType:
        type_ = self._named(target.name, target.at, level + 1).type
        if not isinstance(type_, OwnType):
            raise self._source.fail(target.at, f"found the type `{target.name}`, expected a resource")
        return type_

    def _braced(self, expression: TypeExpr, name: str, level: int) -> _Sized:
        members = expression.members
        self._check_twice(members)
        sized = [None if member.type is None else self.type(member.type, level + 1) for member in members]
        parts = [part for part in sized if part is not None]
        names = tuple(member.name for member in members)
        type_: Type
        match expression.shape:
            case Shape.RECORD:
                type_ = RecordType(
                    tuple(Field(*pair) for pair in zip(names, (part.type for part in parts), strict=True)), name
                )
            case Shape.VARIANT:
                types = (None if part is None else part.type for part in sized)
                type_ = VariantType(tuple(Case(*pair) for pair in zip(names, types, strict=True)), name)
            case Shape.ENUM:
                type_ = EnumType(names, name)
            case _:
                type_ = FlagsType(names, name)
        return self._sized(type_, parts, expression.at)

    def _sized(self, type_: Type, parts: Sequence[_Sized], at: int) -> _Sized:
        depth = 1 + max((part.depth for part in parts), default=0)
        size = 1 + sum(part.size for part in parts)
        if depth > MAX_DEPTH:
            self._too_deep(at)
        if size > MAX_TYPE_SIZE:
            raise self._source.fail(at, f"a type has more than {MAX_TYPE_SIZE} parts when it is spelled out")
        return _Sized(type_, depth, size)

    def _too_deep(self, at: int) -> NoReturn:
        raise self._source.fail(at, f"a type is nested more than {MAX_DEPTH} deep")

    def _member_type(self, member: Member) -> Type:
        if member.type is None:
            raise self._source.fail(member.at, f"`{member.name}` has no type")
        return self.type(member.type).type

    def _check_twice(self, members: Sequence[Member]) -> None:
        seen: set[str] = set()
        for member in members:
            if member.name in seen:
                raise self._source.fail(member.at, f"the name `{member.name}` occurs twice")
            seen.add(member.name)


class _LooseScope(_Scope):
    """A scope for a type without its interface: what a handle names is taken for a resource."""

    def _resource(self, target: TypeExpr, level: int) -> OwnType:
        return OwnType(target.name)


def _generic(shape: Shape, types: list[Type | None]) -> Type:
    parts = tuple(type_ for type_ in types if type_ is not None)
    match shape:
        case Shape.LIST:
            return ListType(parts[0])
        case Shape.OPTION:
            return OptionType(parts[0])
        case Shape.TUPLE:
            return TupleType(parts)
        case Shape.RESULT:
            ok, err = (*types, None, None)[:2]
            return ResultType(ok, err)
        case _:
            inner = ", ".join(map(type_text, parts))
            return UnsupportedType(f"{shape.value}<{inner}>" if inner else shape.value)


class _Declared(Struct, frozen=True):
    """An interface of the text, where it is declared, and the interfaces that it uses."""

    decl: InterfaceDecl
    package: PackageDecl
    name: str


class _Resolver:
    """Resolves the interfaces and worlds of packages, against each other and those ``known`` before."""

    def __init__(self, packages: Sequence[PackageDecl], known: Iterable[Interface]) -> None:
        self._packages = packages
        self._interfaces = {interface.name: interface for interface in known}
        self._declared: dict[str, _Declared] = {}
        for package in packages:
            for decl in package.interfaces:
                self._declare(decl, package)

    def document(self) -> Document:
        for declared in self._in_order():
            self._interfaces[declared.name] = self._interface(declared.decl, declared.package, declared.name)
        worlds = tuple(
            NamedWorld(_full_name(package, world.name), self._world(world, package))
            for package in self._packages
            for world in package.worlds
        )
        return Document(tuple(self._interfaces[name] for name in self._resolved), worlds)

    def _declare(self, decl: InterfaceDecl, package: PackageDecl) -> None:
        name = _full_name(package, decl.name)
        if name in self._declared:
            raise package.source.fail(decl.at, f"the interface `{name}` is defined twice")
        self._declared[name] = _Declared(decl, package, name)

    def _in_order(self) -> Iterator[_Declared]:
        """Yield interfaces after those that they use, without recursion: chains of uses may be long."""
        self._resolved: dict[str, None] = {}
        open_: set[str] = set()
        stack = [iter(self._declared.values())]
        trail: list[_Declared] = []
        while stack:
            declared = next(stack[-1], None)
            if declared is None:
                stack.pop()
                if trail:
                    done = trail.pop()
                    open_.remove(done.name)
                    self._resolved[done.name] = None
                    yield done
            elif declared.name in open_:
                raise declared.package.source.fail(declared.decl.at, f"the interface `{declared.name}` uses itself")
            elif declared.name not in self._resolved:
                open_.add(declared.name)
                trail.append(declared)
                stack.append(self._uses(declared))

    def _uses(self, declared: _Declared) -> Iterator[_Declared]:
        for item in declared.decl.items:
            if isinstance(item, UseItem):
                used = self._declared.get(self._path_name(item.path, declared.package))
                if used is not None:
                    yield used

    def _path_name(self, path: InterfacePath, package: PackageDecl) -> str:
        if not path.package:
            aliased = next((target for alias, target in package.aliases if alias == path.interface), None)
            if aliased is None or not aliased.package:
                return _full_name(package, path.interface if aliased is None else aliased.interface)
            path = aliased
        return f"{path.package}/{path.interface}" + (f"@{path.version}" if path.version else "")

    def _find(self, path: InterfacePath, package: PackageDecl) -> Interface:
        name = self._path_name(path, package)
        found = self._interfaces.get(name)
        if found is None:
            raise package.source.fail(path.at, f"found the unknown interface `{name}`{self._other_versions(name)}")
        return found

    def _other_versions(self, name: str) -> str:
        bare = name.partition("@")[0]
        others = [known for known in (*self._interfaces, *self._declared) if known.partition("@")[0] == bare]
        return f", known is {', '.join(f'`{other}`' for other in others)}" if others else ""

    def _scope(self, items: Sequence[InterfaceItem], package: PackageDecl) -> _Scope:
        scope = _Scope(package.source, items)
        for item in items:
            if isinstance(item, UseItem):
                interface = self._find(item.path, package)
                types = {definition.name: definition for definition in interface.types}
                for name, alias in item.names:
                    if name not in types:
                        raise package.source.fail(item.path.at, f"`{interface.name}` has no type `{name}`")
                    scope.use(types[name], alias, interface.name)
        return scope

    def _interface(self, decl: InterfaceDecl, package: PackageDecl, name: str) -> Interface:
        scope = self._scope(decl.items, package)
        types = scope.definitions()
        taken = {definition.name for definition in types}
        functions: list[Function] = []
        for item in decl.items:
            if isinstance(item, FunctionItem):
                if item.name in taken:
                    raise package.source.fail(item.at, f"the name `{item.name}` is defined twice in `{name}`")
                taken.add(item.name)
                functions.append(scope.function(item))
        return Interface(name, tuple(functions), types)

    def _world(self, decl: WorldDecl, package: PackageDecl) -> World:
        scope = self._scope(decl.scope, package)
        scope.definitions()
        interfaces: tuple[list[Interface], list[Interface]] = ([], [])
        functions: tuple[list[Function], list[Function]] = ([], [])
        for item in decl.items:
            match item.what:
                case FunctionItem() as function:
                    functions[item.exported].append(scope.function(function))
                case InterfaceDecl() as inline:
                    interfaces[item.exported].append(self._interface(inline, package, inline.name))
                case InterfacePath() as path:
                    interfaces[item.exported].append(self._find(path, package))
        self._check_world(decl, package, (*interfaces, *functions))
        return World(tuple(interfaces[0]), tuple(interfaces[1]), tuple(functions[0]), tuple(functions[1]))

    def _check_world(
        self, decl: WorldDecl, package: PackageDecl, groups: Sequence[Sequence[Interface] | Sequence[Function]]
    ) -> None:
        for group in groups:
            seen: set[str] = set()
            for item in group:
                if item.name in seen:
                    raise package.source.fail(decl.at, f"the world `{decl.name}` names `{item.name}` twice")
                seen.add(item.name)


def _full_name(package: PackageDecl, name: str) -> str:
    return f"{package.name}/{name}" + (f"@{package.version}" if package.version else "")
