"""How ``execution delete`` works."""

from __future__ import annotations

from msgspec import Struct

from obelisk.cli.connection import connected
from obelisk.cli.outcome import Outcome
from obelisk.cli.output import print_json_line, print_line
from obelisk.ids import parse_execution_id


class DeletionLine(Struct, frozen=True):
    """The line of ``--json``; ``executions`` counts those below it too."""

    execution_id: str
    outcome: Outcome
    executions: int


def delete(execution_id: str, *, as_json: bool) -> None:
    """Delete an execution that has finished, and everything below it."""
    parse_execution_id(execution_id)
    with connected() as connection:
        count = connection.delete(execution_id)
    if as_json:
        print_json_line(DeletionLine(execution_id, Outcome.DELETED, count))
    else:
        print_line(Outcome.DELETED.text + (f" with {count - 1} below it" if count > 1 else ""))
