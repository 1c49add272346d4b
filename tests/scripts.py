"""Scripts for the scripted workflow (``obelisk.testing.scripts``), and what tests change in its text."""

from __future__ import annotations

from obelisk.testing.scripts import *  # noqa: F403 - everything in it is for tests

SCRIPTED = "obelisk/testing/guests/scripted.wat"
LOG_MARKER = ";; a test may add a log line here"
LOG_CALL = "(call $info (i32.const 2048) (i32.const 2))"
"""What may stand in place of the marker: logs ``ok``."""
