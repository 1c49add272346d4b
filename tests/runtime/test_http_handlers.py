"""Components that answer requests, for any trigger that serves HTTP: all that is needed comes from its host."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from obelisk.builtin.wasm_activity import WasmActivitySettings
from obelisk.errors import ComponentError, GuestError, LinkError
from obelisk.interfaces.components import Crashed, Returned
from obelisk.interfaces.http_handlers import (
    FailureOf,
    HandlerFailure,
    HandlerRequest,
    HandlerResponse,
    HttpExchange,
    HttpHandler,
    HttpHandlers,
    RequestContext,
)
from tests.guests.build import built
from tests.runtime.conftest import FIBO, Open
from tests.runtime.lending import Lender

pytestmark = pytest.mark.parametrize("storage", ["memory"])
HOOK = "tests/guests/webhook.wat"
IMPORTING = """\
;; A webhook that imports what it must not.
;;
;;   export wasi:http/incoming-handler@0.2.12;
;;
;;   package testing:fibo {{
;;     interface fibo {{
;;       fibo: func(n: u8) -> result<u64>;
;;     }}
;;   }}
;;
  ;; --- code ---
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "{}" "{}" (func {}))
    (func (export "handle") (param i32 i32)))
"""


class Opened:
    """A component and the host that opened it."""

    def __init__(self, handler: HttpHandler, lender: Lender) -> None:
        self.handler = handler
        self.lender = lender

    def start(self, target: str, *, method: str = "GET", **environment: str) -> HttpExchange:
        request = HandlerRequest(
            method=method, target=target, scheme="http", authority="test", fields=(("connection", b"close"),)
        )
        context = RequestContext(self.lender.session(), self.lender.host.executions, environment)
        return self.handler.start(request, context)


@asynccontextmanager
async def opened(open_engine: Open, *tables: str, location: str = HOOK) -> AsyncIterator[Opened]:
    lender = Lender()
    async with open_engine(*tables, triggers=[lender.use]):
        handlers = lender.host.service(HttpHandlers)
        settings = WasmActivitySettings(name="hook", location=location)
        async with handlers.open(settings, location, lender.host) as handler:
            yield Opened(handler, lender)


async def test_a_component_that_does_not_wait_has_answered_at_once(open_engine: Open):
    async with opened(open_engine) as hook:
        exchange = hook.start("/h")
        answer = await exchange.answer()
        assert isinstance(answer, HandlerResponse)
        assert (answer.status, answer.body.whole() or await answer.body.read()) == (200, b"hello\n")
        exchange.close("the test is over")


async def test_the_environment_of_a_request_is_its_own(open_engine: Open):
    async with opened(open_engine) as hook:
        exchange = hook.start("/v", N="10")
        answer = await exchange.answer()
        assert isinstance(answer, HandlerResponse)
        content = b""
        while part := await answer.body.read():
            content += part
        assert content == b"N=10\n"
        exchange.close("the test is over")


async def test_a_component_that_traps_gives_no_answer(open_engine: Open):
    async with opened(open_engine) as hook:
        exchange = hook.start("/t")
        answer = await exchange.answer()
        assert isinstance(answer, HandlerFailure)
        assert answer.kind is FailureOf.TRAP
        assert isinstance(await exchange.ended(), Crashed)


async def test_who_reads_a_body_of_which_no_more_comes_is_told(open_engine: Open):
    async with opened(open_engine) as hook:
        exchange = hook.start("/e", method="POST")
        await exchange.feed(b"abc")
        answer = await exchange.answer()
        assert isinstance(answer, HandlerResponse)
        assert await answer.body.read() == b"abc"
        exchange.break_body("the client has gone")
        assert await answer.body.read() == b""
        assert isinstance(await exchange.ended(), Returned)


async def test_an_exchange_that_is_closed_has_no_answer(open_engine: Open):
    async with opened(open_engine) as hook:
        exchange = hook.start("/w")
        assert exchange.outcome is None
        exchange.close("nobody wants it")
        answer = await exchange.answer()
        assert answer == HandlerFailure(FailureOf.CLOSED, "nobody wants it")
        assert isinstance(exchange.outcome, Crashed)
        exchange.close("closing twice is fine")


async def test_a_body_that_is_not_complete_breaks_off_when_the_exchange_is_closed(open_engine: Open):
    async with opened(open_engine) as hook:
        exchange = hook.start("/e")
        answer = await exchange.answer()
        assert isinstance(answer, HandlerResponse)
        exchange.close("nobody wants it")
        with pytest.raises(GuestError):
            await answer.body.read()


async def test_a_component_may_go_on_after_its_answer(open_engine: Open):
    async with opened(open_engine) as hook:
        exchange = hook.start("/e")
        answer = await exchange.answer()
        assert isinstance(answer, HandlerResponse)
        await exchange.feed(b"some")
        assert await answer.body.read() == b"some"
        exchange.finish_body(())
        assert await answer.body.read() == b""
        assert await exchange.ended() == Returned(None)
        exchange.close("the test is over")


async def test_a_component_without_a_handler_is_refused(open_engine: Open):
    with pytest.raises(ComponentError, match="expected `wasi:http/incoming-handler@"):
        async with opened(open_engine, location="examples/wat/fibo_activity.wat"):
            pass


@pytest.mark.parametrize(
    ("interface", "function", "params"),
    [("testing:fibo-obelisk-ext/fibo", "fibo-submit", "(param i32 i32 i32)")],
)
async def test_what_only_workflows_may_import_is_refused(
    open_engine: Open, tmp_path: Path, interface: str, function: str, params: str
):
    path = tmp_path / "importing.wat"
    path.write_text(built(IMPORTING.format(interface, function, params)))
    with pytest.raises(LinkError, match=f"imports `{interface}`, which only workflows may"):
        async with opened(open_engine, FIBO, location=str(path)):
            pass


async def test_an_import_that_nobody_exports_is_named(open_engine: Open, tmp_path: Path):
    path = tmp_path / "importing.wat"
    path.write_text(built(IMPORTING.format("testing:fibo/fibo", "fibo", "(param i32 i32)")))
    with pytest.raises(LinkError, match="component `hook` imports `testing:fibo/fibo`, which neither"):
        async with opened(open_engine, location=str(path)):
            pass
