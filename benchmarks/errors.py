"""Why something is not measured."""

from __future__ import annotations

from obelisk.errors import ObeliskError


class BenchmarkError(ObeliskError):
    """A measurement went wrong; the message says what was found."""


class UnavailableError(BenchmarkError):
    """Something that a measurement needs is not on this machine; the message says what, and how to install it."""
