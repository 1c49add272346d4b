"""From plain tables to settings Structs, with every problem found told at once.

Settings Structs are decoded here and not by msgspec, because a person who writes a configuration is owed more than its
first error: the path of the key, what was expected and found, and the nearest key that exists. Problems travel as the
arguments of a ``ConfigError`` until the outermost call joins them.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Meta, Struct
from msgspec.structs import FieldInfo, fields, replace

from obelisk.config.expand import Expander
from obelisk.config.labels import key_path, shown_text
from obelisk.config.token_hash import TokenHash, parse_token_hash
from obelisk.config.units import parse_duration, parse_size
from obelisk.errors import ConfigError
from obelisk.interfaces.settings import Duration, Size

S = TypeVar("S", bound=Struct)
T = TypeVar("T")

MAX_SHOWN = 60
NEAR = 0.5
NEAR_BESIDE_HINT = 0.8
"""How much like the unknown key the known one is that is asked about. Beside a hint only a slip of the pen is."""
COLLECTIONS: Final = (list, tuple, set, frozenset)
"""What lists become."""
_DURATION: Final = 'a duration such as `"30s"` or `{ seconds = 30 }`'
_SCALARS: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    Path: "a path",
    Duration: _DURATION,
    timedelta: _DURATION,
    datetime: "a date with a time",
    date: "a date",
    time: "a time of day",
    Size: 'a size such as `"64MiB"` or a number of bytes',
    **dict.fromkeys(COLLECTIONS, "a list"),
    dict: "a table",
    TokenHash: "`sha256:` and 64 hexadecimal digits, as `obelisk generate token` prints them",
}


_LIMITS: Final = {
    "ge": "at least",
    "gt": "more than",
    "le": "at most",
    "lt": "less than",
    "multiple_of": "a multiple of",
    "min_length": "its length at least",
    "max_length": "its length at most",
    "pattern": "matching",
}
"""How what is noted of a type is told."""


class Decoder:
    """Turns plain values into settings. Relative paths in them start at ``base``."""

    def __init__(self, expander: Expander, *, base: Path) -> None:
        self._expander = expander
        self._base = base

    def struct(self, settings: type[S], table: object, path: str) -> S:
        """Decode a table. Raises ``ConfigError`` whose arguments are the problems."""
        if not isinstance(table, dict):
            # A text is not repeated: somebody may have written a secret where its variable belongs.
            found = "a text" if isinstance(table, str) else describe_value(table)
            raise self.problem(path, f"expected a table, found {found}")
        known = {field.encode_name: field for field in fields(settings)}
        problems = [self.unknown(key, path, known) for key in table if key not in known]
        values = {}
        for key, field in known.items():
            try:
                values[field.name] = self._field(field, table, f"{path}.{key}" if path else key)
            except ConfigError as error:
                problems.append(error)
        raise_problems(problems)
        try:
            return settings(**values)
        except (TypeError, ValueError) as error:
            raise self.problem(path, str(error)) from error

    def unknown(self, key: str, path: str, known: Iterable[str], *, hint: str = "") -> ConfigError:
        """Return the problem of a key that is none of ``known``; ``hint`` tells what else could be done."""
        full = key_path(path, key)
        prefix = f"{path}." if path else ""
        nearest = difflib.get_close_matches(key, list(known), n=1, cutoff=NEAR_BESIDE_HINT if hint else NEAR)
        guess = f"did you mean `{prefix}{nearest[0]}`?" if nearest else f"known here: {', '.join(sorted(known))}"
        return self.problem(full, f"unknown key{hint}{';' if hint else ','} {guess}")

    def problem(self, path: str, message: str) -> ConfigError:
        """Return a problem with the value at ``path``."""
        return ConfigError(f"`{path}`: {message}" if path else message)

    def _field(self, field: FieldInfo, table: Mapping[str, Any], path: str) -> Any:
        if field.encode_name in table:
            return self._value(field.type, table[field.encode_name], path)
        if field.default is not NODEFAULT:
            return self._default(field.default)
        if field.default_factory is not NODEFAULT:
            return self._default(field.default_factory())
        raise self.problem(path, f"missing, expected {describe_type(field.type)}")

    def _default(self, value: Any) -> Any:
        match value:
            case str():
                return self._expander.text(value)
            case Path():
                return self._expander.path(value, base=self._base)
            case Struct():
                return replace(value, **{n: self._default(getattr(value, n)) for n in value.__struct_fields__})
            case _:
                return value

    def _value(self, hint: Any, value: Any, path: str) -> Any:
        hint = _without_notes(hint)
        origin = get_origin(hint)
        if isinstance(hint, type) and issubclass(hint, Struct):
            return self.struct(hint, value, path)
        if origin in (Union, types.UnionType):
            return self._union(hint, value, path)
        if origin in COLLECTIONS and isinstance(value, list):
            return self._items(hint, value, path)
        if origin is dict and isinstance(value, dict):
            return self._members(hint, value, path)
        try:
            return self._leaf(hint, value)
        except (ValueError, TypeError) as error:
            # Somebody may have written a token where its hash belongs.
            found = "something else" if _holds_hashes(hint) else describe_value(value)
            raise self.problem(path, f"expected {describe_type(hint)}, found {found}") from error

    def _items(self, hint: Any, value: list[Any], path: str) -> Any:
        fixed = fixed_items(hint)
        if fixed is not None and len(fixed) != len(value):
            raise self.problem(path, f"expected {describe_type(hint)}, found a list of {len(value)}")
        hints = [get_args(hint)[0]] * len(value) if fixed is None else fixed
        entries = enumerate(zip(hints, value, strict=True))
        items = self._collect({i: (item_hint, item, f"{path}[{i}]") for i, (item_hint, item) in entries})
        try:
            return get_origin(hint)(items.values())
        except TypeError as error:  # what the plugin wants a set of cannot be hashed
            raise self.problem(
                path, f"its type `{hint}` holds nothing: {error}; its plugin has to use a list"
            ) from error

    def _members(self, hint: Any, value: Mapping[str, Any], path: str) -> dict[Any, Any]:
        key_hint, member_hint = get_args(hint)
        members = self._collect({key: (member_hint, item, key_path(path, key)) for key, item in value.items()})
        try:
            return {_key(key_hint, key): member for key, member in members.items()}
        except ValueError as error:
            keys = ", ".join(f"`{shown_text(key[:MAX_SHOWN])}`" for key in value)
            raise self.problem(path, f"expected keys that are each {describe_type(key_hint)}, found {keys}") from error

    def _collect(self, entries: Mapping[T, tuple[Any, Any, str]]) -> dict[T, Any]:
        """Decode values of a type at a path each."""
        problems: list[ConfigError] = []
        values = {}
        for key, (hint, item, path) in entries.items():
            try:
                values[key] = self._value(hint, item, path)
            except ConfigError as error:
                problems.append(error)
        raise_problems(problems)
        return values

    def _union(self, hint: Any, value: Any, path: str) -> Any:
        members = [member for member in get_args(hint) if member is not types.NoneType]
        structs = [member for member in members if isinstance(member, type) and issubclass(member, Struct)]
        if isinstance(value, dict) and len(structs) == 1:
            return self.struct(structs[0], value, path)
        tables = [member for member in members if get_origin(member) is dict]
        if isinstance(value, dict) and len(tables) == 1:
            return self._value(tables[0], value, path)
        for member in members:
            try:
                return self._value(member, value, path)
            except ConfigError:
                continue
        raise self.problem(path, f"expected {describe_type(hint)}, found {describe_value(value)}")

    def _leaf(self, hint: Any, value: Any) -> Any:
        """Return the value of a type without parts; raise ``ValueError`` or ``TypeError`` when it does not fit."""
        special: dict[Any, Callable[[Any], Any]] = {
            Duration: parse_duration,
            timedelta: _timedelta,
            Size: parse_size,
            Path: self._path,
            TokenHash: parse_token_hash,
        }
        if hint in special:
            return special[hint](value)
        if isinstance(hint, type) and issubclass(hint, Enum):
            return hint(value)
        return msgspec.convert(value, hint, strict=True)

    def _path(self, value: Any) -> Path:
        if not isinstance(value, str) or not value or "\0" in value:
            raise ValueError("not a path")
        return self._expander.path(Path(value), base=self._base)


def raise_problems(problems: Sequence[ConfigError]) -> None:
    """Raise one ``ConfigError`` with the arguments of all ``problems``, if there are any."""
    messages = [message for problem in problems for message in problem.args]
    if messages:
        raise ConfigError(*messages)


def fixed_items(hint: Any) -> tuple[Any, ...] | None:
    """Return the types of the items of a list that has so many; ``None`` for every other type."""
    arguments = get_args(hint)
    is_fixed = get_origin(hint) is tuple and not (len(arguments) == 2 and arguments[1] is Ellipsis)
    return arguments if is_fixed else None


def describe_type(hint: Any) -> str:
    """Return how people write values of a type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in _SCALARS:
        return _SCALARS[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _one_of(member.value for member in hint)
    if origin is Literal:
        return _one_of(arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(describe_type(member) for member in arguments if member is not types.NoneType)
    if origin is Annotated:
        return ", ".join((describe_type(arguments[0]), *_limits(arguments[1:])))
    fixed = fixed_items(hint)
    if fixed is not None:
        return f"a list of {len(fixed)}: {', '.join(map(describe_type, fixed))}" if fixed else "an empty list"
    if origin in COLLECTIONS:
        return f"a list, each item {describe_type(arguments[0])}"
    return "a table" if origin is dict or (isinstance(hint, type) and issubclass(hint, Struct)) else str(hint)


def _limits(notes: Iterable[object]) -> Iterator[str]:
    for note in notes:
        for name, words in _LIMITS.items():
            if isinstance(note, Meta) and getattr(note, name) is not None:
                yield f"{words} {getattr(note, name)}"


def describe_value(value: object) -> str:
    """Return what a plain value is, short enough for a message."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f'the text "{shown_text(value[:MAX_SHOWN])}"' + ("..." if len(value) > MAX_SHOWN else "")
        case int() | float():
            return f"the number {str(value)[:MAX_SHOWN]}"
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:
            return f"`{str(value)[:MAX_SHOWN]}`"


def _key(hint: Any, text: str) -> Any:
    """Return what the key of a table says. Raises ``ValueError`` when it does not fit its type."""
    return text if hint is str else msgspec.convert(text, hint, strict=False)


def _timedelta(value: Any) -> timedelta:
    """Return a length of time, which may be written as in ISO 8601 too, as msgspec has it: ``"PT1S"``."""
    try:
        return parse_duration(value)
    except ValueError:
        return msgspec.convert(value, timedelta, strict=True)


def _without_notes(hint: Any) -> Any:
    """Return a type that is decoded here without what is noted of it; msgspec keeps to notes of its own types."""
    if get_origin(hint) is not Annotated:
        return hint
    inner = get_args(hint)[0]
    is_own = inner in (Duration, timedelta, Size, Path) or (isinstance(inner, type) and issubclass(inner, Struct))
    return inner if is_own else hint


def _holds_hashes(hint: Any) -> bool:
    return hint is TokenHash or TokenHash in get_args(hint)


def _one_of(values: Iterable[object]) -> str:
    shown = [f'"{value}"' if isinstance(value, str) else str(value) for value in values]
    return shown[0] if len(shown) == 1 else f"one of {', '.join(shown)}"
