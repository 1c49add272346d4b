"""The call that reads what components logged, over a real connection."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import grpc
import pytest

from obelisk.api.convert.lines import line_message, line_of
from obelisk.api.page_token import Place, place_of, token_of
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.api.pb.obelisk_pb2_grpc import ExecutionRepositoryStub
from obelisk.errors import InputError
from obelisk.ids import ExecutionId, RunId
from obelisk.interfaces.components import LogLevel, LogLine, StreamLine, StreamType
from obelisk.interfaces.storage import Order, StoredLine
from tests.api.calls import ID, OTHER_ID, id_message, refused
from tests.api.fakes import NOW, FakeExecutions, created

CHILD = ExecutionId(f"{ID}.g:1_1")
RUN = RunId("Run_1")
SECOND = timedelta(seconds=1)
Repository = ExecutionRepositoryStub


def logged(
    text: str, *, of: ExecutionId = ID, level: LogLevel = LogLevel.INFO, after: timedelta = SECOND
) -> StoredLine:
    return StoredLine(of, RUN, NOW + after, LogLine(level, text))


def printed(payload: bytes, stream: StreamType = StreamType.STDOUT) -> StoredLine:
    return StoredLine(ID, RUN, NOW, StreamLine(stream, payload))


@pytest.fixture(autouse=True)
async def an_execution(engine: FakeExecutions) -> None:
    await engine.append(ID, created([]))


async def listed(executions: Repository, **fields: Any) -> pb.ListLogsResponse:
    request = pb.ListLogsRequest(
        **{"execution_id": id_message(), "show_logs": True, "show_streams": True, **fields}  # type: ignore[arg-type]
    )
    return await executions.ListLogs(request)


def texts(entries: Iterable[pb.ListLogsResponse.LogEntry]) -> list[str]:
    return [entry.log.message or entry.stream.payload.decode() for entry in entries]


async def test_a_line_comes_with_all_that_is_known_of_it(executions: Repository, engine: FakeExecutions) -> None:
    engine.log(logged("careful", level=LogLevel.WARN), printed(b"\xff", StreamType.STDERR))
    log, stream = (await listed(executions)).logs
    assert (log.log.level, log.log.message) == (pb.LOG_LEVEL_WARN, "careful")
    assert (log.run_id.id, log.execution_id.id) == (RUN, ID)
    assert log.created_at.ToDatetime() == (NOW + SECOND).replace(tzinfo=None)
    assert (stream.stream.stream_type, stream.stream.payload) == (pb.LOG_STREAM_TYPE_STDERR, b"\xff")


@pytest.mark.parametrize(
    "line",
    [*[logged("x", level=level) for level in LogLevel], *[printed(b"\x00\xff", stream) for stream in StreamType]],
)
def test_a_line_comes_back_from_its_message(line: StoredLine) -> None:
    assert line_of(line_message(line)) == line


async def test_an_execution_without_lines_has_a_page(executions: Repository) -> None:
    response = await listed(executions)
    assert (list(response.logs), bool(response.next_page_token)) == ([], True)
    assert not response.HasField("prev_page_token")


async def test_pages_lead_to_the_end_and_back(executions: Repository, engine: FakeExecutions) -> None:
    engine.log(*[logged(str(number)) for number in range(5)])
    first = await listed(executions, page_size=2)
    second = await listed(executions, page_size=2, page_token=first.next_page_token)
    third = await listed(executions, page_size=2, page_token=second.next_page_token)
    assert [texts(page.logs) for page in (first, second, third)] == [["0", "1"], ["2", "3"], ["4"]]
    assert not first.HasField("prev_page_token")
    back = await listed(executions, page_size=2, page_token=third.prev_page_token)
    front = await listed(executions, page_size=3, page_token=back.prev_page_token)
    assert (texts(back.logs), texts(front.logs)) == (["2", "3"], ["0", "1"])
    assert not front.HasField("prev_page_token")
    assert texts((await listed(executions, page_size=2, page_token=front.next_page_token)).logs) == ["2", "3"]


async def test_the_token_of_an_empty_page_finds_what_comes_later(
    executions: Repository, engine: FakeExecutions
) -> None:
    before = await listed(executions)
    engine.log(logged("1"))
    first = await listed(executions, page_token=before.next_page_token)
    none = await listed(executions, page_token=first.next_page_token)
    engine.log(logged("2"))
    second = await listed(executions, page_token=none.next_page_token)
    assert [texts(page.logs) for page in (first, none, second)] == [["1"], [], ["2"]]
    assert texts((await listed(executions, page_token=none.prev_page_token)).logs) == ["1"]


async def test_a_page_before_the_first_line_leads_to_it(executions: Repository, engine: FakeExecutions) -> None:
    engine.log(logged("other", of=OTHER_ID), logged("1"))
    token = token_of(Place(Order.OLDER, 2))
    empty = await listed(executions, page_token=token)
    assert (list(empty.logs), empty.HasField("prev_page_token")) == ([], False)
    assert texts((await listed(executions, page_token=empty.next_page_token)).logs) == ["1"]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, ["debug", "warn", "out", "err"]),
        ({"show_streams": False}, ["debug", "warn"]),
        ({"show_logs": False}, ["out", "err"]),
        ({"show_logs": False, "show_streams": False}, []),
        ({"levels": [pb.LOG_LEVEL_WARN, pb.LOG_LEVEL_ERROR]}, ["warn", "out", "err"]),
        ({"stream_types": [pb.LOG_STREAM_TYPE_STDERR]}, ["debug", "warn", "err"]),
        ({"show_logs": False, "levels": [pb.LOG_LEVEL_WARN]}, ["out", "err"]),
    ],
)
async def test_lines_are_chosen_by_level_and_stream(
    executions: Repository, engine: FakeExecutions, fields: dict[str, Any], found: list[str]
) -> None:
    engine.log(logged("debug", level=LogLevel.DEBUG), logged("warn", level=LogLevel.WARN))
    engine.log(printed(b"out"), printed(b"err", StreamType.STDERR))
    assert texts((await listed(executions, **fields)).logs) == found


async def test_lines_of_children_are_shown_when_that_is_asked(executions: Repository, engine: FakeExecutions) -> None:
    engine.log(logged("1"), logged("2", of=CHILD), logged("3", of=OTHER_ID))
    assert texts((await listed(executions)).logs) == ["1"]
    both = (await listed(executions, show_derived=True)).logs
    assert [entry.execution_id.id for entry in both] == [ID, CHILD]


async def test_a_page_may_begin_at_a_time_and_so_do_those_after_it(
    executions: Repository, engine: FakeExecutions
) -> None:
    engine.log(*[logged(str(number), after=number * SECOND) for number in (1, 2, 3, 1, 4)])
    token = (NOW + SECOND).isoformat()
    first = await listed(executions, page_size=2, page_token=token)
    second = await listed(executions, page_size=2, page_token=first.next_page_token)
    assert (texts(first.logs), texts(second.logs)) == (["2", "3"], ["4"])


async def test_twenty_lines_are_a_page_and_a_thousand_the_largest(
    executions: Repository, engine: FakeExecutions
) -> None:
    engine.log(*[logged("x")] * 1500)
    assert len((await listed(executions)).logs) == 20
    assert len((await listed(executions, page_size=5000)).logs) == 1000


async def test_a_page_of_long_lines_fits_a_client_with_default_limits(
    executions: Repository, engine: FakeExecutions
) -> None:
    engine.log(*[logged(f"{number:02}" + "x" * 65_536) for number in range(60)])
    seen, token = [], ""
    while page := await listed(executions, page_size=1000, page_token=token):
        if not page.logs:
            break
        seen += [entry.log.message[:2] for entry in page.logs]
        token = page.next_page_token
    assert seen == [f"{number:02}" for number in range(60)]
    last = await listed(executions, page_size=1000, page_token=page.prev_page_token)
    assert last.logs[-1].log.message.startswith("59")
    assert last.HasField("prev_page_token")


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"page_size": -1}, "page_size"),
        ({"levels": [0]}, "levels"),
        ({"levels": [pb.LOG_LEVEL_INFO, 17]}, "levels"),
        ({"stream_types": [0]}, "stream_types"),
        ({"stream_types": [3]}, "stream_types"),
        ({"execution_id": pb.ExecutionId(id="x")}, "`x`"),
        ({"execution_id": None}, "execution_id"),
    ],
)
async def test_what_is_no_request_is_refused(executions: Repository, fields: dict[str, Any], word: str) -> None:
    code, details = await refused(listed(executions, **fields))
    assert (code, word in details) == (grpc.StatusCode.INVALID_ARGUMENT, True)


@pytest.mark.parametrize(
    "token", ["garbage", "🙂", "bjE=", "eDE", "bi01", "AAAA", "2026-01-31T12:00:00", "x" * 100_000]
)
async def test_a_token_that_is_none_is_refused(executions: Repository, token: str) -> None:
    code, details = await refused(listed(executions, page_token=token))
    assert (code, "page_token" in details) == (grpc.StatusCode.INVALID_ARGUMENT, True)


@pytest.mark.parametrize("token", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
async def test_a_time_that_no_clock_shows_is_refused(executions: Repository, token: str) -> None:
    code, details = await refused(listed(executions, page_token=token))
    assert (code, "page_token" in details) == (grpc.StatusCode.INVALID_ARGUMENT, True)


async def test_after_a_time_before_all_lines_the_next_page_can_be_asked_for(executions: Repository) -> None:
    page = await listed(executions, page_token="1500-01-01T00:00:00Z")
    assert (await listed(executions, page_token=page.next_page_token)).next_page_token == page.next_page_token


async def test_an_unknown_execution_is_not_found(executions: Repository) -> None:
    code, details = await refused(listed(executions, execution_id=id_message(OTHER_ID)))
    assert (code, OTHER_ID in details) == (grpc.StatusCode.NOT_FOUND, True)


# --- tokens -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("cursor", [0, 1, 2**62])
@pytest.mark.parametrize("after", [None, NOW])
def test_a_place_comes_back_from_its_token(order: Order, cursor: int, after: Any) -> None:
    place = Place(order, cursor, after)
    assert place_of(token_of(place)) == place


def test_numbers_that_no_storage_can_take_are_no_token() -> None:
    for place in (Place(cursor=2**62 + 1), Place(cursor=10**19)):
        with pytest.raises(InputError):
            place_of(token_of(place))
