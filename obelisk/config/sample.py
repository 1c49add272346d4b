"""A sample configuration with every key of the kernel and of the installed plugins.

It is made from the settings Structs: a key is described by its line in the docstring of its Struct. Each key stands there
as a comment with its default, and so do tables that switch something on by being there: the sample as it is means what an
empty file means.
"""

from __future__ import annotations

import json
import re
import textwrap
import types
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from msgspec import NODEFAULT, Struct
from msgspec.structs import FieldInfo, fields

from obelisk.config.decode import COLLECTIONS, fixed_items
from obelisk.config.dev_settings import DevBuild
from obelisk.config.load import claims
from obelisk.config.model import KernelSettings
from obelisk.config.plain import plain_value
from obelisk.config.units import format_duration, format_size
from obelisk.interfaces.sandbox import AllowedHost, Mount, OutboundHost, ReplaceIn
from obelisk.interfaces.settings import Duration, Size
from obelisk.registry import Catalog

HEADER = """\
#:schema ./obelisk.schema.json

# The configuration of an Obelisk server. Every key is shown with its default; remove the `#` in front of one to change
# it, and of the header of its table where that has one.
#
# Texts may hold ${VAR}, ${VAR:-default}, ${DATA_DIR}, ${CACHE_DIR} and ${CONFIG_DIR}. An environment variable such as
# OBELISK__API__LISTENING_ADDR overrides a key. A duration is a text ("30s", "1h 30m") or a table ({ seconds = 30 }), a
# size a number of bytes or a text ("64MiB"). Relative locations start at the directory of this file.
#
# The first line is for editors: it names the file that they complete and check keys by, which
# `obelisk generate schema --output obelisk.schema.json` writes anew when plugins came or went, and after an upgrade.
"""
WIDTH = 118
_KEY_LINE = re.compile(r"\* ((?:``\w+``(?:, )?)+): (.*)")
_EXAMPLES: dict[Any, str] = {
    bool: "true",
    int: "1",
    float: "1.0",
    str: '"..."',
    Path: '"..."',
    Duration: '"1s"',
    timedelta: '"1s"',
    datetime: "2026-01-01T00:00:00Z",
    date: "2026-01-01",
    time: "00:00:00",
    **dict.fromkeys(COLLECTIONS, "[]"),
    Size: '"64MiB"',
}
_HOST: dict[str, Any] = {
    "pattern": "http://127.0.0.1:8080",
    "methods": ("GET",),
    "request_url_regex": r"GET http://127\.0\.0\.1:8080/.*",
    "replace_in": (ReplaceIn.HEADERS,),
}
_ENTRIES: dict[type[Struct], Struct] = {
    AllowedHost: AllowedHost(**_HOST),
    OutboundHost: OutboundHost(**_HOST),
    Mount: Mount(host=Path("data"), guest="/data"),
    DevBuild: DevBuild(watch=(Path("src"),), command=("./build.sh",), output=Path("build/my-component.wasm")),
}
"""What the sample shows of lists of tables: entries that work, and fit each other."""


def sample_config(plugins: Catalog) -> str:
    """Return the text of the sample."""
    parts = [HEADER, *("\n".join(part) for part in _kernel())]
    harmless = {provider.name for registry in (plugins.storages, plugins.sources) for provider in registry}
    for claim in claims(plugins).values():
        header = f"[[{claim.table}]]" if claim.array else f"[{claim.table}]"
        active = claim.table in harmless and not any(field.required for field in fields(claim.settings))
        parts.append("\n".join(_table(claim.settings, header, active=active)))
    return "\n\n".join(part.rstrip() for part in parts if part) + "\n"


def key_descriptions(settings: type[Struct]) -> dict[str, str]:
    """Return what each key of a settings Struct means, from its docstring and those of its bases."""
    found: dict[str, str] = {}
    for base in reversed(settings.__mro__):
        key = None
        for line in textwrap.dedent(base.__doc__ or "").splitlines():
            match = _KEY_LINE.fullmatch(line.strip())
            if match is not None:
                key = re.findall(r"``(\w+)``", match[1])
                found |= dict.fromkeys(key, match[2])
            elif key and line.startswith("  ") and line.strip():
                found |= {name: f"{found[name]} {line.strip()}" for name in key}
            else:
                key = None
    return found


def _kernel() -> Iterator[Iterable[str]]:
    """Yield the kernel's keys outside of tables, which come before all tables, then its tables."""
    descriptions = key_descriptions(KernelSettings)
    for field in fields(KernelSettings):
        if _struct_of(field) is None and _entry_of(field) is None:
            yield _key(field, descriptions[field.name], table="")
    for field in fields(KernelSettings):
        if (table := _struct_of(field)) is not None:
            yield _table(table, f"[{field.name}]", active=True)
        elif (entry := _entry_of(field)) is not None:
            yield _named(entry, field.name, descriptions[field.name])


def _named(entry: type[Struct], table: str, description: str) -> Iterator[str]:
    """Yield a table whose keys are names that people choose."""
    yield from _comment(description[0].upper() + description[1:])
    yield f"[{table}]"
    for key, meaning in key_descriptions(entry).items():
        yield from _comment(f"``{key}``: {meaning}")
    yield f"# NAME = {_inline_example(entry)}"


