"""Chance that depends on a seed and on what it is drawn for, and on nothing else that happens."""

from __future__ import annotations

import random


def drawn(seed: int, *what: object) -> random.Random:
    """Return the source of chance for one thing. Leaving other things out of a scenario does not change it."""
    return random.Random(f"{seed} {what!r}")
