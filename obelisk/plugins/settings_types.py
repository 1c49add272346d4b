"""Whether a configuration can hold the settings of what a plugin offers, as far as their types tell."""

from __future__ import annotations

import types
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from msgspec import Struct, UnsetType
from msgspec.structs import fields

from obelisk.interfaces.settings import Duration, Size

_KNOWN: Final = frozenset({bool, int, float, str, Path, Duration, Size, Any, types.NoneType, Ellipsis})
_PARTED: Final = (Union, types.UnionType, list, tuple, set, frozenset, dict)


def settings_problems(provider: object) -> Iterator[str]:
    """Yield what is wrong with the settings of a provider: each key whose type nothing in a configuration fits."""
    for name, settings in _tables(provider):
        if not (isinstance(settings, type) and issubclass(settings, Struct)):
            yield f"the settings of the table `{name}` are `{settings!r}`, expected a subclass of `Struct`"
            continue
        try:
            yield from _of_struct(settings, name, seen=set())
        except (TypeError, ValueError, NameError, AttributeError) as error:
            told = f"{type(error).__name__}: {' '.join(str(error).split())}"
            yield f"`{settings.__name__}`, the settings of `{name}`, cannot be read: {told}"


def _tables(provider: Any) -> list[tuple[str, Any]]:
    if hasattr(provider, "settings"):
        return [(getattr(provider, "table", provider.name), provider.settings)]
    tables = getattr(provider, "tables", ())
    return [(table.name, table.settings) for table in tables if hasattr(table, "settings")]


def _of_struct(settings: type[Struct], table: str, *, seen: set[type[Struct]]) -> Iterator[str]:
    if settings in seen:
        return
    seen.add(settings)
    for field in fields(settings):
        for part in _parts(field.type):
            if isinstance(part, type) and issubclass(part, Struct):
                yield from _of_struct(part, table, seen=seen)
            elif not _is_readable(part):
                yield (
                    f"`{settings.__name__}.{field.name}`, a key of `{table}`, is of the type `{_shown(part)}`, which no "
                    "configuration can hold; choose one that docs/plugins/writing-a-plugin.md names"
                )


def _parts(hint: Any) -> Iterator[Any]:
    """Yield the types without parts that a type is made of."""
    origin = get_origin(hint)
    if origin is Annotated:
        yield from _parts(get_args(hint)[0])
    elif origin in _PARTED:
        for part in get_args(hint):
            yield from _parts(part)
    elif origin is not Literal:
        yield hint


def _is_readable(hint: Any) -> bool:
    if hint in _KNOWN or (isinstance(hint, type) and issubclass(hint, Enum)):
        return True
    from msgspec import inspect  # what few plugins have a use for

    return hint is not UnsetType and not isinstance(inspect.type_info(hint), inspect.CustomType)


def _shown(hint: Any) -> str:
    return getattr(hint, "__name__", str(hint))
