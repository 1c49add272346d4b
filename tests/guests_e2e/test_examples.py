"""The example guests, in Python and in JavaScript, do what their WIT says."""

from __future__ import annotations

import pytest

from tests.guests_e2e.calls import FIBO, FIBO_AND_GET, GET, GET_ALL, GET_RESPONSE, GET_WITHIN, Example
from tests.guests_e2e.pages import HELD

pytestmark = pytest.mark.timeout(300)  # the first test builds and compiles what is not kept


def test_an_activity_computes(example: Example) -> None:
    assert example.result(FIBO, 10) == {"ok": 55}


def test_a_large_number_arrives_whole(example: Example) -> None:
    assert example.result(FIBO, 78) == {"ok": 8944394323791464}


def test_an_err_of_an_activity_has_its_text(example: Example) -> None:
    refused = example.result(FIBO, 200)["err"]
    assert refused.startswith("fibo(200) is refused, the largest is fibo(")


def test_an_activity_gets_a_page(example: Example) -> None:
    assert example.result(GET, example.pages.url("/hello")) == {"ok": "hello"}


def test_an_activity_sends_the_query(example: Example) -> None:
    assert example.result(GET, example.pages.url("/search?q=what")) == {"ok": "found it"}


def test_an_activity_returns_a_record(example: Example) -> None:
    missing = example.pages.url("/missing")
    assert example.result(GET_RESPONSE, missing) == {"ok": {"status": 404, "body": "nothing here"}}


def test_a_status_that_is_no_success_is_an_err(example: Example) -> None:
    missing = example.pages.url("/missing")
    assert example.result(GET, missing) == {"err": f"{missing} answered with status 404"}


def test_a_host_that_is_not_allowed_is_refused(example: Example) -> None:
    requests = len(example.pages.requests)
    refused = example.result(GET, f"http://localhost:{example.pages.server_port}/hello")["err"]
    assert refused.startswith("there is no answer: ")
    assert len(example.pages.requests) == requests


def test_a_workflow_combines_what_activities_return(example: Example) -> None:
    result = example.result(FIBO_AND_GET, 10, example.pages.url("/hello"))
    assert result == {"ok": "fibo(10) = 55, and the page says: hello"}


def test_a_workflow_ends_with_the_err_of_an_activity(example: Example) -> None:
    missing = example.pages.url("/missing")
    assert example.result(FIBO_AND_GET, 10, missing) == {"err": f"{missing} answered with status 404"}


def test_a_workflow_takes_results_as_they_come(example: Example) -> None:
    urls = [example.pages.url(path) for path in ("/hello", "/search?q=what", "/hello")]
    assert example.result(GET_ALL, urls) == {"ok": ["hello", "found it", "hello"]}


def test_a_workflow_that_awaits_in_a_join_set_ends_with_the_err_of_an_activity(example: Example) -> None:
    missing = example.pages.url("/missing")
    assert example.result(GET_ALL, [missing]) == {"err": f"{missing} answered with status 404"}


def test_a_child_that_responds_before_the_delay_wins_the_race(example: Example) -> None:
    assert example.result(GET_WITHIN, example.pages.url("/hello"), 60_000) == {"ok": "hello"}


def test_a_child_that_is_slower_than_the_delay_loses_the_race(example: Example) -> None:
    held = example.pages.url(HELD)
    assert example.result(GET_WITHIN, held, 200) == {"err": f"{held} did not answer within 200 ms"}
