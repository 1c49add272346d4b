"""From settings back to what people write: the keys that differ from their defaults, as plain values."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any

from msgspec import NODEFAULT, Struct
from msgspec.structs import FieldInfo, fields

from obelisk.config.units import format_duration, format_size
from obelisk.interfaces.settings import Size


def differing_keys(settings: Struct, *, without: Collection[str] = ()) -> dict[str, Any]:
    """Return the keys of a table that decodes to ``settings``, less those in ``without`` and those with their defaults."""
    return {
        field.encode_name: plain_value(value)
        for field in fields(settings)
        if field.encode_name not in without and (value := getattr(settings, field.name)) != _default(field)
    }


def plain_value(value: Any) -> Any:
    """Return a value of a setting as people write it; of a table the keys that differ from their defaults."""
    match value:
        case Struct():
            return differing_keys(value)
        case timedelta():
            return format_duration(value)
        case Enum():
            return value.value
        case Size():
            return format_size(value)
        case Path():
            return str(value)
        case tuple() | list():
            return [plain_value(item) for item in value]
        case set() | frozenset():
            return sorted((plain_value(item) for item in value), key=repr)
        case dict():
            return {plain_value(key): plain_value(item) for key, item in value.items()}
        case _:
            return value


def _default(field: FieldInfo) -> Any:
    return field.default if field.default_factory is NODEFAULT else field.default_factory()
