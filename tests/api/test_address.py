"""The address that the server is to listen at is tried before anything is opened, and what is wrong with it is told."""

from __future__ import annotations

import socket

import pytest

from obelisk.api.address import check_address
from obelisk.errors import ServerError


@pytest.mark.parametrize("host", ["a..b", "x" * 70, "ü" * 70])
def test_a_name_that_no_host_can_have_is_told_as_such(host):
    with pytest.raises(ServerError, match=f"cannot listen at `{host}:0`: "):
        check_address(f"{host}:0")


@pytest.mark.parametrize("address", ["127.0.0.1:0", "localhost:0"])
def test_a_loopback_address_can_be_listened_at(address):
    check_address(address)


def test_an_address_that_is_taken_is_told_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ServerError) as caught:
            check_address(address)
    assert str(caught.value) == (
        f"cannot listen at `{address}`: Address already in use; end the server that runs there, "
        "or choose another `listening_addr`"
    )


def test_an_address_of_another_machine_is_told_with_what_to_do() -> None:
    with pytest.raises(ServerError, match=r"requested address; choose another `listening_addr`$"):
        check_address("192.0.2.1:5005")
