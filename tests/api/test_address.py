"""Addresses to listen at, and what is said about those that cannot be had."""

from __future__ import annotations

import socket

import pytest

from obelisk.api.address import check_address
from obelisk.errors import ServerError


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


def test_an_address_that_is_free_is_fine() -> None:
    check_address("127.0.0.1:0")
