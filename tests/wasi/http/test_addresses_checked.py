"""The address that was checked is the one that is connected to."""

from __future__ import annotations

import socket

import pytest

from obelisk.errors import RequestDeniedError
from obelisk.wasm.wasi.http.resolver import Address, Resolver
from obelisk.wasm.wasi.http.responses import IncomingResponse
from tests.wasi.http.exchanging import Names, Sent
from tests.wasi.http.servers import response, saying, serving

SERVER = "127.0.0.1"
NOBODY = "127.0.0.99"


def addresses(port: int, *ips: str) -> list[Address]:
    return [Address(socket.AF_INET, (ip, port)) for ip in ips]


async def test_an_address_that_is_refused_is_not_connected_to():
    def check(ip: str) -> None:
        if ip == SERVER:
            raise RequestDeniedError("GET http://example.com/", "the operator", "it is private")

    async with serving(saying(response())) as server:
        sent = Sent("http://example.com", resolver=Names(addresses(server.port, NOBODY, SERVER)), check=check)
        assert await sent.failure() == "HTTP-request-denied"
        assert server.connections == 0
    (trace,) = sent.traces.list()
    assert trace.resp is not None
    assert "denied by the operator: it is private" in str(trace.resp.status.err)


async def test_a_name_is_looked_up_once():
    checked: list[str] = []
    async with serving(saying(response())) as server:
        sent = Sent("http://example.com", resolver=Names(addresses(server.port, SERVER)), check=checked.append)
        assert isinstance(await sent.end(), IncomingResponse)
    assert checked == [SERVER]


async def test_addresses_are_tried_in_turn():
    checked: list[str] = []
    async with serving(saying(response())) as server:
        answer = addresses(server.port, NOBODY, SERVER)
        sent = Sent("http://example.com", resolver=Names(answer), check=checked.append)
        assert isinstance(await sent.end(), IncomingResponse)
        assert server.connections == 1
    assert checked == [NOBODY, SERVER]


async def test_the_last_address_that_fails_is_told():
    with socket.socket() as free:
        free.bind((SERVER, 0))
        port = int(free.getsockname()[1])
    sent = Sent("http://example.com", resolver=Names(addresses(port, NOBODY, SERVER)))
    assert await sent.failure() == "connection-refused"


async def test_a_name_without_an_address_has_no_destination():
    assert await Sent("http://example.com", resolver=Names([])).failure() == "destination-not-found"


async def test_the_system_finds_addresses_of_names():
    found = await Resolver().find("localhost", 80)
    assert found
    assert {address.ip for address in found} <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize("ip", ["127.0.0.1", "::1"])
async def test_an_address_needs_no_look_up(ip):
    (found,) = await Resolver().find(ip, 80)
    assert (found.ip, found.address[1]) == (ip, 80)
