"""How the time of a server's threads is shared out by what their stacks were."""

from __future__ import annotations

import pytest

from benchmarks.parts import OTHER, Part, part_of, shared_out

LOOP = ["main (obelisk/cli/main.py:1)", "Handle._run (asyncio/events.py:80)"]


@pytest.mark.parametrize(
    ("inner", "part"),
    [
        ([], "event loop, and gRPC's own code"),
        (["submit (/x/obelisk/api/execution_service.py:5)"], "gRPC"),
        (["Pipeline.submit (/x/obelisk/runtime/pipeline.py:63)"], "runtime: turns, commits, wake-ups"),
        (["go (/x/obelisk/runtime/pipeline.py:6)", "ulid (/x/obelisk/ids.py:3)"], "core: replay, states, events, ids"),
        (["Guest._poll (/x/obelisk/wasm/guest.py:130)", "string_at (ctypes/__init__.py:5)"], "guests: running in wasmtime"),
    ],
)  # fmt: skip
def test_a_stack_belongs_to_the_part_of_its_innermost_frame_that_has_one(inner: list[str], part: str) -> None:
    assert part_of([*LOOP, *inner]) == part


def test_a_stack_without_a_known_frame_belongs_to_the_rest() -> None:
    assert part_of(["run (threading.py:5)"]) == OTHER


def test_the_time_of_a_thread_is_shared_out_by_its_samples() -> None:
    stacks = [
        "thread (7): MainThread;f (/x/obelisk/api/calls.py:1) 3",
        "thread (7): MainThread;f (/x/obelisk/core/state.py:1) 1",
        "thread (8): writer;Transactions._transaction (/x/obelisk_sqlite/transactions.py:9) 5",
    ]
    assert shared_out(stacks, {7: 80.0, 8: 10.0, 9: 2.0}, loop=7) == (
        Part("loop", "gRPC", 60.0),
        Part("loop", "core: replay, states, events, ids", 20.0),
        Part("writer", "storage: BEGIN, COMMIT and its fsync", 10.0),
        Part("others", "threads of libraries", 2.0),
    )
