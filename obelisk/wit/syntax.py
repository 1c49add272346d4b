"""The syntax tree of WIT text: names are not resolved yet. ``at`` is an offset into the source."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from obelisk.wit.lexer import Source


class Shape(Enum):
    """The form of a type expression; the value is its WIT keyword."""

    NAME = "name"
    LIST = "list"
    OPTION = "option"
    RESULT = "result"
    TUPLE = "tuple"
    OWN = "own"
    BORROW = "borrow"
    STREAM = "stream"
    FUTURE = "future"
    MAP = "map"
    RECORD = "record"
    VARIANT = "variant"
    ENUM = "enum"
    FLAGS = "flags"


class Member(Struct, frozen=True):
    """A field, a case, a flag or a parameter."""

    name: str
    type: TypeExpr | None
    at: int


class TypeExpr(Struct, frozen=True):
    """A type as it is written: ``name`` of what it refers to, ``args`` in angle brackets, ``members`` in braces."""

    shape: Shape
    at: int
    name: str = ""
    args: tuple[TypeExpr | None, ...] = ()
    members: tuple[Member, ...] = ()


class InterfacePath(Struct, frozen=True):
    """``ifc`` of the same package, or ``ns:pkg/ifc@version``; ``package`` is empty or ``ns:pkg``."""

    interface: str
    at: int
    package: str = ""
    version: str = ""


class UseItem(Struct, frozen=True):
    """``use path.{name as alias, ...}``."""

    path: InterfacePath
    names: tuple[tuple[str, str], ...]


class TypeItem(Struct, frozen=True):
    """A definition of a type; ``expr`` is ``None`` for a resource."""

    name: str
    expr: TypeExpr | None
    at: int


class FunctionItem(Struct, frozen=True):
    """A function; the name of a resource's function is in the form ``[method]r.name``."""

    name: str
    params: tuple[Member, ...]
    result: TypeExpr | None
    at: int


InterfaceItem = UseItem | TypeItem | FunctionItem


class InterfaceDecl(Struct, frozen=True):
    """``interface name { items }``."""

    name: str
    items: tuple[InterfaceItem, ...]
    at: int


class WorldItem(Struct, frozen=True):
    """An import or an export of a world."""

    exported: bool
    what: InterfacePath | InterfaceDecl | FunctionItem


class WorldDecl(Struct, frozen=True):
    """``world name { items }``; ``scope`` are its uses and types."""

    name: str
    items: tuple[WorldItem, ...]
    scope: tuple[InterfaceItem, ...]
    at: int


class PackageDecl(Struct, frozen=True):
    """A package: ``name`` is ``ns:pkg``. ``aliases`` are its ``use path as name``."""

    name: str
    version: str
    interfaces: tuple[InterfaceDecl, ...]
    worlds: tuple[WorldDecl, ...]
    aliases: tuple[tuple[str, InterfacePath], ...]
    source: Source
    at: int
