"""Addresses in the backtraces of traps: the machine does not always tell the same instruction of the same trap."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"\b0x[0-9a-f]+\b")


def without_addresses(text: str) -> str:
    """Return a text in which all addresses are equal."""
    return _ADDRESS.sub("ADDRESS", text)
