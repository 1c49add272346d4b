"""Guests in Python."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.guest_work import guest_work
from benchmarks.results import Figure

NAME = "python-guests"
SUMMARY = "an activity and a workflow in Python, built by componentize-py, from submission to result at the client"


async def measure(bench: Bench) -> list[Figure]:
    """See ``SUMMARY``."""
    return await guest_work(bench, "python")
