"""What the engine hands to everything that it opens, for tests that open a plugin's part themselves."""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping
from pathlib import Path

from obelisk.clock import Clock
from obelisk.interfaces.provider import Host
from obelisk.testing.clock import ManualClock


def host_in(directory: Path, *, clock: Clock | None = None, environ: Mapping[str, str] | None = None) -> Host:
    """Return a host whose data and caches are kept in ``directory``; its randomness is seeded.

    ``clock`` stands still unless one is given, ``environ`` is empty.
    """
    data, cache = directory / "data", directory / "cache"
    for each in (data, cache):
        each.mkdir(parents=True, exist_ok=True)
    log = logging.getLogger("obelisk.plugins")
    return Host(clock or ManualClock(), random.Random(0).randbytes, data, cache, log, dict(environ or {}))
