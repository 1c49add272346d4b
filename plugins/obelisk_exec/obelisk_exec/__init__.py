"""Runs scripts and programs as activities: ``[[activity_exec]]``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from obelisk import hookimpl
from obelisk.core.events import ComponentRole
from obelisk.interfaces.components import ActivityComponent, ComponentHost, ComponentKindProvider
from obelisk_exec.settings import ExecActivitySettings


@hookimpl
def obelisk_register_activity_kind() -> Sequence[ComponentKindProvider]:
    """Offer ``[[activity_exec]]``."""
    return [
        ComponentKindProvider(
            name="exec",
            table="activity_exec",
            role=ComponentRole.ACTIVITY,
            summary="Activities that are scripts or programs of the machine.",
            settings=ExecActivitySettings,
            open=_open,
        )
    ]


def _open(settings: ExecActivitySettings, host: ComponentHost) -> AbstractAsyncContextManager[ActivityComponent]:
    # Listing plugins must not import what runs programs.
    from obelisk_exec.activity import open_activity

    return open_activity(settings, host)
