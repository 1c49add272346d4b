"""What hands a request to a guest that exports ``incoming-handler``, and takes its response.

No component that runs here is handed one yet, so the functions are called as a guest's host calls would call them.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from obelisk.errors import GuestTrapError
from obelisk.ids import ExecutionId
from obelisk.wasm.wasi.functions import wasi_handler
from obelisk.wasm.wasi.http.error_codes import ErrorCase, HttpFailedError
from obelisk.wasm.wasi.http.incoming_content import IncomingContent
from obelisk.wasm.wasi.http.requests import IncomingRequest
from obelisk.wasm.wasi.http.responses import OutgoingResponse, ResponseOutparam
from obelisk.wasm.wasi.io import IoError
from obelisk.wasm.wasi.sandbox import Sandbox
from obelisk.wasm.wasi.setup import frozen_sandbox
from tests.core.replaying import ID

REQUEST = "[method]incoming-request."
RESPONSE = "[method]outgoing-response."


class Handling:
    """A guest's side of one request."""

    def __init__(self) -> None:
        self.sandbox: Sandbox = frozen_sandbox(ExecutionId(ID), datetime(2026, 1, 1, tzinfo=UTC), lambda line: None)
        self.abandoned = 0
        self.answers: list[OutgoingResponse | str] = []
        self.content = IncomingContent(self._abandon)
        request = IncomingRequest(
            "PUT", "/a?b=c", scheme="https", authority="example.com", fields=(("X-One", b"1"),), content=self.content
        )
        self.request = self.sandbox.resources.add(request)
        self.outparam = self.sandbox.resources.add(ResponseOutparam(self.answers.append))

    def call(self, name: str, *arguments: Any) -> Any:
        interface = "wasi:io/streams@0.2.12" if "put-stream." in name else "wasi:http/types@0.2.12"
        handler = wasi_handler(interface, name)
        assert handler is not None, name
        return handler(self.sandbox, *arguments)

    def response(self, *fields: tuple[str, bytes]) -> int:
        made = self.call("[static]fields.from-list", [list(field) for field in fields])["ok"]
        return int(self.call("[constructor]outgoing-response", made))

    def _abandon(self) -> None:
        self.abandoned += 1


@pytest.fixture
def handling() -> Handling:
    return Handling()


def test_a_guest_sees_what_was_asked(handling):
    found = [
        handling.call(REQUEST + name, handling.request) for name in ("method", "path-with-query", "scheme", "authority")
    ]
    assert found == ["put", "/a?b=c", "HTTPS", "example.com"]
    headers = handling.call(REQUEST + "headers", handling.request)
    assert handling.call("[method]fields.entries", headers) == [["X-One", b"1"]]
    assert handling.call("[method]fields.append", headers, "a", b"") == {"err": "immutable"}


def test_a_guest_without_access_is_denied_every_request(handling):
    handle = wasi_handler("wasi:http/outgoing-handler@0.2.0", "handle")
    assert handle is not None
    request = handling.call("[constructor]outgoing-request", handling.call("[constructor]fields"))
    assert handle(handling.sandbox, request, None) == {"err": "HTTP_request_denied"}


async def test_a_guest_reads_the_body_while_it_comes(handling):
    body = handling.call(REQUEST + "consume", handling.request)["ok"]
    stream = handling.call("[method]incoming-body.stream", body)["ok"]
    await handling.content.feed(b"one")
    assert handling.call("[method]input-stream.read", stream, 100) == {"ok": b"one"}
    assert handling.call("[method]input-stream.read", stream, 100) == {"ok": b""}
    handling.content.finish((("x-sum", b"1"),))
    assert handling.call("[method]input-stream.read", stream, 100) == {"err": "closed"}
    handling.sandbox.drop([stream])
    trailers = handling.call("[method]future-trailers.get", handling.call("[static]incoming-body.finish", body))
    assert handling.call("[method]fields.entries", trailers["ok"]["ok"]) == [["x-sum", b"1"]]
    assert handling.abandoned == 0


def test_a_request_whose_body_is_not_consumed_is_abandoned(handling):
    handling.sandbox.drop([handling.request])
    assert handling.abandoned == 1


async def test_a_response_is_answered_once_and_its_body_written_after_that(handling):
    response = handling.response(("a", b"1"))
    assert handling.call(RESPONSE + "status-code", response) == 200
    assert handling.call(RESPONSE + "set-status-code", response, 404) == {"ok": None}
    headers = handling.call(RESPONSE + "headers", response)
    assert handling.call("[method]fields.entries", headers) == [["a", b"1"]]
    body = handling.call(RESPONSE + "body", response)["ok"]
    assert handling.call(RESPONSE + "body", response) == {"err": None}
    handling.call("[static]response-outparam.set", handling.outparam, {"ok": response})
    (answer,) = handling.answers
    assert isinstance(answer, OutgoingResponse)
    assert (answer.status, answer.fields) == (404, (("a", b"1"),))
    stream = handling.call("[method]outgoing-body.write", body)["ok"]
    handling.call("[method]output-stream.write", stream, b"content")
    handling.sandbox.drop([stream])
    assert handling.call("[static]outgoing-body.finish", body, None) == {"ok": None}
    assert answer.content is not None
    answer.content.start()
    assert [await answer.content.take(), await answer.content.take()] == [b"content", b""]


