"""Which kind of component something is when nobody said so: what it exports and imports tells most of them apart."""

from __future__ import annotations

from typing import Any, Final

from obelisk.interfaces.commands import Described, Inspected

ACTIVITY: Final = "activity_wasm"
WORKFLOW: Final = "workflow_wasm"
WEBHOOK: Final = "webhook_endpoint_wasm"
INCOMING: Final = "wasi:http/incoming-handler"
WORKFLOW_PACKAGE: Final = "obelisk:workflow/"
HOSTS: Final = ("wasi:", "obelisk:log/", "obelisk:types/")


def guess(component: Inspected) -> Described:
    """Return the kind that fits: what serves HTTP is a webhook, what calls others a workflow, all else an activity."""
    if any(name.partition("@")[0] == INCOMING for name in component.exports):
        return Described(WEBHOOK, {})
    if all(name.startswith(HOSTS) for name in component.imports):
        return Described(ACTIVITY, {})
    return Described(WORKFLOW, workflow_keys(component))


def workflow_keys(component: Inspected) -> dict[str, Any]:
    """Return the keys that a workflow needs: one that imports WASI, as toolchains make them, has to be given a stub."""
    return {"stub_wasi": True} if any(name.startswith("wasi:") for name in component.imports) else {}
