"""Which requests are allowed, by whom, and what a refusal says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelisk.errors import RequestDeniedError
from obelisk.interfaces.sandbox import AllowedHost, OutboundHost, ReplaceIn
from obelisk.wasm.wasi.http.policy import AllowLists, Grant, Policy
from obelisk.wasm.wasi.http.target import Target, parse_target

ANY = {"pattern": "*://*:*", "methods": "*"}
COMPONENT = "the component's `allowed_host`"
OPERATOR = "the operator's `[[outbound_http.allowed_host]]`"
NO_MATCH = f"denied by {COMPONENT}: the `request_url_regex` of its entry for `*://*:*` does not match"


def lists(
    component: list[dict[str, object]] | None = None, operator: list[dict[str, object]] | None = None
) -> AllowLists:
    return AllowLists(
        [AllowedHost(**each) for each in ([ANY] if component is None else component)],
        [OutboundHost(**each) for each in ([ANY] if operator is None else operator)],
    )


def to(url: str, method: str = "GET") -> Target:
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return parse_target(method, scheme, authority, slash + path)


def refusal(allowed: AllowLists, url: str, method: str = "GET") -> str:
    with pytest.raises(RequestDeniedError) as caught:
        allowed.check(to(url, method))
    return str(caught.value)


def test_a_request_that_both_lists_allow_passes():
    lists().check(to("https://a.example/x"))


def test_the_component_may_refuse():
    text = refusal(lists(component=[]), "https://a.example/x")
    assert text == f"outgoing HTTP request GET https://a.example/x denied by {COMPONENT}: it is empty"


def test_the_operator_may_refuse():
    text = refusal(lists(operator=[]), "https://a.example/x")
    assert text == f"outgoing HTTP request GET https://a.example/x denied by {OPERATOR}: it is empty"


def test_when_both_refuse_both_are_named():
    text = refusal(lists([], [{**ANY, "pattern": "b.example"}]), "https://a.example/x")
    assert f"denied by {COMPONENT} and by {OPERATOR}: it is empty; no `pattern` of it matches" in text


def test_a_refusal_does_not_show_the_query():
    assert "hunter2" not in refusal(lists(component=[]), "https://a.example/x?token=hunter2")


def test_methods_are_compared_as_they_are_sent():
    allowed = lists([{"pattern": "a.example", "methods": ("GET", "PURGE")}])
    allowed.check(to("https://a.example", "PURGE"))
    for method in ("POST", "get"):
        text = refusal(allowed, "https://a.example", method)
        assert "its entry for `a.example` allows only GET, PURGE" in text


def test_without_methods_an_entry_allows_nothing():
    assert "its entry for `a.example` allows no method; add `methods`" in refusal(
        lists([{"pattern": "a.example"}]), "https://a.example"
    )


def test_an_expression_sees_method_and_url_without_the_query():
    allowed = lists([{**ANY, "request_url_regex": r"GET https://a\.example/v1/[a-z]+"}])
    allowed.check(to("https://a.example/v1/users?id=1"))
    assert NO_MATCH in refusal(allowed, "https://a.example/v2/users")
    assert NO_MATCH in refusal(allowed, "https://a.example/v1/users", "POST")
    assert NO_MATCH in refusal(allowed, "https://a.example/v1/users/1")


def test_an_expression_sees_the_port_unless_it_is_the_schemes():
    allowed = lists([{**ANY, "request_url_regex": r"GET http://a\.example:8080/.*"}])
    allowed.check(to("http://a.example:8080/x"))
    assert NO_MATCH in refusal(allowed, "http://a.example:80/x")


@pytest.mark.parametrize("path", ["/v1/../admin", "/v1/%2e%2e/admin", "/v1/..%2fadmin", "/v1/./x"])
def test_no_expression_matches_a_path_that_may_be_read_as_another_one(path: str):
    allowed = lists([{**ANY, "request_url_regex": r"GET https://a\.example/v1/.*"}])
    assert NO_MATCH in refusal(allowed, f"https://a.example{path}")


@pytest.mark.timeout(10)
def test_an_expression_that_would_take_for_ever_refuses():
    allowed = lists([{**ANY, "request_url_regex": r"GET https://a.example/(x|xx)+y"}])
    assert NO_MATCH in refusal(allowed, f"https://a.example/{'x' * 500}")


def test_of_several_entries_one_has_to_allow_all_of_a_request():
    allowed = lists([{"pattern": "a.example", "methods": ("GET",)}, {"pattern": "b.example", "methods": ("POST",)}])
    allowed.check(to("https://b.example", "POST"))
    assert "its entry for `b.example` allows only POST" in refusal(allowed, "https://b.example", "GET")


# --- addresses --------------------------------------------------------------------------------------------------------


def address(operator: dict[str, object], url: str, found: str) -> str | None:
    """Return why an address is refused, ``None`` when it is not."""
    allowed, target = lists(operator=[operator]), to(url)
    grant = allowed.check(target)
    try:
        allowed.check_address(target, grant, found)
    except RequestDeniedError as error:
        return str(error)
    return None


PRIVATE = [
    "127.0.0.1",
    "10.0.0.1",
    "169.254.169.254",
    "100.64.1.1",
    "::1",
    "fd00::1",
    "::ffff:127.0.0.1",
    "64:ff9b::a00:1",
]


@pytest.mark.parametrize("found", PRIVATE)
def test_a_public_name_at_a_private_address_is_refused(found: str):
    text = address({**ANY, "pattern": "http://a.example"}, "http://a.example/", found)
    assert text is not None
    assert f"denied by {OPERATOR}: `a.example` is at" in text
    assert "`allow_private = true`" in text


def test_a_public_address_passes():
    assert address({**ANY, "pattern": "http://a.example"}, "http://a.example/", "93.184.216.34") is None


@pytest.mark.parametrize("found", PRIVATE)
def test_the_operator_may_allow_private_addresses(found: str):
    entry = {**ANY, "pattern": "http://a.example", "allow_private": True}
    assert address(entry, "http://a.example/", found) is None


def test_a_permission_is_that_of_its_entry():
    allowed = lists(operator=[{**ANY, "pattern": "http://b.example", "allow_private": True}, ANY])
    target = to("http://a.example/")
    with pytest.raises(RequestDeniedError, match=r"`a\.example` is at 127\.0\.0\.1, which is no public address"):
        allowed.check_address(target, allowed.check(target), "127.0.0.1")


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1"),
        ("http://10.1.2.3", "10.1.2.3"),
        ("http://[::1]:8080", "::1"),
        ("http://[fd00::1]", "fd00::1"),
        ("http://localhost:8080", "127.0.0.1"),
        ("http://localhost", "::1"),
    ],
)
def test_an_address_or_localhost_as_a_pattern_is_a_permission(url: str, found: str):
    assert address({**ANY, "pattern": url}, f"{url}/", found) is None


def test_localhost_is_this_machine_only():
    text = address({**ANY, "pattern": "http://localhost"}, "http://localhost/", "10.0.0.1")
    assert text is not None
    assert f"denied by {OPERATOR}: `localhost` is at 10.0.0.1" in text


@pytest.mark.parametrize("pattern", ["http://*", "http://127.*", "http://*.0.0.1"])
def test_a_star_is_no_permission(pattern: str):
    text = address({**ANY, "pattern": pattern}, "http://127.0.0.1/", "127.0.0.1")
    assert text is not None
    assert f"denied by {OPERATOR}: `127.0.0.1` is at 127.0.0.1" in text


def test_the_permission_of_the_component_does_not_count():
    allowed = lists(component=[{**ANY, "pattern": "http://127.0.0.1"}], operator=[ANY])
    target = to("http://127.0.0.1/")
    with pytest.raises(RequestDeniedError, match=r"`127\.0\.0\.1` is at 127\.0\.0\.1, which is no public address"):
        allowed.check_address(target, allowed.check(target), "127.0.0.1")


# --- secrets that a request may carry -----------------------------------------------------------------------------------


def with_secret(*places: ReplaceIn, pattern: str = "*://*:*") -> dict[str, object]:
    return {**ANY, "pattern": pattern, "secrets": ("KEY",), "replace_in": places}


def test_a_secret_goes_where_both_lists_let_it():
    allowed = lists(
        [with_secret(ReplaceIn.HEADERS, ReplaceIn.BODY)], [with_secret(ReplaceIn.HEADERS, ReplaceIn.PARAMS)]
    )
    assert allowed.check(to("https://a.example")).secrets == {("KEY", ReplaceIn.HEADERS)}


def test_an_entry_for_another_host_gives_no_secret():
    allowed = lists(
        [with_secret(ReplaceIn.HEADERS)], [ANY, with_secret(ReplaceIn.HEADERS, pattern="https://b.example")]
    )
    assert allowed.check(to("https://a.example")).secrets == frozenset()
    assert allowed.check(to("https://b.example")).secrets == {("KEY", ReplaceIn.HEADERS)}


# --- denials are told -----------------------------------------------------------------------------------------------------


def test_each_denial_is_told():
    told: list[RequestDeniedError] = []
    policy = Policy(lists(operator=[]), told.append)
    with pytest.raises(RequestDeniedError) as first:
        policy.check(to("https://a.example"))
    with pytest.raises(RequestDeniedError) as second:
        policy.check_address(to("https://a.example"), Grant("GET https://a.example/"), "10.0.0.1")
    assert told == [first.value, second.value]


@given(st.ip_addresses())
def test_an_address_is_refused_or_public_or_listed(found: object):
    target, allowed = to("http://a.example"), lists()
    grant = allowed.check(target)
    try:
        allowed.check_address(target, grant, str(found))
    except RequestDeniedError:
        return
    assert not found.is_private
    assert not found.is_loopback
