"""Which request goes where."""

from __future__ import annotations

import pytest
from obelisk_http_webhook.pattern import parse_pattern
from obelisk_http_webhook.router import NoRoute, Router, segments_of

from obelisk.errors import InvalidValueError


def found(routes, path, method="GET"):
    """Return which of ``routes`` a request goes to, and the parameters."""
    router = Router()
    for route in routes:
        methods, _, pattern = route.rpartition(" ")
        router.add(pattern, methods.split(), route, names={each: each for each in routes})
    match = router.find(method, segments_of(path))
    return match if isinstance(match, NoRoute) else (match.target, match.params)


@pytest.mark.parametrize(
    ("routes", "path", "expected"),
    [
        (["/a"], "/a", ("/a", {})),
        (["/a", "/:x"], "/a", ("/a", {})),
        (["/:x", "/a"], "/b", ("/:x", {"x": "b"})),
        (["/*rest", "/:x"], "/b", ("/:x", {"x": "b"})),
        (["/*rest", "/:x"], "/b/c", ("/*rest", {"rest": "b/c"})),
        (["/a/*", "/a/:x/c"], "/a/b/c", ("/a/:x/c", {"x": "b"})),
        (["/a/*", "/a/:x/c"], "/a/b/d", ("/a/*", {})),
        (["/:x"], "/a%20b", ("/:x", {"x": "a b"})),
        (["/:x"], "/a%2Fb", ("/:x", {"x": "a/b"})),
        (["/fibo/:N/:ITERATIONS"], "/fibo/10/2", ("/fibo/:N/:ITERATIONS", {"N": "10", "ITERATIONS": "2"})),
        ([""], "/", ("", {})),
        ([""], "/a/b", ("", {})),
        (["", "/a"], "/a", ("/a", {})),
    ],
)
def test_the_most_literal_pattern_wins(routes, path, expected):
    assert found(routes, path) == expected


@pytest.mark.parametrize(
    ("route", "path"),
    [("/a", "/a/"), ("/a/", "/a"), ("/:x", "/"), ("/*", "/"), ("/a/*", "/a"), ("/a/*", "/a/"), ("/a", "/A")],
)
def test_what_does_not_fit_has_no_route(route, path):
    assert found([route], path) == NoRoute()


def test_the_router_of_the_method_is_asked_before_the_one_for_any():
    assert found(["GET /:x", "/a"], "/a") == ("GET /:x", {"x": "a"})


def test_other_methods_go_to_the_router_for_any():
    assert found(["GET /a", "/a"], "/a", "PUT") == ("/a", {})


def test_another_method_is_told_which_are_allowed():
    assert found(["GET /a", "POST /:x"], "/a", "PUT") == NoRoute(("GET", "HEAD", "POST"))


def test_head_goes_where_get_goes():
    assert found(["GET /a"], "/a", "HEAD") == ("GET /a", {})


def test_head_may_have_a_route_of_its_own():
    assert found(["GET /a", "HEAD /a"], "/a", "HEAD") == ("HEAD /a", {})


@pytest.mark.parametrize("text", ["a", "/a?b", "/a b", "/:", "/:x/:x", "/*/a", "/:1", "/%41", "/a#b", "/:a=b"])
def test_what_is_no_pattern_is_refused(text):
    with pytest.raises(InvalidValueError):
        parse_pattern(text)


async def test_parameters_are_variables_of_the_environment_and_win(serving, tables):
    keys = ('routes = ["/v/:N/:M"]', 'env_vars = [{ key = "N", value = "old" }, { key = "K", value = "kept" }]')
    async with serving(tables.hook(*keys)) as served:
        assert sorted((await served.ask("/v/10/2")).text.splitlines()) == ["K=kept", "M=2", "N=10"]


async def test_an_unknown_path_is_404(serving, tables):
    async with serving(tables.hook('routes = ["/h"]')) as served:
        answer = await served.ask("/other")
        assert (answer.status, answer.text) == (404, "Route not found\n")


async def test_another_method_is_405_with_what_is_allowed(serving, tables):
    async with serving(tables.hook('routes = [{ route = "/h", methods = ["GET", "PUT"] }]')) as served:
        answer = await served.ask("/h", method="POST", body=b"x")
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, PUT")


async def test_the_query_does_not_matter(serving, tables):
    async with serving(tables.hook('routes = ["/h"]')) as served:
        assert (await served.ask("/h?a=/b")).status == 200


async def test_endpoints_share_a_server(serving, tables):
    toml = tables.hook('routes = ["/h"]') + tables.hook('routes = ["/n"]', name="other")
    async with serving(toml) as served:
        assert [(await served.ask(path)).text for path in ("/h", "/n")] == ["hello\n", "200"]


async def test_servers_have_endpoints_of_their_own(serving, tables):
    toml = tables.server(name="inner") + tables.hook('http_server = "inner"')
    async with serving(toml) as served:
        assert (await served.ask("/h", server="inner")).status == 200
        assert (await served.ask("/h")).status == 404
