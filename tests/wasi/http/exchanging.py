"""Exchanges without a guest, for what a guest cannot bring about: what name servers say, and the moment of an end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from obelisk.clock import Clock, SystemClock
from obelisk.core.trace_context import TraceContext
from obelisk.ids import ExecutionId, RunId
from obelisk.wasm.wasi.http.connections import Connector
from obelisk.wasm.wasi.http.error_codes import HttpFailedError
from obelisk.wasm.wasi.http.exchange import Exchange
from obelisk.wasm.wasi.http.options import RequestOptions
from obelisk.wasm.wasi.http.outgoing_message import OutgoingMessage
from obelisk.wasm.wasi.http.resolver import Address, Resolver
from obelisk.wasm.wasi.http.responses import IncomingResponse
from obelisk.wasm.wasi.http.target import parse_target
from obelisk.wasm.wasi.http.traces import HttpTraces


class Names(Resolver):
    """A resolver whose name servers say something else each time, as those of an attacker do; at last they say nothing."""

    def __init__(self, *answers: list[Address]) -> None:
        super().__init__()
        self._answers = list(answers)

    async def find(self, host: str, port: int) -> list[Address]:
        if not self._answers:
            await asyncio.Event().wait()
        return self._answers.pop(0)


class Sent:
    """A GET that is under way."""

    def __init__(
        self, url: str, *, resolver: Resolver | None = None, clock: Clock | None = None,
        check: Callable[[str], None] = lambda ip: None, options: RequestOptions | None = None,
    ) -> None:  # fmt: skip
        scheme, _, authority = url.partition("://")
        target = parse_target("GET", scheme, authority, "/")
        message = OutgoingMessage(target=target, path="/", fields=(), content=None, replacer=None)
        clock = clock or SystemClock()
        self.traces = HttpTraces(ExecutionId("E_1"), RunId("Run_1"), context=TraceContext("0" * 31 + "1"), mask=str)
        self._over = asyncio.Event()
        self.exchange = Exchange(
            message, options or RequestOptions(), connector=Connector(resolver), clock=clock, check=check, mask=str,
            trace=self.traces.begin("GET", url, clock.now()), ended=lambda exchange: self._over.set(),
        )  # fmt: skip

    async def end(self) -> IncomingResponse | HttpFailedError:
        """Wait until the exchange is over, and return its answer."""
        await self._over.wait()
        assert self.exchange.future.answer is not None
        return self.exchange.future.answer

    async def failure(self) -> str:
        """Return the code with which it failed."""
        end = await self.end()
        assert isinstance(end, HttpFailedError), end
        return end.code.name
