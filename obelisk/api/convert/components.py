"""Components and their functions. Written only: a client shows the messages as they are."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from obelisk.api.convert.basics import component_message, function_message
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.core.events import ComponentId
from obelisk.interfaces.executions import FunctionDetail
from obelisk.wit.extensions import FunctionExtension
from obelisk.wit.model import Type
from obelisk.wit.printer import inline_type_text, type_text

_EXTENSION = "FUNCTION_EXTENSION_"


def component_detail_message(
    component: ComponentId, *, exports: Iterable[FunctionDetail], imports: Iterable[FunctionDetail]
) -> pb.Component:
    """Write a component with what it exports and imports."""
    return pb.Component(
        component_id=component_message(component),
        exports=map(function_detail_message, exports),
        imports=map(function_detail_message, imports),
    )


def function_detail_message(detail: FunctionDetail) -> pb.FunctionDetail:
    """Write a function's signature."""
    function = detail.function
    return pb.FunctionDetail(
        function_name=function_message(detail.ffqn),
        params=[pb.FunctionParameter(type=_type_message(param.type), name=param.name) for param in function.params],
        return_type=None if function.result is None else _type_message(function.result),
        extension=_extension_name(detail.extension),
        submittable=detail.submittable,
    )


def _type_message(type_: Type) -> pb.WitType:
    inline = inline_type_text(type_)
    return pb.WitType(
        wit_type=type_text(type_), type_wrapper=msgspec.json.encode(inline).decode(), wit_type_inline=inline
    )


def _extension_name(extension: FunctionExtension | None) -> str | None:
    return None if extension is None else _EXTENSION + extension.name
