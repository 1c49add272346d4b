"""``delete`` against a real server, and lists of executions that go while they are read."""

from __future__ import annotations

from typing import Any

import pytest

from obelisk.cli import pages
from obelisk.ids import ExecutionId, new_execution_id
from obelisk.interfaces.storage import ExecutionQuery, Held
from tests.api.calls import ID
from tests.api.fakes import created
from tests.api.served import Served
from tests.cli.commands import lines


def start(server: Served, execution_id: ExecutionId = ID) -> None:
    server.run(server.engine.append(execution_id, created([10, 5])))


def finish(server: Served, execution_id: ExecutionId = ID) -> None:
    start(server, execution_id)
    server.run(server.engine.finish(execution_id))


def test_an_execution_that_has_finished_is_deleted(run: Any, server: Served) -> None:
    finish(server)
    result = run("delete", ID)
    assert (result.exit_code, result.stdout) == (0, "Deleted with 2 below it\n")
    assert server.engine.states == {}


def test_a_deletion_is_told_to_scripts(run: Any, server: Served) -> None:
    finish(server)
    assert lines(run("delete", ID, "--json")) == [{"execution_id": ID, "outcome": "deleted", "executions": 3}]


def test_what_has_not_finished_is_rejected_with_the_reason(run: Any, server: Served) -> None:
    start(server)
    result = run("delete", ID)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"error: `{ID}` has not finished\n")


@pytest.mark.parametrize("wrong", [ID, "E_1", "Delay_1"])
def test_what_is_not_there_is_rejected(run: Any, wrong: str) -> None:
    result = run("delete", wrong)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"`{wrong}`" in result.stderr


@pytest.mark.parametrize("deleted", [1, 2, 3])
def test_a_list_goes_on_when_the_end_of_its_page_was_deleted(
    run: Any, server: Served, monkeypatch: pytest.MonkeyPatch, deleted: int
) -> None:
    ids = [new_execution_id(1_795_000_000_000 + number, bytes(10)) for number in range(6)]
    for each in ids:
        start(server, each)
    monkeypatch.setattr(pages, "PAGE", 3)
    whole = server.engine.list

    async def listing(query: ExecutionQuery) -> list[Held]:
        """Page as a storage does, by ids, and delete the end of the first page once it was read."""
        below = ids if query.cursor_id is None else ids[: ids.index(query.cursor_id)]
        below = ids[:3] if query.cursor_created_at is not None and query.cursor_id is None else below
        page = [held for held in await whole(ExecutionQuery(query.now, 100)) if held.execution_id in below][
            : query.limit
        ]
        if query.cursor_id is None and query.cursor_created_at is None:
            for held in page[-deleted:]:
                del server.engine.states[held.execution_id]
        return page

    monkeypatch.setattr(server.engine, "list", listing)
    shown = [line["execution_id"] for line in lines(run("list", "--json"))]
    assert shown == ids[::-1]
