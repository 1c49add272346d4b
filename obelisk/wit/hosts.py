"""The host packages: what the engine offers to components, as WIT text and as a model.

The text lies in ``obelisk/wit/host``, one file for each package; it is parsed when it is first asked for.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final

from obelisk.wit.model import Interface, TypeDef
from obelisk.wit.resolve import resolve_packages

TYPES_PACKAGE: Final = "obelisk:types@5.0.0"
WORKFLOW_PACKAGE: Final = "obelisk:workflow@6.0.0"
WEBHOOK_PACKAGE: Final = "obelisk:webhook@6.0.0"
LOG_PACKAGE: Final = "obelisk:log@1.0.0"

TIME: Final = "obelisk:types/time@5.0.0"
EXECUTION: Final = "obelisk:types/execution@5.0.0"
BACKTRACE: Final = "obelisk:types/backtrace@5.0.0"
JOIN_SET: Final = "obelisk:types/join-set@5.0.0"
WORKFLOW_SUPPORT: Final = "obelisk:workflow/workflow-support@6.0.0"
WORKFLOW_SUPPORT_BACKTRACE: Final = "obelisk:workflow/workflow-support-backtrace@6.0.0"
WEBHOOK_SUPPORT: Final = "obelisk:webhook/webhook-support@6.0.0"
WEBHOOK_SUPPORT_BACKTRACE: Final = "obelisk:webhook/webhook-support-backtrace@6.0.0"
LOG: Final = "obelisk:log/log@1.0.0"

HOST_PACKAGES: Final = {
    TYPES_PACKAGE: "obelisk-types.wit",
    WORKFLOW_PACKAGE: "obelisk-workflow.wit",
    WEBHOOK_PACKAGE: "obelisk-webhook.wit",
    LOG_PACKAGE: "obelisk-log.wit",
}
"""The host packages in the order in which they depend on each other, and the files that hold their text."""


@cache
def host_package_text(package: str) -> str:
    """Return the WIT text of a host package, such as ``obelisk:log@1.0.0``."""
    return (resources.files("obelisk.wit") / "host" / HOST_PACKAGES[package]).read_text(encoding="utf-8")


@cache
def host_interfaces() -> dict[str, Interface]:
    """Return every interface of the host packages by its name."""
    document = resolve_packages([host_package_text(package) for package in HOST_PACKAGES])
    return {interface.name: interface for interface in document.interfaces}


def host_interface(name: str) -> Interface | None:
    """Return the host interface called ``name`` (with its version), ``None`` when there is none."""
    return host_interfaces().get(name)


def host_type(interface: str, name: str) -> TypeDef:
    """Return a type that a host interface defines or uses; raise ``KeyError`` for one that it has not."""
    for definition in host_interfaces()[interface].types:
        if definition.name == name:
            return definition
    raise KeyError(f"{interface} has no type `{name}`")
