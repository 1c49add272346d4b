"""How ``execution replay`` works."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from msgspec import UNSET, Struct, UnsetType

from obelisk.api.convert.basics import unknown
from obelisk.api.convert.captures import captured_events_of
from obelisk.api.convert.results import result_of
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.cli.connection import connected
from obelisk.cli.execution_view import Result, result_text, shown_result
from obelisk.cli.log_view import EventLine, event_line, event_text
from obelisk.cli.output import FAILED, OK, print_json_line, print_line
from obelisk.core.events import ExecutionResult
from obelisk.ids import parse_execution_id


class ReplayOutcome(Enum):
    """How far a replay came."""

    ADVANCEABLE = "advanceable"
    FINISHED = "finished"
    BLOCKED = "blocked"
    FAILED = "failed"


class Report(Struct, frozen=True):
    """What a replay found; ``events`` would be written beyond the log."""

    outcome: ReplayOutcome
    result: ExecutionResult | None = None
    error: str | None = None
    events: tuple[EventLine, ...] = ()


class ReplayLine(Struct, frozen=True, omit_defaults=True):
    """The line of ``replay --json``."""

    execution_id: str
    outcome: ReplayOutcome
    events: tuple[EventLine, ...]
    result: Result | UnsetType = UNSET
    error: str | UnsetType = UNSET


def replay(execution_id: str, *, as_json: bool) -> int:
    """Replay an execution against the server's components and print what was found; return the exit code."""
    parse_execution_id(execution_id)
    with connected() as connection:
        report = _report(connection.replay(execution_id))
    if as_json:
        print_json_line(_line(execution_id, report))
    else:
        for line in _text(report):
            print_line(line)
    return FAILED if report.outcome is ReplayOutcome.FAILED else OK


def _report(response: pb.ReplayExecutionResponse) -> Report:
    match response.WhichOneof("outcome"):
        case "advanceable":
            return Report(ReplayOutcome.ADVANCEABLE, events=_events(response.advanceable.captured_writes))
        case "finished":
            return Report(ReplayOutcome.FINISHED, result=result_of(response.finished.result))
        case "blocked":
            return Report(ReplayOutcome.BLOCKED)
        case "replay_failed":
            failed = response.replay_failed
            return Report(ReplayOutcome.FAILED, error=failed.error, events=_events(failed.captured_writes))
        case _:
            raise unknown("the outcome of a replay")


def _events(writes: Iterable[pb.CapturedWrite]) -> tuple[EventLine, ...]:
    events = (event for write in writes for event in captured_events_of(write))
    return tuple(event_line(event.version, event.created_at, event=event.event) for event in events)


def _line(execution_id: str, report: Report) -> ReplayLine:
    return ReplayLine(
        execution_id,
        report.outcome,
        report.events,
        result=UNSET if report.result is None else shown_result(report.result),
        error=UNSET if report.error is None else report.error,
    )


def _text(report: Report) -> list[str]:
    events = [event_text(event) for event in report.events]
    match report.outcome:
        case ReplayOutcome.ADVANCEABLE:
            return [f"Advanceable: {_reached(report)}; next would be written:", *events]
        case ReplayOutcome.FINISHED:
            assert report.result is not None
            return ["Finished: it ended as its log says", result_text(report.result)]
        case ReplayOutcome.BLOCKED:
            return ["Blocked: it waits as its log says, and nothing would be written"]
        case ReplayOutcome.FAILED:
            written = ["Before it failed this would have been written:", *events] if events else []
            return [f"Failed: {report.error}", *written]


def _reached(report: Report) -> str:
    return f"it did as its log says up to version {report.events[0].version - 1}" if report.events else "it goes on"