def _table(settings: type[Struct], header: str, *, active: bool) -> Iterator[str]:
    is_array = header.startswith("[[")
    nested = [field for field in fields(settings) if _nested_of(field, inline=is_array) is not None]
    lists = [(field, item) for field in fields(settings) if (item := _item_of(field)) is not None]
    plain = [field for field in fields(settings) if field not in nested and _item_of(field) is None]
    descriptions = key_descriptions(settings)
    if plain or not nested:
        yield from _comment(settings_summary(settings))
        yield header if active else f"# {header}"
    for field in plain:
        yield from _key(field, descriptions.get(field.name, ""), table=header.strip("[]"))
    for index, field in enumerate(nested):
        inner = _nested_of(field, inline=is_array)
        assert inner is not None
        if plain or index:
            yield ""
        inner_active = active and field.default is not None
        yield from _table(inner, f"[{header.strip('[]')}.{field.encode_name}]", active=inner_active)
    for field, item in lists:
        yield ""
        yield from _entry(item, f"[[{header.strip('[]')}.{field.encode_name}]]", descriptions[field.name])


def _entry(settings: type[Struct], header: str, description: str) -> Iterator[str]:
    """Yield an entry of a list of tables, which is empty by default."""
    yield from _comment(description[0].upper() + description[1:])
    yield f"# {header}"
    descriptions, example = key_descriptions(settings), _ENTRIES[settings]
    for field in fields(settings):
        yield from _key(field, descriptions[field.name], table=header.strip("[]"), shown=getattr(example, field.name))


def _key(field: FieldInfo, description: str, *, table: str, shown: Any = None) -> Iterator[str]:
    if description:
        yield from _comment(description[0].upper() + description[1:])
    default = NODEFAULT if field.default is None else _default(field)
    example = f'"my-{table}"' if field.name == "name" else _example(field.type)
    value = _toml(shown) if shown is not None else example if default is NODEFAULT else _toml(default)
    remark = "  # required" if field.required else "  # not set" if default is NODEFAULT else ""
    yield f"# {field.encode_name} = {value}{remark}"


def _comment(text: str) -> list[str]:
    return [f"## {line}" for line in textwrap.wrap(text.replace("``", "`"), WIDTH - 3)]


def settings_summary(settings: type[Struct]) -> str:
    """Return what a settings Struct is for: the first paragraph of its docstring, in one line."""
    return (settings.__doc__ or "").strip().split("\n\n", 1)[0].replace("\n", " ")


def _default(field: FieldInfo) -> Any:
    return field.default_factory() if field.default_factory is not NODEFAULT else field.default


def _struct_of(field: FieldInfo) -> type[Struct] | None:
    hint = field.type
    return hint if isinstance(hint, type) and issubclass(hint, Struct) else None


def _nested_of(field: FieldInfo, *, inline: bool) -> type[Struct] | None:
    """Return the settings of a table that is shown as one; those of one that may be missing unless it is shown inline."""
    members = [member for member in get_args(field.type) if member is not types.NoneType]
    optional = isinstance(field.type, types.UnionType) and len(members) == 1 and not inline
    hint = members[0] if optional else field.type
    return hint if isinstance(hint, type) and issubclass(hint, Struct) else None


def _item_of(field: FieldInfo) -> type[Struct] | None:
    """Return the settings of a list of tables that is shown as tables, ``None`` for every other field."""
    is_list = get_origin(field.type) is tuple and fixed_items(field.type) is None
    hint = get_args(field.type)[0] if is_list else None
    return hint if hint in _ENTRIES else None


def _entry_of(field: FieldInfo) -> type[Struct] | None:
    """Return what a table of names holds under each of them, ``None`` for every other field."""
    if get_origin(field.type) is not dict:
        return None
    hint = get_args(field.type)[1]
    return hint if isinstance(hint, type) and issubclass(hint, Struct) else None


def _inline_example(settings: type[Struct]) -> str:
    required = [field for field in fields(settings) if field.required]
    return f"{{ {', '.join(f'{field.encode_name} = {_example(field.type)}' for field in required)} }}"


def _example(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _example(next(member for member in arguments if member is not types.NoneType))
    if origin is Literal:
        return _toml(arguments[0])
    if origin is Annotated:
        return _example(arguments[0])
    if origin in COLLECTIONS:
        return f"[{', '.join(map(_example, fixed_items(hint) or ()))}]"
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _toml(next(iter(hint)))
    if isinstance(hint, type) and issubclass(hint, Struct) and any(field.required for field in fields(hint)):
        return _inline_example(hint)
    return _EXAMPLES.get(hint, "{}")


def _toml(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case timedelta():
            return _toml(format_duration(value))
        case Enum():
            return _toml(value.value)
        case Size():
            return _toml(format_size(value))
        case str() | Path():
            return json.dumps(str(value), ensure_ascii=False)
        case int() | float():
            return str(value)
        case Struct():
            return _inline((f.encode_name, getattr(value, f.name)) for f in fields(value))
        case dict():
            return _inline((str(plain_value(key)), item) for key, item in value.items())
        case list() | tuple():
            return f"[{', '.join(_toml(item) for item in value)}]"
        case set() | frozenset():
            return f"[{', '.join(sorted(_toml(item) for item in value))}]"
        case date() | time():
            return value.isoformat()
        case _:
            return json.dumps(str(value), ensure_ascii=False)


def _inline(items: Iterable[tuple[str, Any]]) -> str:
    inner = ", ".join(f"{key} = {_toml(value)}" for key, value in items if value is not None)
    return f"{{ {inner} }}" if inner else "{}"
