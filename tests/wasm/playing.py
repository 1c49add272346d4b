"""Plays the host of a guest: a list of answers, whatever the guest asks."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from obelisk.wasm.guest import Poll
from tests.wasm.bench import Bench


class Played(Struct):
    """What a guest asked, as names and arguments, and how it ended."""

    asked: list[tuple[str, list[Any]]]
    result: Any
    error: Any


async def play(bench: Bench, guest: str, function: str, *params: Any, answers: list[Any]) -> Played:
    """Run a guest until it ends. It has to ask as often as there are answers."""
    asked: list[tuple[str, list[Any]]] = []
    running = bench.guest(guest, function, *params)
    while await bench.run(running) is Poll.PARKED:
        call = running.guest.call
        assert call is not None
        asked.append((call.function.function.name, call.arguments))
        assert len(asked) <= len(answers), asked
        running.guest.answer(answers[len(asked) - 1])
    assert len(asked) == len(answers), asked
    return Played(asked, running.guest.result, running.guest.error)
