"""Addresses that are public, and those that are somebody's own."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelisk.wasm.wasi.http.addresses import carried, is_public, parse_address


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8", "93.184.216.34", "172.15.255.255", "172.32.0.0", "100.63.255.255", "100.128.0.0",
        "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1",
    ],
)  # fmt: skip
def test_public_addresses_are_public(address: str):
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
        "172.31.255.255", "192.0.0.1", "192.168.1.1", "198.18.0.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
        "255.255.255.255",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::808:808",
        "100::1", "2001::1", "2001:db8::1", "2002:a00:1::1", "3fff::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1",
        "ff02::1", "4000::1",
    ],
)  # fmt: skip
def test_other_addresses_are_not(address: str):
    assert not is_public(ip_address(address))


def test_a_zone_of_an_address_does_not_hide_it():
    assert not is_public(parse_address("fe80::1%eth0"))


@given(st.ip_addresses(v=4))
def test_an_address_of_ipv4_is_the_same_within_one_of_ipv6(address: IPv4Address):
    for prefix in ("::ffff:", "64:ff9b::"):
        within = ip_address(f"{prefix}{address}")
        assert carried(within) == address
        assert is_public(within) == is_public(address)


@given(st.ip_addresses())
def test_what_python_calls_private_is_never_public(address: object):
    if carried(address).is_private:
        assert not is_public(address)
