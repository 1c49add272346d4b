"""The address that the server is to listen at is tried before anything is opened."""

from __future__ import annotations

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
