"""How ``execution cancel``, ``pause``, ``unpause`` and ``stub`` work."""

from __future__ import annotations

from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from obelisk.api import pool
from obelisk.api.convert.basics import RESULT_TYPE_URL, member_of
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.cli.connection import Connection, connected
from obelisk.cli.outcome import Outcome, is_delay, print_outcome
from obelisk.cli.reading import read_value
from obelisk.errors import InvalidIdError
from obelisk.ids import DELAY_PREFIX, EXECUTION_PREFIX, parse_delay_id, parse_execution_id


def cancel(target: str, *, as_json: bool) -> None:
    """Cancel an execution or a delay."""
    _check_id(target)
    with connected() as connection:
        outcome = _cancel_delay(connection, target) if is_delay(target) else _cancel_execution(connection, target)
    print_outcome(target, outcome, as_json=as_json)


def pause(target: str, *, as_json: bool) -> None:
    """Pause an execution or a delay."""
    _check_id(target)
    with connected() as connection:
        outcome = _pause_delay(connection, target) if is_delay(target) else _pause_execution(connection, target)
    print_outcome(target, outcome, as_json=as_json)


def unpause(target: str, *, as_json: bool) -> None:
    """Let an execution or a delay go on."""
    _check_id(target)
    with connected() as connection:
        outcome = _unpause_delay(connection, target) if is_delay(target) else _unpause_execution(connection, target)
    print_outcome(target, outcome, as_json=as_json)


def stub(execution_id: str, value: str, *, as_json: bool) -> None:
    """Give a stub execution its result."""
    parse_execution_id(execution_id)
    content = read_value(value)
    with connected() as connection:
        returned = pool.Any(type_url=RESULT_TYPE_URL, value=content)
        connection.stub(pb.StubRequest(execution_id=pb.ExecutionId(id=execution_id), return_value=returned))
    print_outcome(execution_id, Outcome.STUBBED, as_json=as_json)


def _check_id(target: str) -> None:
    if is_delay(target):
        parse_delay_id(target)
    elif target.startswith(EXECUTION_PREFIX):
        parse_execution_id(target)
    else:
        raise InvalidIdError(
            f"wrong prefix in `{target[:80]}`, expected `{EXECUTION_PREFIX}` of an execution or `{DELAY_PREFIX}` of a delay"
        )


def _cancel_execution(connection: Connection, execution_id: str) -> Outcome:
    numbers = pb.CancelExecutionResponse.CancelExecutionOutcome
    return _outcome(numbers, connection.cancel_execution(execution_id), prefix="CANCEL_EXECUTION_OUTCOME_")


def _cancel_delay(connection: Connection, delay_id: str) -> Outcome:
    numbers = pb.CancelDelayResponse.CancelDelayOutcome
    return _outcome(numbers, connection.cancel_delay(delay_id), prefix="CANCEL_DELAY_OUTCOME_")


def _pause_execution(connection: Connection, execution_id: str) -> Outcome:
    connection.pause_execution(execution_id)
    return Outcome.PAUSED


def _pause_delay(connection: Connection, delay_id: str) -> Outcome:
    numbers = pb.PauseDelayResponse.PauseDelayOutcome
    return _outcome(numbers, connection.pause_delay(delay_id), prefix="PAUSE_DELAY_OUTCOME_")


def _unpause_execution(connection: Connection, execution_id: str) -> Outcome:
    connection.unpause_execution(execution_id)
    return Outcome.UNPAUSED


def _unpause_delay(connection: Connection, delay_id: str) -> Outcome:
    numbers = pb.UnpauseDelayResponse.UnpauseDelayOutcome
    return _outcome(numbers, connection.unpause_delay(delay_id), prefix="UNPAUSE_DELAY_OUTCOME_")


def _outcome(numbers: EnumTypeWrapper, number: int, *, prefix: str) -> Outcome:
    return member_of(Outcome, numbers, number, prefix=prefix)
