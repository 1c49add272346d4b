"""Everything that is fuzzed."""

from __future__ import annotations

from tests.fuzz import (
    boundary_target,
    component_target,
    config_target,
    grpc_target,
    id_target,
    value_target,
    wit_target,
)

TARGETS = {
    target.name: target
    for target in (
        config_target.target(),
        wit_target.expressions(),
        wit_target.types(),
        wit_target.documents(),
        value_target.typed(),
        value_target.wrong(),
        value_target.texts(),
        boundary_target.target(),
        id_target.texts(),
        id_target.made(),
        grpc_target.target(),
        component_target.target(),
    )
}
