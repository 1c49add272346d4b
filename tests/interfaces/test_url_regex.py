"""Expressions for method and URL are bounded in what they match and how long they take."""

from __future__ import annotations

import pytest

from obelisk.interfaces.url_regex import MAX_MATCHED, compile_url_regex, matches_all


def test_the_whole_text_has_to_match():
    pattern = compile_url_regex("GET https://a/.*")
    assert matches_all(pattern, "GET https://a/b")
    assert not matches_all(pattern, "POST GET https://a/b")
    assert not matches_all(compile_url_regex("GET https://a/"), "GET https://a/b")


def test_what_is_too_long_does_not_match():
    pattern = compile_url_regex("a*")
    assert matches_all(pattern, "a" * MAX_MATCHED)
    assert not matches_all(pattern, "a" * (MAX_MATCHED + 1))


@pytest.mark.timeout(10)
def test_an_expression_that_would_take_for_ever_does_not_match():
    assert matches_all(compile_url_regex("(a|aa)+b"), "aab")
    assert not matches_all(compile_url_regex("(a|aa)+b"), "a" * 1000 + "c")


@pytest.mark.parametrize("text", ["(", "[a", "a**", "(?P<a>x)(?P<a>y)\\9"])
def test_what_is_no_expression_says_so(text: str):
    with pytest.raises(ValueError, match="expected a regular expression, found"):
        compile_url_regex(text)


def test_an_expression_is_bounded():
    with pytest.raises(ValueError, match="expected at most 1000 characters, found 1001"):
        compile_url_regex("a" * 1001)
    assert matches_all(compile_url_regex("a" * 1000), "a" * 1000)
