"""The kit for authors of plugins and components; the engine never imports it.

The suites, ``storage``, ``sources``, ``activity_kinds``, ``triggers`` and ``exporters``, need pytest and pytest-asyncio,
``differential`` needs hypothesis.
"""

from __future__ import annotations

import sys

_SUITES = (
    "activity_kinds", "exporters", "sources", "storage_commits", "storage_deletion", "storage_keeping", "storage_lines",
    "storage_locks", "storage_reads", "storage_responses", "triggers",
)  # fmt: skip

if "pytest" in sys.modules:  # it shows the values in asserts that fail, if it is told so before they are imported
    sys.modules["pytest"].register_assert_rewrite(*[f"{__name__}.{name}" for name in _SUITES])
