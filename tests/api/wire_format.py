"""Writes what a descriptor means on the wire as text, one line per message, enum and call."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, FileDescriptor, ServiceDescriptor

_SCALARS = {
    FieldDescriptor.TYPE_BOOL: "bool",
    FieldDescriptor.TYPE_BYTES: "bytes",
    FieldDescriptor.TYPE_INT32: "int32",
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_UINT32: "uint32",
    FieldDescriptor.TYPE_UINT64: "uint64",
}


def wire_format(file: FileDescriptor) -> list[str]:
    """Return the lines, sorted."""
    return sorted(
        [
            *(line for service in file.services_by_name.values() for line in _service(service)),
            *(line for message in file.message_types_by_name.values() for line in _message(message)),
            *(_enum(enum) for enum in file.enum_types_by_name.values()),
        ]
    )


def _service(service: ServiceDescriptor) -> Iterator[str]:
    for method in service.methods:
        stream = "stream " if method.server_streaming else ""
        yield f"{service.name}.{method.name}({method.input_type.name}) -> {stream}{method.output_type.name}"


def _message(message: Descriptor) -> Iterator[str]:
    if message.GetOptions().map_entry:
        return
    fields = sorted(message.fields, key=lambda field: field.number)
    yield f"{_name(message.full_name)} {{ {'; '.join(map(_field, fields))} }}"
    for nested in message.nested_types:
        yield from _message(nested)
    for enum in message.enum_types:
        yield _enum(enum)


def _field(field: FieldDescriptor) -> str:
    oneof = field.containing_oneof
    is_optional = oneof is not None and oneof.name == f"_{field.name}"
    suffix = f" [oneof {oneof.name}]" if oneof is not None and not is_optional else ""
    prefix = "optional " if is_optional else ""
    return f"{field.number} {field.name}: {prefix}{_type(field)}{suffix}"


def _type(field: FieldDescriptor) -> str:
    kind = field.message_type or field.enum_type
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return "map<string,string>"
    name = _SCALARS[field.type] if kind is None else _name(kind.full_name)
    return f"repeated {name}" if field.is_repeated else name


def _enum(enum: EnumDescriptor) -> str:
    values = sorted(enum.values, key=lambda value: value.number)
    return f"enum {_name(enum.full_name)} {{ {', '.join(f'{value.name}={value.number}' for value in values)} }}"


def _name(full_name: str) -> str:
    return full_name.removeprefix("obelisk.")
