"""How the histories were made: a guest, a call, and what happens to the execution.

What a recipe makes today has to be what its file holds. When the engine is changed so that it no longer is, and that is
meant, the recipe goes and the file stays: it has to be replayed for ever.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct

from obelisk.ids import DelayId, ExecutionId
from obelisk.names import Ffqn
from obelisk.testing.engine import EngineHarness
from tests import scripts
from tests.scripts import RUN, RUN_CANCELLABLE, SCRIPTED, Op
from tests.scripts import call as by_text

Happening = Callable[[EngineHarness, ExecutionId], Awaitable[None]]

ID = ExecutionId("E_01KDVDNA000123456789ABCDEF")
SERDE_ACTIVITY = "tests/guests/serde_activity.wat"
FIBO = "testing:fibo/fibo.fibo"
REC = "testing:serde/serde.rec"
TRAP = "testing:serde/serde.trap"
ERR = "testing:serde/serde.err-string"
FOO = "testing:stub-activity/activity.foo"
NORET = "testing:stub-activity/activity.noret"
NOBODY = ExecutionId(f"{ID}.n:nobody_1")
HOUR = scripts.after(hours=1)
RECORD = {"a": 2**32 - 1, "image": [0, 255], "b": "b€\0", "opt": None}

TABLES = (
    ("activity_wasm", "examples/wat/fibo_activity.wat", ""),
    ("activity_wasm", SERDE_ACTIVITY, 'max_retries = 1\nretry_exp_backoff = "2s"'),
    ("workflow_wasm", "examples/wat/fibo_workflow.wat", ""),
)
"""The components of every recipe, beside its own."""
STUBS = """
[[activity_stub]]
ffqn = "testing:stub-activity/activity.foo"
params = [{ name = "arg", type = "string" }]
return_type = "result<string>"

[[activity_stub]]
ffqn = "testing:stub-activity/activity.noret"
return_type = "result"
"""


# --- what happens ---------------------------------------------------------------------------------------------------------


async def to_the_end(harness: EngineHarness, execution: ExecutionId) -> None:
    """Wait until it has ended."""
    await harness.result(execution)


async def as_far_as_it_goes(harness: EngineHarness, execution: ExecutionId) -> None:
    """Wait until nothing more happens by itself at the time when it began."""
    await harness.settle()


async def cancelled(harness: EngineHarness, execution: ExecutionId) -> None:
    """Cancel it while it waits."""
    await harness.settle()
    await harness.until(harness.engine.executions.cancel(execution))
    await harness.result(execution)


async def delay_cancelled(harness: EngineHarness, execution: ExecutionId) -> None:
    """Cancel the delay of its first sleep."""
    await harness.settle()
    delay = DelayId(f"Delay_{execution.removeprefix('E_')}.o:1-sleep_1")
    await harness.until(harness.engine.executions.cancel_delay(delay))
    await harness.result(execution)


async def stubbed(harness: EngineHarness, execution: ExecutionId) -> None:
    """Give its first child a result from outside."""
    await harness.settle()
    await harness.until(harness.engine.executions.stub(ExecutionId(f"{execution}.g:1_1"), {"ok": "from outside"}))
    await harness.result(execution)


async def paused(harness: EngineHarness, execution: ExecutionId) -> None:
    """Pause it while it waits, and let it go on."""
    await harness.settle()
    await harness.until(harness.engine.executions.pause(execution))
    await harness.until(harness.engine.executions.unpause(execution))
    await harness.result(execution)


class Recipe(Struct, frozen=True):
    """An execution of ``function`` in ``component``; ``of`` is the rest of the id when a child's log is kept."""

    about: str
    component: str
    function: Ffqn | str
    params: tuple[Any, ...]
    happens: Happening = to_the_end
    of: str = ""
    settings: str = ""


def script(about: str, *ops: Op, happens: Happening = to_the_end, of: str = "", settings: str = "") -> Recipe:
    """Return a script of ``tests.scripts``."""
    return Recipe(about, SCRIPTED, RUN, (list(ops),), happens, of, settings)


def typed(guest: str, function: str, *params: Any, about: str, happens: Happening = to_the_end) -> Recipe:
    """Return a call of a guest that calls others by their types."""
    interface = f"testing:{guest.replace('_', '-')}/workflow"
    return Recipe(about, f"tests/guests/{guest}.wat", f"{interface}.{function}", params, happens)


def example(file: str, function: str, *params: Any, about: str, of: str = "") -> Recipe:
    """Return a call of an example."""
    return Recipe(about, f"examples/wat/{file}.wat", function, params, of=of)


FIBO_WORKFLOW = "testing:fibo-workflow/workflow."
NESTED = "testing:fibo-workflow-outer/workflow.fibo-nested-workflow"
CHILD_SCRIPT = [scripts.sleep(seconds=5), scripts.text("awake")]

