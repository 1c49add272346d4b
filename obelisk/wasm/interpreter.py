"""How to start another Python like this one."""

from __future__ import annotations

import sys
from pathlib import Path


def interpreter_command() -> list[str]:
    """Return the command that this interpreter was started with, without its arguments.

    That is ``sys.executable``, except where it was handed to a dynamic loader (``ld.so --library-path ... python``): then
    the file alone would start with other libraries than it needs, or not at all.
    """
    try:
        words = Path("/proc/self/cmdline").read_text(encoding="utf-8", errors="surrogateescape").split("\0")[:-1]
    except OSError:
        return [sys.executable]
    before = len(words) - len(sys.orig_argv)
    if before <= 0 or words[before:] != sys.orig_argv:
        return [sys.executable]
    return [*words[:before], sys.orig_argv[0]]
