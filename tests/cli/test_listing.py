"""Which executions wait for somebody (``list --stubs``), and why others cannot run (``list`` and ``get``)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from obelisk.core.events import (
    CancellationRequested,
    ComponentId,
    ComponentRole,
    ComponentUpgradeFinished,
    Created,
    Event,
    JoinSetCreate,
    Paused,
    Unlocked,
    Unpaused,
    UpgradeOutcome,
)
from obelisk.ids import ExecutionId, JoinSetId, new_execution_id
from tests.api.calls import ID, OTHER_ID
from tests.api.fakes import (
    DEPLOYMENT,
    DIGEST,
    FIBOA,
    NOW,
    OLD_COMPONENT,
    OLD_DIGEST,
    STUB,
    STUB_COMPONENT,
    created,
)
from tests.api.served import Served
from tests.cli.commands import lines

OTHER_STUB = ComponentId(ComponentRole.ACTIVITY_STUB, "other", "sha256:" + "58" * 32)
NOT_EXPORTED = f"no component exports {STUB}"
INCOMPATIBLE = f"incompatible with the current component {DIGEST}"
REFUSED = UpgradeOutcome(failed={"reason": "nondeterminism"})
DONE = UpgradeOutcome(success={"reason": "auto"})


def upgrade(outcome: UpgradeOutcome, digest: str = DIGEST) -> ComponentUpgradeFinished:
    """Return the event of an upgrade that was tried."""
    return ComponentUpgradeFinished(digest, DEPLOYMENT, outcome)


def start(server: Served, *later: Event, execution_id: ExecutionId = ID, first: Created | None = None) -> None:
    """Create an execution, one of the old component unless told, and append events."""
    for event in (first or created([10, 5], component=OLD_COMPONENT), *later):
        server.run(server.engine.append(execution_id, event))


def reasons(result: Any) -> list[str | None]:
    """Return the reasons in the lines of a command."""
    assert result.exit_code == 0
    return [line.get("reason") for line in lines(result)]


# --- reasons ----------------------------------------------------------------------------------------------------------


def test_an_execution_whose_function_is_exported_has_no_reason(run: Any, server: Served) -> None:
    start(server, first=created([10, 5]))
    start(server, execution_id=OTHER_ID)
    assert reasons(run("list", "--json")) == [None, None]
    assert run("list").stdout.splitlines()[0].split() == ["EXECUTION", "STATUS", "CREATED", "FUNCTION"]


def test_a_function_that_no_component_exports_is_a_reason(run: Any, server: Served) -> None:
    start(server, first=created(["x"], ffqn=STUB, component=OLD_COMPONENT))
    assert reasons(run("list", "--json")) == [NOT_EXPORTED]
    assert reasons(run("get", ID, "--json")) == [NOT_EXPORTED]


@pytest.mark.parametrize(
    ("later", "reason"),
    [
        ((upgrade(REFUSED),), INCOMPATIBLE),
        ((upgrade(REFUSED), Paused(), Unpaused()), INCOMPATIBLE),
        ((upgrade(DONE, OLD_DIGEST), upgrade(REFUSED)), INCOMPATIBLE),
        ((upgrade(REFUSED, OTHER_STUB.component_digest), upgrade(REFUSED)), INCOMPATIBLE),
        ((upgrade(REFUSED, OTHER_STUB.component_digest),), None),
        ((upgrade(REFUSED), upgrade(DONE, OLD_DIGEST)), None),
        ((upgrade(REFUSED), upgrade(DONE)), None),
        ((upgrade(REFUSED), Paused()), None),
        ((), None),
    ],
)
def test_a_component_that_was_refused_is_a_reason(
    run: Any, server: Served, later: tuple[Event, ...], reason: str | None
) -> None:
    start(server, *later)
    assert reasons(run("list", "--json")) == [reason]
    assert reasons(run("get", ID, "--json")) == [reason]


def test_a_refusal_is_found_some_pages_before_the_end_of_a_log(run: Any, server: Served) -> None:
    joins = (JoinSetCreate(JoinSetId(f"g:{index}")) for index in range(450))
    start(server, upgrade(REFUSED), *joins)
    assert reasons(run("list", "--json")) == [INCOMPATIBLE]


@pytest.mark.parametrize("event", [Paused(), Unlocked(NOW + timedelta(hours=1), "later")])
def test_what_is_paused_or_scheduled_has_a_reason_when_nothing_exports_it(
    run: Any, server: Served, event: Event
) -> None:
    first = created(["x"], ffqn=STUB, component=OLD_COMPONENT, scheduled_at=NOW + timedelta(hours=2))
    start(server, event, first=first)
    assert reasons(run("list", "--json")) == [NOT_EXPORTED]
    assert reasons(run("get", ID, "--json")) == [NOT_EXPORTED]


def test_what_is_being_cancelled_need_not_run(run: Any, server: Served) -> None:
    start(server, CancellationRequested(), first=created(["x"], ffqn=STUB, component=OLD_COMPONENT))
    assert reasons(run("list", "--json")) == [None]
    assert reasons(run("get", ID, "--json")) == [None]


def test_people_see_reasons_in_the_last_column(run: Any, server: Served) -> None:
    start(server, upgrade(REFUSED))
    start(server, execution_id=OTHER_ID, first=created([10, 5]))
    header, newer, older = run("list").stdout.splitlines()
    assert header.split() == ["EXECUTION", "STATUS", "CREATED", "FUNCTION", "REASON"]
    assert newer.endswith(f"  {FIBOA}")
    assert older.endswith(f"  {FIBOA}  {INCOMPATIBLE}")


def test_people_see_the_reason_below_the_status(run: Any, server: Served) -> None:
    start(server, upgrade(REFUSED))
    result = run("get", ID)
    assert (result.exit_code, result.stdout) == (0, f"Function: {FIBOA}\npending\nCannot run: {INCOMPATIBLE}\n")


# --- stubs ------------------------------------------------------------------------------------------------------------


def test_only_stubs_that_wait_are_listed(run: Any, server: Served) -> None:
    server.components.add_stub()
    waiting, finished = ExecutionId(f"{ID}.g:1_1"), ExecutionId(f"{ID}.g:1_2")
    start(server, first=created([10, 5]))
    start(server, execution_id=waiting, first=created(["x"], ffqn=STUB, component=STUB_COMPONENT))
    start(server, execution_id=finished, first=created(["x"], ffqn=STUB, component=STUB_COMPONENT))
    server.run(server.engine.finish(finished))
    found = lines(run("list", "--stubs", "--json"))
    assert [(line["execution_id"], line["ffqn"], line["status"]) for line in found] == [(waiting, STUB, "pending")]


def test_stubs_of_several_components_are_listed_newest_first(run: Any, server: Served) -> None:
    server.components.add_stub()
    server.components.add_stub(OTHER_STUB)
    ids = [new_execution_id(1_795_000_000_000 + second, bytes(10)) for second in range(5)]
    for second, execution_id in enumerate(ids):
        component = STUB_COMPONENT if second % 2 else OTHER_STUB
        first = created(["x"], ffqn=STUB, component=component)
        server.run(server.engine.append(execution_id, first, after=timedelta(seconds=second)))
    found = lines(run("list", "--stubs", "--json", "--limit", "3"))
    assert [line["execution_id"] for line in found] == ids[:1:-1]


def test_the_other_filters_hold_for_stubs_too(run: Any, server: Served) -> None:
    server.components.add_stub()
    run("list", "--stubs", "--ffqn", "testing:", "--execution-id", "E_0", "--limit", "7")
    (query,) = server.engine.queries
    assert (query.component_digest, query.hide_finished, query.top_level_only) == (
        STUB_COMPONENT.component_digest,
        True,
        False,
    )
    assert (query.ffqn_prefix, query.execution_id_prefix, query.limit) == ("testing:", "E_0", 7)


def test_a_server_without_stub_components_has_no_stubs(run: Any, server: Served) -> None:
    start(server, first=created(["x"], ffqn=STUB, component=STUB_COMPONENT))
    result = run("list", "--stubs", "--json")
    assert (result.exit_code, result.stdout, server.engine.queries) == (0, "", [])