RECIPES: dict[str, Recipe] = {
    # calls
    "direct-call": example(
        "fibo_workflow", FIBO_WORKFLOW + "fiboa", 10, 2, about="direct calls of an activity, one after the other"
    ),
    "direct-call-err": example(
        "fibo_workflow", FIBO_WORKFLOW + "fiboa", 41, 2, about="a direct call whose err ends the workflow"
    ),
    "submit-and-await": example(
        "fibo_workflow", FIBO_WORKFLOW + "fiboa-concurrent", 10, 3, about="typed submissions and awaits in a join set"
    ),
    "nothing-asked": example("fibo_workflow", FIBO_WORKFLOW + "fibow", 10, 2, about="a workflow that only computes"),
    "nested-workflows": example("fibo_workflow_outer", NESTED, 3, about="a workflow that calls workflows"),
    "nested-workflow-child": example(
        "fibo_workflow_outer", NESTED, 3, about="a workflow that another called", of=".o:1-fibo-nested-workflow_1"
    ),
    "call-json": script(
        "calls by text: one that returns, one of an unknown function, one whose params do not fit",
        by_text(FIBO, 10),
        scripts.last_call(),
        scripts.last_oneoff(),
        by_text("testing:fibo/fibo.missing", 10),
        by_text(FIBO, "ten"),
        {"call": ["testing:fibo/fibo", "fibo", "[1"]},
        by_text(ERR, "refused"),
        by_text(REC, RECORD),
    ),
    "submit-json": script(
        "submissions by text of two functions, awaited in the order of their responses",
        scripts.create(),
        scripts.submit(0, FOO, "ä"),
        scripts.submit(0, REC, RECORD),
        scripts.next_(0),
        scripts.last_id(0),
        scripts.stub(1, {"ok": "later"}),
        scripts.next_(0),
        scripts.last_id(0),
    ),
    "submit-json-errors": script(
        "submissions that are refused use up an index and are not awaited",
        scripts.create(),
        scripts.submit(0, "testing:fibo/fibo.missing", 1),
        scripts.submit(0, FIBO, 256),
        scripts.submit(0, FIBO),
        {"submit": [0, "testing:fibo/fibo", "fibo", "[1"]},
        {"submit": [0, "testing:fibo/fibo", "fibo", '{"n": 1}']},
        scripts.submit(0, "no name", 1),
        scripts.next_(0),
        scripts.submit(0, FIBO, 10),
        scripts.next_(0),
        scripts.next_(0),
    ),
    "get-result": script(
        "results and kinds of failures that are asked for once more",
        scripts.create(),
        scripts.submit(0, FIBO, 10),
        scripts.get_result(1),
        scripts.next_(0),
        scripts.get_result(1),
        scripts.get_failure(1),
        scripts.submit(0, TRAP),
        scripts.next_(0),
        scripts.get_result(6),
        scripts.get_failure(6),
        scripts.text("E_1"),
        scripts.get_result(10),
    ),
    # join sets
    "join-sets-named": script(
        "join sets with names, one of them taken, one of them not allowed",
        scripts.create_named("one/A-1"),
        scripts.create_named("one/A-1"),
        scripts.create_named("a.b"),
        scripts.create(),
        scripts.create_named("two"),
        scripts.set_id(0),
        scripts.set_id(1),
        scripts.submit(0, FIBO, 5),
        scripts.next_(0),
        scripts.submit(2, FIBO, 6),
        scripts.next_(2),
    ),
    "join-sets-named-typed": typed(
        "stub_workflow", "named-twice", about="a name that is taken and one that is not allowed"
    ),
    "all-processed": script(
        "awaiting more than was asked for",
        scripts.create(),
        scripts.next_(0),
        scripts.submit(0, FIBO, 10),
        scripts.next_(0),
        scripts.next_(0),
        scripts.try_next(0),
    ),
    "all-processed-typed": typed(
        "stub_workflow", "await-next-all-processed", about="awaiting a response of a type where none is left"
    ),
    "function-mismatch": typed("stub_workflow", "mismatch", about="the response of another function takes its turn"),
    "get-after-await": typed("stub_workflow", "get-after-await", "a", about="a result is found after it was taken"),
    "race-won-by-child": typed(
        "stub_workflow",
        "submit-race-delay",
        "a",
        60_000,
        about="a child and a delay, the child is first",
        happens=stubbed,
    ),
    "race-won-by-delay": typed(
        "stub_workflow", "submit-race-delay", "a", 60_000, about="a child and a delay, the delay is first"
    ),
    "two-delays": typed("sleep_workflow", "two-delays", 2000, 1000, about="the shorter of two delays is first"),
    "join-next-try": script(
        "looking for a response: pending, found and all processed",
        scripts.create(),
        scripts.try_next(0),
        scripts.submit(0, FOO, "a"),
        scripts.try_next(0),
        scripts.stub(2, {"ok": "b"}),
        scripts.try_next(0),
        scripts.last_id(0),
        scripts.delay(0, seconds=1),
        scripts.try_next(0),
        scripts.next_(0),
        scripts.try_next(0),
    ),
    "join-next-try-typed": typed(
        "sleep_workflow", "try-pending-then-found", 500, about="a delay is looked for before and after it is due"
    ),
    # time
    "delay": script(
        "delays in a join set, two of them due at once",
        scripts.create(),
        scripts.delay(0, scripts.now()),
        scripts.delay(0, scripts.at(0)),
        scripts.delay(0, milliseconds=1500),
        scripts.next_(0),
        scripts.next_(0),
        scripts.next_(0),
        scripts.last_id(0),
    ),
    "sleep": script(
        "sleeps in every unit, with and without a name, one until a time long ago",
        scripts.sleep(milliseconds=1),
        scripts.sleep(seconds=1, name="a-second"),
        scripts.sleep(minutes=1),
        scripts.sleep(hours=1),
        scripts.sleep(days=1, name="a/day"),
        scripts.sleep(scripts.now(), name="now"),
        scripts.sleep(scripts.at(1, 1)),
        scripts.last_oneoff(),
    ),
    "sleep-typed": typed("sleep_workflow", "sleep-for", 1500, about="a sleep of a guest that only sleeps"),
    "sleep-cancelled": typed(
        "sleep_workflow",
        "sleep-cancellable",
        60_000,
        about="a sleep whose delay was cancelled",
        happens=delay_cancelled,
    ),
    # randomness and ids
    "random": script(
        "numbers and texts from every kind of range, also from empty ones",
        scripts.random(0, 10),
        scripts.random(0, 2**64 - 1),
        scripts.random(5, 5),
        scripts.random(7, 0),
        scripts.random_inclusive(0, 2**64 - 1),
        scripts.random_inclusive(3, 3),
        scripts.random_inclusive(9, 1),
        scripts.random_string(5, 9),
        scripts.random_string(0, 1),
        scripts.random_string(4, 4),
        scripts.random_string(3, 0),
    ),
    "execution-ids": script(
        "the workflow's own id and ids that it draws, between numbers that it draws",
        scripts.current_id(),
        scripts.new_id(),
        scripts.random(0, 1000),
        scripts.new_id(),
        scripts.current_id(),
    ),
    "random-in-a-child": script(
        "what a child draws",
        scripts.create_named("dice"),
        scripts.submit(0, RUN, [scripts.random(0, 2**63), scripts.random_string(8, 9), scripts.new_id()]),
        scripts.next_(0),
        of=".n:dice_1",
    ),
    # schedules
    "schedule": typed("sleep_workflow", "schedule-fibo", 10, 50, about="an execution is scheduled by its type"),
    "schedule-json": script(
        "executions are scheduled by text: twice the same, another with the same id, an unknown function, a past time",
        scripts.new_id(),
        scripts.schedule(0, FIBO, 10, at=scripts.after(seconds=5)),
        scripts.schedule(0, FIBO, 10, at=scripts.after(seconds=5)),
        scripts.schedule(0, FIBO, 11),
        scripts.schedule(0, TRAP),
        scripts.new_id(),
        scripts.schedule(5, "testing:fibo/fibo.missing"),
        scripts.schedule(5, FIBO, "ten"),
        scripts.schedule(5, FIBO, 10, at=scripts.at(1)),
    ),
    # stubs
    "stub": typed("stub_workflow", "submit-stub-await", "a", about="a stub gets its result by its type"),
    "stub-twice": typed(
        "stub_workflow", "stub-twice", "a", about="a stub gets the same result twice, and another is a conflict"
    ),
    "stub-not-found": typed("stub_workflow", "stub-not-found", about="a stub that there is not"),
    "stub-from-outside": typed(
        "stub_workflow", "submit-await", "a", about="a stub gets its result from outside", happens=stubbed
    ),
    "stub-json": script(
        "results by text: fitting, again, another, of a wrong type, of what there is not, of what is no stub",
        scripts.create(),
        scripts.submit(0, FOO, "a"),
        scripts.stub(1, {"ok": 1}),
        scripts.stub(1, {"ok": "b"}),
        scripts.stub(1, {"ok": "b"}),
        scripts.stub(1, {"ok": "c"}),
        scripts.next_(0),
        scripts.text(NOBODY),
        scripts.stub(7, {"ok": "b"}),
        scripts.submit(0, FIBO, 10),
        scripts.next_(0),
        scripts.stub(9, {"ok": 1}),
        scripts.submit(0, NORET),
        scripts.stub(12, {"err": None}),
        scripts.next_(0),
    ),
    # closing
    "close": typed("stub_workflow", "close-order", about="stubs and a delay are cancelled, the newest first"),
    "close-cancellable-child": script(
        "a child workflow that can be cancelled is, with what it has open",
        scripts.create(),
        scripts.submit(0, RUN_CANCELLABLE, [scripts.create(), scripts.delay(0, HOUR), scripts.next_(0)]),
        scripts.sleep(seconds=1),
        scripts.close(0),
        scripts.text("closed"),
    ),
    "cancelled-by-parent": script(
        "what a child workflow leaves that is cancelled by a close",
        scripts.create(),
        scripts.submit(0, RUN_CANCELLABLE, [scripts.create(), scripts.delay(0, HOUR), scripts.next_(0)]),
        scripts.sleep(seconds=1),
        scripts.close(0),
        of=".g:1_1",
    ),
    "close-awaits-child": script(
        "a child workflow that cannot be cancelled is awaited",
        scripts.create(),
        scripts.submit(0, RUN, CHILD_SCRIPT),
        scripts.delay(0, HOUR),
        scripts.close(0),
        scripts.text("closed"),
    ),
    "close-some": script(
        "what was taken and what has come is not cancelled any more",
        scripts.create(),
        scripts.submit(0, FIBO, 10),
        scripts.delay(0, scripts.now()),
        scripts.submit(0, FOO, "a"),
        scripts.next_(0),
        scripts.sleep(seconds=1),
        scripts.close(0),
    ),
    "drop": script(
        "a join set that is dropped is closed before the next call",
        scripts.create(),
        scripts.delay(0, HOUR),
        scripts.drop(0),
        scripts.random(0, 100),
    ),
    "end-with-open-join-sets": script(
        "join sets that are open at the end are closed in reverse order",
        scripts.create(),
        scripts.delay(0, HOUR),
        scripts.create_named("second"),
        scripts.submit(1, FOO, "a"),
        scripts.submit(1, FOO, "b"),
        scripts.submit(0, FOO, "c"),
        scripts.create(),
    ),
    "trap-with-open-join-sets": script(
        "a workflow that traps closes what it has open",
        scripts.create(),
        scripts.delay(0, HOUR),
        scripts.create(),
        scripts.submit(1, FOO, "a"),
        scripts.trap(),
    ),
    # failures
    "fail": script(
        "a workflow that returns an err closes what it has open",
        scripts.create(),
        scripts.submit(0, FOO, "a"),
        scripts.fail("enough"),
    ),
    "child-failure-as-error": typed(
        "serde_workflow", "expect-trap", about="a child's failure is an error where the type has a case for it"
    ),
    "child-failure-as-trap": typed(
        "serde_workflow", "call-trap-u64", about="a child's failure traps its caller where the type has no place for it"
    ),
    "child-failure-as-kind": typed(
        "serde_workflow", "await-trap-u64", about="a child's failure is its kind where it is awaited"
    ),
    "child-error": typed("serde_workflow", "await-code-err", about="a child's own error is handed on"),
    # the life of an execution
    "cancelled": Recipe(
        "a workflow is cancelled with all that it has open",
        SCRIPTED,
        RUN_CANCELLABLE,
        (
            [
                scripts.create(),
                scripts.submit(0, FOO, "a"),
                scripts.create_named("waits"),
                scripts.delay(1, HOUR),
                scripts.next_(1),
            ],
        ),
        cancelled,
    ),
    "paused": script("a workflow is paused while it sleeps", *CHILD_SCRIPT, happens=paused),
    "waiting": script(
        "a workflow that still waits",
        scripts.create(),
        scripts.submit(0, FOO, "a"),
        scripts.random(0, 100),
        scripts.next_(0),
        happens=as_far_as_it_goes,
    ),
    "interrupted": script(
        "a workflow that left memory at each wait",
        scripts.sleep(seconds=1),
        by_text(FIBO, 10),
        scripts.sleep(seconds=1),
        settings='blocking_strategy = "interrupt"',
    ),
    "log-lines": script(
        "lines that are logged leave no event",
        scripts.log("before"),
        by_text(FIBO, 10),
        scripts.log("between"),
        scripts.sleep(seconds=1),
        scripts.log("after"),
    ),
    # executions that are no workflows
    "activity": Recipe("an activity that returns what it takes", SERDE_ACTIVITY, "testing:serde/serde.rec", (RECORD,)),
    "activity-err": Recipe(
        "an activity whose err is retried", SERDE_ACTIVITY, "testing:serde/serde.err-string", ("wrong",)
    ),
    "activity-trap": Recipe("an activity whose trap is retried", SERDE_ACTIVITY, "testing:serde/serde.trap", ()),
}
