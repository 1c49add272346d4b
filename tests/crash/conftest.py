"""The fixtures of the tests of real servers."""

from __future__ import annotations

from tests.e2e.conftest import cache, make_world

__all__ = ["cache", "make_world"]
