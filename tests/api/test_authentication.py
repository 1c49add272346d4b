"""Who may call, over real connections."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from obelisk.api.authentication import OPEN_METHODS, REFUSED
from obelisk.api.health import DESCRIPTOR as HEALTH
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.api.pb.obelisk_admin_pb2 import DESCRIPTOR as ADMIN
from obelisk.api.pb.obelisk_pb2 import DESCRIPTOR
from obelisk.api.pb.obelisk_pb2_grpc import ExecutionRepositoryStub, FunctionRepositoryStub
from obelisk.api.protection import Protection
from obelisk.api.server import ApiServer, serve
from obelisk.api.tokens import Tokens, token_hash
from tests.api.calls import ID, drained, refused, status_request, submit_request
from tests.api.fakes import FakeComponents, FakeExecutions, FixedClock, created
from tests.api.raw_call import raw_call

TOKEN = "obelisk_first"
OTHER_TOKEN = "obelisk_second"
BEARER = (("authorization", f"Bearer {TOKEN}"),)
DENIED = (grpc.StatusCode.UNAUTHENTICATED, "missing or invalid API token")
NO_MESSAGE = b"\xff\xff\xff"
CHECK = "/grpc.health.v1.Health/Check"
SUBMIT = "/obelisk.ExecutionRepository/Submit"

SERVED = [*DESCRIPTOR.services_by_name.values(), *ADMIN.services_by_name.values(), HEALTH]
METHODS = [f"/{service.full_name}/{method.name}" for service in SERVED for method in service.methods]
METHODS += [f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo" for version in ("v1", "v1alpha")]
GUARDED = sorted({*METHODS} - {CHECK})


@pytest.fixture
async def api(engine: FakeExecutions) -> AsyncIterator[ApiServer]:
    tokens = Tokens([token_hash(OTHER_TOKEN), token_hash(TOKEN)])
    async with serve(
        engine, FakeComponents(), address="127.0.0.1:0", clock=FixedClock(), grace=1.0,
        protection=Protection(tokens=tokens),
    ) as server:  # fmt: skip
        yield server


async def call(channel: grpc.aio.Channel, method: str, message: bytes, metadata: Any = ()) -> tuple[Any, ...]:
    """Make a call as if it had one answer; return its status."""
    made = channel.unary_unary(method)(message, metadata=metadata)
    try:
        await made
    except grpc.aio.AioRpcError as error:
        return error.code(), error.details()
    return await made.code(), await made.details()


@pytest.mark.parametrize("method", GUARDED)
async def test_no_method_answers_without_a_token(channel: grpc.aio.Channel, method: str) -> None:
    assert await call(channel, method, b"") == DENIED


async def test_each_kind_of_call_is_refused_in_its_own_way(channel: grpc.aio.Channel) -> None:
    kinds = [
        refused(channel.unary_unary("/a/B")(b"")),
        refused(drained(channel.unary_stream("/a/B")(b""))),
        refused(channel.stream_unary("/a/B")(iter([b"", b""]))),
        refused(drained(channel.stream_stream("/a/B")(iter([b"", b""])))),
    ]
    assert [await kind for kind in kinds] == [DENIED] * 4


async def test_a_method_that_does_not_exist_is_refused_like_any_other(channel: grpc.aio.Channel) -> None:
    assert await call(channel, "/obelisk.Nothing/Here", b"") == DENIED


async def test_a_call_is_refused_before_its_request_is_parsed(channel: grpc.aio.Channel) -> None:
    assert await call(channel, SUBMIT, NO_MESSAGE) == DENIED
    assert (await call(channel, SUBMIT, NO_MESSAGE, BEARER))[0] is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_call_is_refused_before_its_request_has_arrived(channel: grpc.aio.Channel) -> None:
    stream = channel.stream_stream(SUBMIT)()
    assert await refused(drained(stream)) == DENIED  # nothing was sent, and nothing said that nothing would be


async def test_nothing_happens_without_a_token(channel: grpc.aio.Channel, engine: FakeExecutions) -> None:
    stub = ExecutionRepositoryStub(channel)
    assert await refused(stub.Submit(submit_request())) == DENIED
    assert engine.logs_of == {}


@pytest.mark.parametrize("token", [TOKEN, OTHER_TOKEN])
async def test_each_listed_token_is_accepted(channel: grpc.aio.Channel, token: str) -> None:
    stub = ExecutionRepositoryStub(channel)
    response = await stub.Submit(submit_request(), metadata=(("authorization", f"Bearer {token}"),))
    assert response.outcome == pb.SubmitResponse.OUTCOME_CREATED


async def test_a_stream_is_served_with_a_token(channel: grpc.aio.Channel, engine: FakeExecutions) -> None:
    await engine.append(ID, created([]))
    messages = await drained(ExecutionRepositoryStub(channel).GetStatus(status_request(), metadata=BEARER))
    assert len(messages) == 1


async def test_a_method_that_does_not_exist_is_unimplemented_with_a_token(channel: grpc.aio.Channel) -> None:
    code, _ = await call(channel, "/obelisk.Nothing/Here", b"", BEARER)
    assert code is grpc.StatusCode.UNIMPLEMENTED


REFUSED_HEADERS = [
    pytest.param([], id="none"),
    pytest.param([b"Bearer nonsense"], id="unknown token"),
    pytest.param([b"Bearer obelisk_firs"], id="the beginning of a token"),
    pytest.param([b"Bearer obelisk_first "], id="a space behind"),
    pytest.param([b"Bearer  obelisk_first"], id="two spaces"),
    pytest.param([b"Bearer obelisk_first\n"], id="a line end behind"),
    pytest.param([b"Bearer OBELISK_FIRST"], id="capital letters"),
    pytest.param([b"Bearer " + token_hash(TOKEN).encode()], id="the hash of a token"),
    pytest.param([b"Bearer obelisk_first", b"Bearer obelisk_first"], id="twice"),
    pytest.param([b"Bearer obelisk_first", b"Basic x"], id="another one too"),
    pytest.param([b"Bearer obelisk_first,Bearer obelisk_first"], id="joined"),
    pytest.param([b"obelisk_first"], id="no scheme"),
    pytest.param([b"Basic obelisk_first"], id="another scheme"),
    pytest.param([b"Bearer"], id="scheme alone"),
    pytest.param([b"Bearer "], id="empty token"),
    pytest.param([b""], id="empty header"),
    pytest.param(["Bearer obelisk_fïrst".encode()], id="not ASCII"),
    pytest.param([b"Bearer \xff\xfe"], id="not UTF-8"),
    pytest.param([b"Bearer \0"], id="a zero"),
]


@pytest.mark.parametrize("values", REFUSED_HEADERS)
async def test_a_header_that_holds_no_listed_token_is_refused_and_not_logged(
    api: ApiServer, values: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    answer = await raw_call(api.address, SUBMIT, [(b"authorization", value) for value in values])
    assert b"grpc-status\x0216" in answer
    assert REFUSED.encode() in answer
    assert caplog.messages == []


@pytest.mark.parametrize("scheme", [b"Bearer", b"bearer", b"BEARER"])
async def test_the_scheme_may_be_written_in_any_case(api: ApiServer, scheme: bytes) -> None:
    answer = await raw_call(api.address, SUBMIT, [(b"authorization", scheme + b" obelisk_first")])
    assert REFUSED.encode() not in answer


TOO_LONG = grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize(
    ("length", "codes"), [(7_000, [DENIED[0]]), (12_000, [DENIED[0], TOO_LONG]), (40_000, [TOO_LONG])]
)
async def test_a_very_long_token_is_refused(channel: grpc.aio.Channel, length: int, codes: list[Any]) -> None:
    code, details = await call(channel, SUBMIT, b"", (("authorization", f"Bearer {'x' * length}"),))
    assert code in codes
    assert "xxx" not in details


async def test_a_header_that_is_no_text_is_not_logged_where_no_token_is_needed(
    engine: FakeExecutions, caplog: pytest.LogCaptureFixture
) -> None:
    async with serve(engine, FakeComponents(), address="127.0.0.1:0", clock=FixedClock(), grace=0.0) as server:
        await raw_call(server.address, SUBMIT, [(b"authorization", b"Bearer \xff\xfe")])
    assert caplog.messages == []


async def test_the_health_can_be_checked_without_a_token(channel: grpc.aio.Channel) -> None:
    assert frozenset((CHECK,)) == OPEN_METHODS
    response = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
    assert response.status == health_pb2.HealthCheckResponse.SERVING


async def test_the_health_is_watched_with_a_token(api: ApiServer, channel: grpc.aio.Channel) -> None:
    stream = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), metadata=BEARER)
    assert (await anext(aiter(stream))).status == health_pb2.HealthCheckResponse.SERVING
    stream.cancel()


async def test_functions_are_listed_with_a_token(channel: grpc.aio.Channel) -> None:
    stub = FunctionRepositoryStub(channel)
    assert (await stub.ListComponents(pb.ListComponentsRequest(), metadata=BEARER)).components


async def test_a_request_above_the_limit_that_was_set_is_refused(engine: FakeExecutions) -> None:
    async with serve(
        engine, FakeComponents(), address="127.0.0.1:0", clock=FixedClock(), grace=0.0,
        protection=Protection(max_request_size=1000),
    ) as server, grpc.aio.insecure_channel(server.address) as channel:  # fmt: skip
        stub = ExecutionRepositoryStub(channel)
        code, _ = await refused(stub.Submit(submit_request(["x" * 1000, 1])))
        await stub.Submit(submit_request(["x" * 100, 1]))
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_a_small_request_that_grows_when_it_is_unpacked_is_refused(
    api: ApiServer, engine: FakeExecutions
) -> None:
    async with grpc.aio.insecure_channel(api.address, compression=grpc.Compression.Gzip) as channel:
        request = submit_request(["x" * (17 * 1024 * 1024), 1])
        code, _ = await refused(ExecutionRepositoryStub(channel).Submit(request, metadata=BEARER))
    assert (code, engine.logs_of) == (grpc.StatusCode.RESOURCE_EXHAUSTED, {})
