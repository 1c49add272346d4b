"""Times and ids as OTLP has them."""

from __future__ import annotations

from datetime import datetime

from obelisk.clock import EPOCH, MICROSECOND


def nanoseconds(when: datetime) -> int:
    """Return nanoseconds since the Unix epoch; what lies before is the epoch."""
    return max((when - EPOCH) // MICROSECOND, 0) * 1000
