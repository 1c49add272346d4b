"""Guests in JavaScript."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.guest_work import guest_work
from benchmarks.results import Figure

NAME = "js-guests"
SUMMARY = "the same as python-guests in JavaScript, built by componentize-js"


async def measure(bench: Bench) -> list[Figure]:
    """See ``SUMMARY``."""
    return await guest_work(bench, "js")
