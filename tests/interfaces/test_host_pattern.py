"""Patterns of hosts: what is a pattern, and what it stands for."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelisk.interfaces.host_pattern import normal_host, parse_host_pattern

LABELS = st.from_regex(r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
NAMES = st.lists(LABELS, min_size=1, max_size=4).map(".".join)
PORTS = st.integers(1, 65535)
SCHEMES = st.sampled_from(["http", "https"])


def matches(pattern: str, scheme: str, host: str, port: int) -> bool:
    return any(each.matches(scheme, host, port) for each in parse_host_pattern(pattern))


def test_without_a_scheme_a_pattern_is_for_https():
    assert matches("a.example", "https", "a.example", 443)
    assert not matches("a.example", "http", "a.example", 80)
    assert not matches("a.example", "http", "a.example", 443)


def test_without_a_port_a_pattern_is_for_the_port_of_the_scheme():
    assert matches("http://a.example", "http", "a.example", 80)
    assert not matches("http://a.example", "http", "a.example", 8080)


def test_any_scheme_comes_with_its_own_port():
    assert matches("*://a.example", "http", "a.example", 80)
    assert matches("*://a.example", "https", "a.example", 443)
    assert not matches("*://a.example", "http", "a.example", 443)


def test_any_port_is_a_star():
    assert matches("http://a.example:*", "http", "a.example", 8080)
    assert not matches("http://a.example:*", "https", "a.example", 8080)


def test_a_port_is_for_any_scheme_when_the_scheme_is_a_star():
    assert matches("*://a.example:8443", "http", "a.example", 8443)
    assert matches("*://a.example:8443", "https", "a.example", 8443)


def test_a_leading_star_stands_for_any_beginning():
    assert matches("*.example.com", "https", "a.b.example.com", 443)
    assert not matches("*.example.com", "https", "example.com", 443)
    assert not matches("*.example.com", "https", "example.com.evil.net", 443)


def test_a_trailing_star_stands_for_any_end():
    assert matches("api.*", "https", "api.example.com", 443)
    assert not matches("api.*", "https", "api", 443)


def test_a_star_alone_is_every_host():
    assert matches("*://*:*", "http", "::1", 1)
    assert matches("*", "https", "a.example", 443)


@pytest.mark.parametrize(
    ("pattern", "host"),
    [
        ("HTTP://A.Example", "a.example"),
        ("http://a.example.", "a.example"),
        ("http://*.A.Example.", "b.a.example"),
        ("http://BÜCHER.example", "xn--bcher-kva.example"),
        ("http://*.bücher.example", "a.xn--bcher-kva.example"),
        ("http://bücher.*", "xn--bcher-kva.example"),
        ("http://[::1]", "::1"),
        ("http://[0:0::0001]:80", "::1"),
        ("http://127.0.0.1", "127.0.0.1"),
        ("http://１２７.0.0.1", "127.0.0.1"),
        ("http://127.0.0.1.", "127.0.0.1"),
    ],
)
def test_hosts_are_compared_in_their_usual_form(pattern: str, host: str):
    assert matches(pattern, "http", host, 80)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("http://a.example/", "host pattern must not contain a path"),
        ("http://a.example/v1", "host pattern must not contain a path"),
        ("a.example?x=1", "host pattern must not contain a path"),
        ("ftp://a.example", "expected the scheme `http`, `https` or `*`, found `ftp`"),
        ("://a.example", "expected the scheme `http`, `https` or `*`, found ``"),
        ("http://", "expected a host, found none"),
        ("", "expected a host, found none"),
        ("http://:80", "expected a host, found none"),
        ("http://a.*.example", "one `*` at its beginning or its end"),
        ("http://*a*", "one `*` at its beginning or its end"),
        ("http://**", "one `*` at its beginning or its end"),
        ("http://a.example:0", "expected a port from 1 to 65535"),
        ("http://a.example:65536", "expected a port from 1 to 65535"),
        ("http://a.example:", "expected a port from 1 to 65535"),
        ("http://a.example:８０", "expected a port from 1 to 65535"),
        ("http://a.example:80:80", "an IPv6 address stands in brackets"),
        ("http://::1", "an IPv6 address stands in brackets"),
        ("http://[::1", "expected `[ADDRESS]`"),
        ("http://[::1]80", "expected `[ADDRESS]`"),
        ("http://[::g]", "expected an IPv6 address in brackets"),
        ("http://[fe80::1%eth0]", "IPv6 address"),
        ("http://user:password@a.example", "must not contain a user or a password"),
        ("http://127.1", "expected an IPv4 address such as `127.0.0.1`, found `127.1`"),
        ("http://0x7f000001", "expected an IPv4 address"),
        ("http://a b", "expected the name of a host"),
        ("http://-a.example", "expected the name of a host"),
        ("http://a..example", "expected the name of a host"),
        ("http://*bücher.example", "expected a `.` between the `*` and letters beyond ASCII"),
        ("http://*..example", "beside the `*`"),
        ("http://*.", "beside the `*`"),
        ("http://.*", "beside the `*`"),
    ],
)
def test_what_is_no_pattern_says_why(pattern: str, message: str):
    with pytest.raises(ValueError) as caught:
        parse_host_pattern(pattern)
    assert message in str(caught.value)


@given(SCHEMES, NAMES, PORTS)
def test_a_pattern_without_a_star_matches_what_it_names_and_nothing_else(scheme: str, name: str, port: int):
    pattern = f"{scheme}://{name}:{port}"
    assert matches(pattern, scheme, name, port)
    assert not matches(pattern, scheme, f"a{name}", port)
    assert not matches(pattern, scheme, name, port % 65535 + 1)
    assert not matches(pattern, {"http": "https", "https": "http"}[scheme], name, port)


@given(NAMES, NAMES)
def test_a_star_before_a_dot_matches_names_below_alone(below: str, name: str):
    assert matches(f"http://*.{name}", "http", f"{below}.{name}", 80)
    assert matches(f"http://*.{name}", "http", below, 80) == below.endswith(f".{name}")


@given(st.ip_addresses(v=6))
def test_every_ipv6_address_matches_itself_in_any_form(address: ipaddress.IPv6Address):
    assert matches(f"http://[{address.exploded.upper()}]", "http", str(address), 80)


@given(st.text(max_size=80))
def test_any_text_is_a_pattern_or_a_value_error(text: str):
    try:
        parse_host_pattern(text)
    except ValueError:
        pass


@given(st.text(max_size=80))
def test_the_usual_form_of_a_host_is_its_own_usual_form(text: str):
    try:
        host = normal_host(text)
    except ValueError:
        return
    assert normal_host(f"[{host}]" if ":" in host else host) == host
    assert host.isascii()