@pytest.mark.parametrize("status", [0, 99, 1000, 65535])
def test_a_status_without_three_digits_is_refused(handling, status):
    response = handling.response()
    assert handling.call(RESPONSE + "set-status-code", response, status) == {"err": None}
    assert handling.call(RESPONSE + "status-code", response) == 200


@pytest.mark.parametrize(
    ("error", "text"),
    [("loop_detected", "loop-detected"), ({"internal_error": "no"}, "internal-error: no"),
     ({"HTTP_request_body_size": None}, "HTTP-request-body-size"),
     ({"DNS_error": {"rcode": "NXDOMAIN", "info_code": 3}}, "DNS-error: NXDOMAIN: 3")],
)  # fmt: skip
def test_a_guest_may_answer_an_error(handling, error, text):
    handling.call("[static]response-outparam.set", handling.outparam, {"err": error})
    assert handling.answers == [text]


def test_an_outparam_is_used_once(handling):
    handling.call("[static]response-outparam.set", handling.outparam, {"err": "loop_detected"})
    with pytest.raises(GuestTrapError):
        handling.call("[static]response-outparam.set", handling.outparam, {"err": "loop_detected"})


def test_informational_responses_are_not_sent(handling):
    send = "[method]response-outparam.send-informational"
    fields = [handling.call("[constructor]fields") for _ in range(2)]
    assert handling.call(send, handling.outparam, 200, fields[0]) == {"err": "HTTP_protocol_error"}
    assert handling.call(send, handling.outparam, 103, fields[1]) == {
        "err": {"internal_error": "informational responses are not supported"}
    }


async def test_a_body_that_a_guest_drops_is_not_taken_as_whole(handling):
    response = handling.response()
    body = handling.call(RESPONSE + "body", response)["ok"]
    handling.call("[static]response-outparam.set", handling.outparam, {"ok": response})
    handling.sandbox.drop([body])
    (answer,) = handling.answers
    assert isinstance(answer, OutgoingResponse)
    assert answer.content is not None
    with pytest.raises(HttpFailedError, match="dropped the body"):
        await answer.content.take()


async def test_a_peer_that_goes_away_closes_the_stream_and_lets_the_guest_finish(handling):
    response = handling.response()
    body = handling.call(RESPONSE + "body", response)["ok"]
    stream = handling.call("[method]outgoing-body.write", body)["ok"]
    handling.call("[static]response-outparam.set", handling.outparam, {"ok": response})
    (answer,) = handling.answers
    assert isinstance(answer, OutgoingResponse)
    assert answer.content is not None
    answer.content.fail(HttpFailedError("gone", ErrorCase.CONNECTION_TERMINATED))
    error = handling.call("[method]output-stream.check-write", stream)["err"]["last_operation_failed"]
    assert handling.call("http-error-code", error) == "connection_terminated"
    assert handling.call("[method]output-stream.check-write", stream) == {"err": "closed"}
    handling.sandbox.drop([stream])
    assert handling.call("[static]outgoing-body.finish", body, None) == {"ok": None}


def test_trailers_beside_a_length_are_refused_even_when_the_peer_wants_no_more(handling):
    response = handling.response(("content-length", b"5"))
    body = handling.call(RESPONSE + "body", response)["ok"]
    handling.sandbox.drop([response])
    trailers = handling.call("[static]fields.from-list", [["a", b"1"]])["ok"]
    assert handling.call("[static]outgoing-body.finish", body, trailers) == {"err": "HTTP_protocol_error"}


def test_a_body_that_the_peer_stopped_may_be_short(handling):
    response = handling.response(("content-length", b"5"))
    body = handling.call(RESPONSE + "body", response)["ok"]
    handling.sandbox.drop([response])
    assert handling.call("[static]outgoing-body.finish", body, None) == {"ok": None}


def test_an_error_of_another_package_has_no_code(handling):
    error = handling.sandbox.resources.add(IoError("no such file", "no_entry"))
    assert handling.call("http-error-code", error) is None


async def test_what_is_written_waits_for_the_sender(handling):
    response = handling.response()
    handling.call(RESPONSE + "body", response)
    content = handling.sandbox.resources.get(response, OutgoingResponse).content
    assert content is not None
    content.start()
    content.write(bytes(100_000))
    content.flush()
    assert (content.permit(), content.is_ready()) == (0, False)
    assert len(await content.take()) == 100_000
    assert content.permit() == 0
    again = asyncio.create_task(content.take())
    await asyncio.sleep(0)
    assert content.permit() > 0
    again.cancel()


async def test_what_comes_waits_for_the_guest():
    content = IncomingContent(lambda: None)
    feeding = asyncio.create_task(content.feed(bytes(1_000_000)))
    await asyncio.sleep(0)
    assert not feeding.done()
    while not feeding.done():
        assert content.read(65536)
        await asyncio.sleep(0)
    assert content.is_ready()
