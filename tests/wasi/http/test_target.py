"""Where a request goes, read from what a guest gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelisk.errors import InvalidTargetError
from obelisk.wasm.wasi.http.target import Target, parse_target


@pytest.mark.parametrize(
    ("scheme", "authority", "path", "url"),
    [
        ("http", "a.example", "/x?y=1", "http://a.example/x?y=1"),
        ("HTTPS", "A.Example.:443", "", "https://a.example/"),
        ("http", "a.example:443", "?y", "http://a.example:443/?y"),
        ("https", "bücher.example", "/", "https://xn--bcher-kva.example/"),
        ("http", "[0:0::1]:8080", "/", "http://[::1]:8080/"),
        ("http", "127.0.0.1.:80", "/", "http://127.0.0.1/"),
    ],
)
def test_a_target_has_its_usual_form(scheme: str, authority: str, path: str, url: str):
    assert parse_target("GET", scheme, authority, path).url == url


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        (("G T", "http", "a", "/"), "expected a method"),
        (("", "http", "a", "/"), "expected a method"),
        (("GET", "ftp", "a", "/"), "expected the scheme `http` or `https`, found 'ftp'"),
        (("GET", "http", "", "/"), "expected the name of a host"),
        (("GET", "http", "a:0", "/"), "expected a port"),
        (("GET", "http", "a:", "/"), "expected a port"),
        (("GET", "http", "127.1", "/"), "expected an IPv4 address"),
        (("GET", "http", "2130706433", "/"), "expected an IPv4 address"),
        (("GET", "http", "0177.0.0.1", "/"), "expected an IPv4 address"),
        (("GET", "http", "0x7f.0.0.1", "/"), "expected an IPv4 address"),
        (("GET", "http", "a%2eexample", "/"), "expected the name of a host"),
        (("GET", "http", "a\r\nb", "/"), "expected the name of a host"),
        (("GET", "http", "a/b", "/"), "expected the name of a host"),
        (("GET", "http", "[fe80::1%25lo]", "/"), "IPv6 address"),
        (("GET", "http", "a", "x"), "expected a path"),
        (("GET", "http", "a", "/ HTTP/1.1\r\nx: y"), "expected a path"),
        (("GET", "http", "a", "/#x"), "expected a path"),
        (("GET", "http", "a", "/ü"), "expected a path"),
    ],
)
def test_what_is_no_target_says_why(given_: tuple[str, str, str, str], message: str):
    with pytest.raises(InvalidTargetError) as caught:
        parse_target(*given_)
    assert message in str(caught.value)


def test_a_password_is_refused_and_not_repeated():
    with pytest.raises(InvalidTargetError, match="user or a password is not supported") as caught:
        parse_target("GET", "http", "me:hunter2@a.example", "/")
    assert "hunter2" not in str(caught.value)


def test_people_are_not_shown_the_query():
    assert parse_target("GET", "http", "a", "/x?token=hunter2").shown == "GET http://a/x?***"
    assert parse_target("GET", "http", "a", "/x").shown == "GET http://a/x"


@pytest.mark.parametrize(
    "path",
    [
        "/a/../b",
        "/a/..",
        "/./a",
        "/%2e%2E/a",
        "/a/%2e.",
        "/a%2f..%2fb",
        "/a\\..\\b",
        "/a%5C../b",
        "/a/..;/b",
        "/a/..%3Bx/b",
    ],
)
def test_a_path_that_may_be_read_as_another_one_is_seen(path: str):
    assert parse_target("GET", "http", "a", path).has_dot_segments


@pytest.mark.parametrize("path", ["/", "/a..b/c.d", "/a..;b", "/...", "/a?x=/../b", "/.well-known/a"])
def test_a_path_without_dot_segments_has_none(path: str):
    assert not parse_target("GET", "http", "a", path).has_dot_segments


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=60), st.text(max_size=60))
def test_any_texts_are_a_target_or_an_error(method: str, scheme: str, authority: str, path: str):
    try:
        target = parse_target(method, scheme, authority, path)
    except InvalidTargetError:
        return
    assert parse_target(target.method, target.scheme, target.authority, target.path_with_query) == target


@given(st.text(max_size=60), st.text(max_size=60))
def test_what_is_sent_is_visible_ascii(authority: str, path: str):
    try:
        target = parse_target("GET", "http", authority, path)
    except InvalidTargetError:
        return
    assert isinstance(target, Target)
    assert all("!" <= letter <= "~" for letter in target.url)
