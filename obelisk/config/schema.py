"""A JSON Schema of ``obelisk.toml``, for editors: the tables of the kernel and of the installed plugins.

It is made from the settings Structs, as the loader decodes them: what it refuses the loader refuses. The loader refuses
more: what depends on several keys, on the machine, or on what a number means. A text may hold references to variables
(``${NAME}``) wherever a text is allowed, whatever else is expected of it.

It is written in draft 7, which editors of TOML understand.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Struct
from msgspec.structs import FieldInfo, fields

from obelisk.config.decode import COLLECTIONS, fixed_items
from obelisk.config.load import claims
from obelisk.config.model import KernelSettings, StorageSettings
from obelisk.config.plain import plain_value
from obelisk.config.sample import key_descriptions, settings_summary
from obelisk.config.token_hash import TokenHash
from obelisk.config.units import DURATION_KEYS, DURATION_PATTERN, SIZE_PATTERN
from obelisk.interfaces.settings import Duration, Size
from obelisk.registry import Catalog

Schema = dict[str, Any]
FILE_NAME: Final = "obelisk.schema.json"
"""What the schema is called beside the configuration that names it."""
DRAFT: Final = "http://json-schema.org/draft-07/schema#"
_REFERENCE: Final[Schema] = {"type": "string", "pattern": r"\$\{"}
_DURATION: Final[Schema] = {
    "anyOf": [
        {"type": "string", "pattern": DURATION_PATTERN},
        {
            "type": "object",
            "properties": {key: {"type": "number", "minimum": 0} for key in DURATION_KEYS},
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
        },
        _REFERENCE,
    ]
}
_SIZE: Final[Schema] = {
    "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": SIZE_PATTERN}, _REFERENCE]
}
_HASH: Final[Schema] = {"anyOf": [{"type": "string", "pattern": "^[sS][hH][aA]256:[0-9a-fA-F]{64}$"}, _REFERENCE]}
_SCALARS: Final[dict[Any, Schema]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    Path: {"type": "string", "minLength": 1},
    Duration: _DURATION,
    Size: _SIZE,
    TokenHash: _HASH,
    Any: {},
}


def schema_text(plugins: Catalog) -> str:
    """Return the schema as the text of a file. Raises as ``config_schema`` does."""
    return f"{msgspec.json.format(msgspec.json.encode(config_schema(plugins)), indent=2).decode()}\n"


def config_schema(plugins: Catalog) -> Schema:
    """Return the schema. Raises ``PluginError`` when plugins claim the same table."""
    builder = _Builder(sorted(storage.name for storage in plugins.storages))
    properties = builder.properties(KernelSettings)
    for claim in claims(plugins).values():
        table = builder.reference(claim.settings)
        described = {"description": f"{settings_summary(claim.settings)} ({claim.owner})"}
        properties[claim.table] = described | ({"type": "array", "items": table} if claim.array else {"allOf": [table]})
    return {
        "$schema": DRAFT,
        "title": "obelisk.toml",
        "description": "The configuration of an Obelisk server.",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "definitions": builder.definitions,
    }


class _Builder:
    """Collects the definitions that a schema refers to, one for each settings Struct."""

    def __init__(self, storages: list[str]) -> None:
        self.definitions: dict[str, Schema] = {}
        self._names: dict[type[Struct], str] = {}
        self._storages = storages

    def reference(self, settings: type[Struct]) -> Schema:
        """Return a reference to the definition of a Struct, which is made when it is new."""
        name = self._names.get(settings)
        if name is None:
            name = settings.__name__
            if name in self.definitions:
                name = f"{settings.__module__}.{name}"
            self._names[settings] = name
            self.definitions[name] = {}  # it has its place, also while it is made
            self.definitions[name] = self._table(settings)
        return {"$ref": f"#/definitions/{name}"}

    def properties(self, settings: type[Struct]) -> dict[str, Schema]:
        """Return the schema of each key of a Struct."""
        descriptions = key_descriptions(settings)
        found = {field.encode_name: self._key(field, descriptions) for field in fields(settings)}
        if settings is StorageSettings:
            found["use"] = found["use"] | _choice(self._storages)
        return found

    def _table(self, settings: type[Struct]) -> Schema:
        required = [field.encode_name for field in fields(settings) if field.required]
        schema = {
            "type": "object",
            "description": settings_summary(settings),
            "properties": self.properties(settings),
            "additionalProperties": False,
        }
        return schema | ({"required": required} if required else {})

    def _key(self, field: FieldInfo, descriptions: Mapping[str, str]) -> Schema:
        plain = self.of_type(field.type)
        # Draft 7 ignores what stands beside a reference.
        schema: Schema = {"allOf": [plain]} if "$ref" in plain else dict(plain)
        description = descriptions.get(field.name) or _summary_of(field.type)
        if description:
            schema["description"] = (description[0].upper() + description[1:]).replace("``", "`")
        default = field.default_factory() if field.default_factory is not NODEFAULT else field.default
        if plain and default is not NODEFAULT and not isinstance(default, Struct | types.NoneType):
            schema["default"] = plain_value(default)
        return schema

    def of_type(self, hint: Any) -> Schema:
        """Return the schema of a type's values, which takes anything for a type that the kernel has no use for."""
        origin, arguments = get_origin(hint), get_args(hint)
        if hint in _SCALARS:
            return _SCALARS[hint]
        if isinstance(hint, type) and issubclass(hint, Struct):
            return self.reference(hint)
        if isinstance(hint, type) and issubclass(hint, Enum):
            return _choice([member.value for member in hint])
        if origin is Literal:
            return _choice(list(arguments))
        if origin in (Union, types.UnionType):
            members = [self.of_type(member) for member in arguments if member is not types.NoneType]
            return members[0] if len(members) == 1 else {"anyOf": members}
        if origin is Annotated:
            return self.of_type(arguments[0])
        fixed = fixed_items(hint)
        if fixed is not None:
            count = {"minItems": len(fixed), "maxItems": len(fixed)}
            return {"type": "array", **({"items": [self.of_type(each) for each in fixed]} if fixed else {}), **count}
        if origin in COLLECTIONS:
            return {"type": "array", "items": self.of_type(arguments[0])}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.of_type(arguments[1])}
        return {}


def _summary_of(hint: Any) -> str:
    return settings_summary(hint) if isinstance(hint, type) and issubclass(hint, Struct) else ""


def _choice(values: list[Any]) -> Schema:
    texts = any(isinstance(value, str) for value in values)
    return {"anyOf": [{"enum": values}, _REFERENCE]} if texts else {"enum": values}
