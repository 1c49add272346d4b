"""Builds of the scripted workflow that differ, for executions that begin with one and go on with another."""

from __future__ import annotations

import re
from pathlib import Path

from tests.runtime.conftest import ROOT, workflow
from tests.scripts import LOG_CALL, LOG_MARKER, SCRIPTED

BY_FUNCTION = 'exec.locking_strategy = "by_ffqns"'
BY_DIGEST = 'exec.locking_strategy = "by_component_digest"'
Change = tuple[str, str]

LOGS: Change = (LOG_MARKER, LOG_CALL)
DRAWS_FIRST: Change = (LOG_MARKER, "(drop (call $random-u64 (i64.const 1) (i64.const 9)))")
STOPS_AT_ONCE: Change = (LOG_MARKER, "(global.set $left (i32.const 0))")
TRAPS_AT_ONCE: Change = (LOG_MARKER, "unreachable")
SPINS_AT_ONCE: Change = (LOG_MARKER, "(loop $spin (br $spin))")
_OPERATIONS = """
      $create $create-named $close $drop $set-id $last-id $submit $delay $next $try-next $call $schedule $stub
      $get-result $get-failure $last-call $last-oneoff $do-sleep $random $random-inclusive $do-random-string
      $current-id $new-id $text $log $spin $trap $fail $stop))"""


def operations(others: dict[str, str]) -> Change:
    """Let operations do what others do: ``{"random": "log"}``."""
    words = re.split(r"(?<=\$)([a-z-]+)", _OPERATIONS)
    return _OPERATIONS, "".join(others.get(word, word) for word in words)


HAS_NO_STOP = operations({"stop": "log"})
"""What is asked is the same; ``stop`` reads a text that is empty, and logs it."""


def build(directory: Path, *changes: Change, name: str = "scripted", settings: str = BY_FUNCTION) -> str:
    """Write a build of the scripted workflow in which texts are replaced; return its table."""
    source = (ROOT / SCRIPTED).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    number = len(list(directory.glob(f"{name}-*.wat")))
    path = directory / f"{name}-{number}.wat"
    path.write_text(source, encoding="utf-8")
    return workflow(name, str(path), settings)
