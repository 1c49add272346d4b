"""WIT text to syntax tree, by recursive descent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from obelisk.errors import ComponentError
from obelisk.wit.lexer import Source, Token, TokenKind, tokenize
from obelisk.wit.model import Primitive
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
    WorldItem,
)

MAX_DEPTH: Final = 100
_T = TypeVar("_T")
_BARE: Final = frozenset(("error-context", *(primitive.value for primitive in Primitive)))
"""Keywords that are types as they stand; in a ``TypeExpr`` they are names with a ``%``, which no name has."""
_GENERICS: Final = {
    Shape.LIST.value: (Shape.LIST, 1, 1),
    Shape.OPTION.value: (Shape.OPTION, 1, 1),
    Shape.RESULT.value: (Shape.RESULT, 0, 2),
    Shape.TUPLE.value: (Shape.TUPLE, 1, None),
    Shape.OWN.value: (Shape.OWN, 1, 1),
    Shape.BORROW.value: (Shape.BORROW, 1, 1),
    Shape.STREAM.value: (Shape.STREAM, 0, 1),
    Shape.FUTURE.value: (Shape.FUTURE, 0, 1),
    Shape.MAP.value: (Shape.MAP, 2, 2),
}
_DEFINITIONS: Final = {shape.value: shape for shape in (Shape.RECORD, Shape.VARIANT, Shape.ENUM, Shape.FLAGS)}


def parse_packages(source: Source) -> tuple[PackageDecl, ...]:
    """Parse a WIT document: an optional ``package ns:name;`` with what follows, and ``package ns:name { ... }`` blocks.

    Raises ``ComponentError`` with line, column, what was found and what was expected.
    """
    return _Parser(source).document()


def parse_type_expression(source: Source) -> TypeExpr:
    """Parse a single type, in which records and their like may be spelled out; raises ``ComponentError``."""
    parser = _Parser(source, spelled_out=True)
    expression = parser.type()
    parser.expect_end()
    return expression


class _Body:
    """What is between the braces of a package, or after its header."""

    def __init__(self) -> None:
        self.interfaces: list[InterfaceDecl] = []
        self.worlds: list[WorldDecl] = []
        self.aliases: list[tuple[str, InterfacePath]] = []

    def package(self, name: str, version: str, source: Source, at: int) -> PackageDecl:
        return PackageDecl(
            name, version, tuple(self.interfaces), tuple(self.worlds), tuple(self.aliases), source, at
        )  # fmt: skip


class _Parser:
    """Recursive descent over the tokens of one source. ``spelled_out`` lets definitions stand where types do."""

    def __init__(self, source: Source, *, spelled_out: bool = False) -> None:
        self._source = source
        self._tokens = tokenize(source)
        self._position = 0
        self._depth = 0
        self._spelled_out = spelled_out

    # --- tokens ---

    @property
    def _token(self) -> Token:
        return self._tokens[self._position]

    def _next(self) -> Token:
        token = self._token
        if token.kind is not TokenKind.END:
            self._position += 1
        return token

    def _is(self, text: str) -> bool:
        token = self._token
        return token.text == text and token.kind in (TokenKind.SYMBOL, TokenKind.KEYWORD)

    def _accept(self, text: str) -> bool:
        if not self._is(text):
            return False
        self._position += 1
        return True

    def _expect(self, text: str) -> Token:
        if not self._is(text):
            raise self._unexpected(f"`{text}`")
        return self._next()

    def _name(self, what: str = "a name") -> Token:
        if self._token.kind is not TokenKind.NAME:
            raise self._unexpected(what)
        return self._next()

    def _unexpected(self, expected: str) -> ComponentError:
        return self._source.unexpected(self._token, expected)

    def expect_end(self) -> None:
        if self._token.kind is not TokenKind.END:
            raise self._unexpected("the end of the text")

    def _until(self, close: str, parse: Callable[[], _T], *, what: str) -> tuple[_T, ...]:
        """Parse one or more things between commas, and ``close``; a comma may be last."""
        if self._is(close):
            raise self._unexpected(f"at least one {what}")
        return self._until_maybe(close, parse)

    def _until_maybe(self, close: str, parse: Callable[[], _T]) -> tuple[_T, ...]:
        parts: list[_T] = []
        while not self._accept(close):
            parts.append(parse())
            if not self._accept(","):
                if not self._accept(close):
                    raise self._unexpected(f"`,` or `{close}`")
                break
        return tuple(parts)

    def _gates(self) -> None:
        """Skip ``@since(...)``, ``@unstable(...)`` and ``@deprecated(...)``."""
        while self._accept("@"):
            gate = self._name("a name, `since`, `unstable` or `deprecated`")
            if gate.text not in ("since", "unstable", "deprecated"):
                raise self._source.unexpected(gate, "`since`, `unstable` or `deprecated`")
            self._expect("(")
            while not self._accept(")"):
                if self._token.kind is TokenKind.END:
                    raise self._unexpected("`)`")
                self._next()

    # --- documents ---

    def document(self) -> tuple[PackageDecl, ...]:
        packages: list[PackageDecl] = []
        body = _Body()
        header: tuple[str, str, int] | None = None
        self._gates()
        while self._token.kind is not TokenKind.END:
            if self._is("package"):
                at = self._next().at
                name, version = self._package_name()
                if self._accept("{"):
                    packages.append(self._block(name, version, at))
                elif header is None and not body.interfaces and not body.worlds:
                    self._expect(";")
                    header = name, version, at
                else:
                    raise self._unexpected("`{`, for a second package is written as `package ns:name { ... }`")
            elif header is None:
                raise self._unexpected("`package`")
            else:
                self._package_item(body)
            self._gates()
        if header is not None:
            packages.insert(0, body.package(header[0], header[1], self._source, header[2]))
        return tuple(packages)

    def _block(self, name: str, version: str, at: int) -> PackageDecl:
        body = _Body()
        self._gates()
        while not self._accept("}"):
            self._package_item(body)
            self._gates()
        return body.package(name, version, self._source, at)

    def _package_name(self) -> tuple[str, str]:
        namespace = self._name("a name, the package's namespace")
        self._expect(":")
        return f"{namespace.text}:{self._name().text}", self._version()

    def _version(self) -> str:
        if not self._accept("@"):
            return ""
        if self._token.kind is not TokenKind.VERSION:
            raise self._unexpected("a version such as `1.0.0`")
        return self._next().text

    def _package_item(self, body: _Body) -> None:
        if self._is("interface"):
            body.interfaces.append(self._interface())
        elif self._is("world"):
            body.worlds.append(self._world())
        elif self._accept("use"):
            path = self._path()
            alias = self._name().text if self._accept("as") else path.interface
            self._expect(";")
            body.aliases.append((alias, path))
        else:
            raise self._unexpected("`interface`, `world` or `use`")

    def _path(self) -> InterfacePath:
        first = self._name("a name, an interface's")
        if not self._accept(":"):
            return InterfacePath(first.text, first.at)
        package = f"{first.text}:{self._name().text}"
        self._expect("/")
        interface = self._name().text
        return InterfacePath(interface, first.at, package, self._version())

    # --- interfaces and worlds ---

    def _interface(self) -> InterfaceDecl:
        self._expect("interface")
        name = self._name()
        return InterfaceDecl(name.text, self._interface_body(), name.at)

    def _interface_body(self) -> tuple[InterfaceItem, ...]:
        self._expect("{")
        items: list[InterfaceItem] = []
        self._gates()
        while not self._accept("}"):
            found = self._scope_items()
            items.extend(found if found is not None else (self._named_function(),))
            self._gates()
        return tuple(items)

    def _scope_items(self) -> tuple[InterfaceItem, ...] | None:
        """Parse a ``use`` or the definition of a type, ``None`` when there is neither."""
        token = self._token
        if token.kind is not TokenKind.KEYWORD:
            return None
        if token.text == "use":
            return (self._use(),)
        if token.text == "type":
            return (self._alias(),)
        if token.text == "resource":
            return self._resource()
        if token.text in _DEFINITIONS:
            return (self._definition(),)
        return None

    def _use(self) -> UseItem:
        self._expect("use")
        path = self._path()
        self._expect(".")
        self._expect("{")
        names = self._until("}", self._used_name, what="name")
        self._expect(";")
        return UseItem(path, names)

    def _used_name(self) -> tuple[str, str]:
        name = self._name().text
        return name, self._name().text if self._accept("as") else name

    def _alias(self) -> TypeItem:
        self._expect("type")
        name = self._name()
        self._expect("=")
        expression = self.type()
        self._expect(";")
        return TypeItem(name.text, expression, name.at)

    def _definition(self) -> TypeItem:
        shape = _DEFINITIONS[self._next().text]
        name = self._name()
        return TypeItem(name.text, self._braced(shape, name.at), name.at)

    def _resource(self) -> tuple[InterfaceItem, ...]:
        self._expect("resource")
        name = self._name()
        items: list[InterfaceItem] = [TypeItem(name.text, None, name.at)]
        if self._accept(";"):
            return tuple(items)
        self._expect("{")
        self._gates()
        while not self._accept("}"):
            items.append(self._resource_function(name.text))
            self._gates()
        return tuple(items)

    def _resource_function(self, resource: str) -> FunctionItem:
        at = self._token.at
        if self._accept("constructor"):
            params, result = self._signature()
            self._expect(";")
            own = TypeExpr(Shape.NAME, at, resource)
            return FunctionItem(f"[constructor]{resource}", params, result or own, at)
        name = self._name("a name, a method's or `constructor`")
        self._expect(":")
        static = self._accept("static")
        params, result = self._function_type()
        self._expect(";")
        if static:
            return FunctionItem(f"[static]{resource}.{name.text}", params, result, name.at)
        borrow = TypeExpr(Shape.BORROW, at, args=(TypeExpr(Shape.NAME, at, resource),))
        return FunctionItem(f"[method]{resource}.{name.text}", (Member("self", borrow, at), *params), result, name.at)

    def _named_function(self) -> FunctionItem:
        name = self._name("a name, a function's or a type definition's keyword")
        self._expect(":")
        params, result = self._function_type()
        self._expect(";")
        return FunctionItem(name.text, params, result, name.at)

    def _function_type(self) -> tuple[tuple[Member, ...], TypeExpr | None]:
        if self._is("async"):
            raise self._unexpected("`func`, for async functions are not supported")
        self._expect("func")
        return self._signature()

    def _signature(self) -> tuple[tuple[Member, ...], TypeExpr | None]:
        self._expect("(")
        params = self._until_maybe(")", self._typed_member)
        return params, self.type() if self._accept("->") else None

    def _typed_member(self) -> Member:
        name = self._name()
        self._expect(":")
        return Member(name.text, self.type(), name.at)

    def _world(self) -> WorldDecl:
        self._expect("world")
        name = self._name()
        self._expect("{")
        items: list[WorldItem] = []
        scope: list[InterfaceItem] = []
        self._gates()
        while not self._accept("}"):
            if self._is("import") or self._is("export"):
                items.append(self._world_item())
            else:
                scope.extend(self._world_scope())
            self._gates()
        return WorldDecl(name.text, tuple(items), tuple(scope), name.at)

    def _world_scope(self) -> tuple[InterfaceItem, ...]:
        if self._is("include"):
            raise self._unexpected("`import` or `export`, for `include` is not supported: write out what it includes")
        found = self._scope_items()
        if found is None:
            raise self._unexpected("`import`, `export`, `use` or the definition of a type")
        return found

    def _world_item(self) -> WorldItem:
        exported = self._next().text == "export"
        name = self._name("a name, an interface's or a function's")
        inline = self._is(":") and self._tokens[self._position + 1].kind is TokenKind.KEYWORD
        if not inline:
            self._position -= 1
            path = self._path()
            self._expect(";")
            return WorldItem(exported, path)
        self._expect(":")
        if self._accept("interface"):
            return WorldItem(exported, InterfaceDecl(name.text, self._interface_body(), name.at))
        params, result = self._function_type()
        self._expect(";")
        return WorldItem(exported, FunctionItem(name.text, params, result, name.at))

    # --- types ---

    def type(self) -> TypeExpr:
        token = self._token
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._source.fail(token.at, f"a type is nested more than {MAX_DEPTH} deep")
        expression = self._type(token)
        self._depth -= 1
        return expression

    def _type(self, token: Token) -> TypeExpr:
        if token.kind is TokenKind.NAME:
            is_map = token.text == Shape.MAP.value and self._tokens[self._position + 1].text == "<"
            return self._generic() if is_map else TypeExpr(Shape.NAME, token.at, self._next().text)
        if token.kind is TokenKind.KEYWORD:
            if token.text in _BARE:
                return TypeExpr(Shape.NAME, token.at, f"%{self._next().text}")
            if token.text in _GENERICS:
                return self._generic()
            if token.text in _DEFINITIONS and self._spelled_out:
                return self._braced(_DEFINITIONS[self._next().text], token.at)
        raise self._unexpected("a type")

    def _generic(self) -> TypeExpr:
        token = self._next()
        shape, least, most = _GENERICS[token.text]
        if least == 0 and not self._is("<"):
            return TypeExpr(shape, token.at)
        self._expect("<")
        args = self._until(">", self._type_or_hole if shape is Shape.RESULT else self.type, what="type")
        if len(args) < least or (most is not None and len(args) > most):
            raise self._source.fail(token.at, f"`{token.text}` has {len(args)} types, expected {most}")
        if args[-1] is None:
            raise self._source.fail(token.at, "found `_` as the last type of a `result`, expected a type")
        return TypeExpr(shape, token.at, args=args)

    def _type_or_hole(self) -> TypeExpr | None:
        return None if self._accept("_") else self.type()

    def _braced(self, shape: Shape, at: int) -> TypeExpr:
        self._expect("{")
        parse, what = {
            Shape.RECORD: (self._typed_member, "field"),
            Shape.VARIANT: (self._case, "case"),
            Shape.ENUM: (self._label, "case"),
            Shape.FLAGS: (self._label, "flag"),
        }[shape]
        return TypeExpr(shape, at, members=self._until("}", parse, what=what))

    def _label(self) -> Member:
        name = self._name()
        return Member(name.text, None, name.at)

    def _case(self) -> Member:
        name = self._name()
        if not self._accept("("):
            return Member(name.text, None, name.at)
        payload = self.type()
        self._expect(")")
        return Member(name.text, payload, name.at)
