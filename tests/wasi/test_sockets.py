"""``wasi:sockets``, called by a guest: all of it links, and every way to a socket or an address is refused."""

from __future__ import annotations

import pytest

from obelisk.wasm.wasi.functions import wasi_handler
from obelisk.wit.wasi import wasi_interfaces
from tests.wasi.probing import Probe

DENIED = 'Err: "access-denied"'


@pytest.mark.parametrize("family", ["IPV4", "IPV6"])
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
async def test_no_socket_is_made(probe: Probe, protocol: str, family: str):
    call = f"{protocol}_create_socket.create_{protocol}_socket(network.IpAddressFamily.{family})"
    assert await probe.error(call) == DENIED


async def test_no_name_is_looked_up(probe: Probe):
    script = 'ip_name_lookup.resolve_addresses(instance_network.instance_network(), "localhost")'
    assert await probe.error(script) == DENIED


async def test_a_language_says_that_permission_is_denied(probe: Probe):
    assert await probe.error('open("/etc/passwd")') != ""


def test_every_function_has_an_implementation():
    missing = [
        f"{interface}.{function.name}"
        for interface, model in wasi_interfaces().items()
        for function in model.functions
        if interface not in ("wasi:cli/run", "wasi:http/incoming-handler")
        and wasi_handler(f"{interface}@0.2.0", function.name) is None
    ]
    assert missing == []
