"""The marks that hooks are declared and implemented with, and where plugins are looked for."""

from __future__ import annotations

import pluggy

PROJECT = "obelisk"
ENTRY_POINT_GROUP = "obelisk"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
