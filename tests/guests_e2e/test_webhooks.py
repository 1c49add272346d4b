"""The example webhooks, in Python and in JavaScript."""

from __future__ import annotations

import re
import urllib.error
import urllib.request

import pytest

from tests.guests_e2e.calls import Example

pytestmark = pytest.mark.timeout(300)  # the first test builds and compiles what is not kept


def asked(example: Example, path: str) -> tuple[int, str, str]:
    """Return status, text and execution id of an answer."""
    example.server.wait_for_log("HTTP server `external` listens at ")
    found = re.search(r"HTTP server `external` listens at (\S+)", example.server.log)
    assert found is not None
    try:
        answer = urllib.request.urlopen(f"http://{found[1]}{path}", timeout=60)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.read().decode(), answer.headers["x-obelisk-execution-id"]


def test_a_small_number_is_waited_for(example: Example) -> None:
    status, text, execution_id = asked(example, "/fibo/10")
    assert (status, text) == (200, f"fibo(10) = 55, asked by {execution_id}\n")


def test_a_large_number_is_started(example: Example) -> None:
    status, text, _ = asked(example, "/fibo/50")
    assert status == 202
    done = example.world.client(example.server, "execution", "get", text.split()[-1], "--follow", "--json")
    assert "12586269025" in done.stdout


def test_another_path_is_refused_by_the_component(example: Example) -> None:
    status, text, _ = asked(example, "/fibo/x")
    assert (status, text) == (400, "expected /fibo/N\n")


def test_each_request_is_an_execution_of_its_own(example: Example) -> None:
    assert asked(example, "/fibo/1")[2] != asked(example, "/fibo/1")[2]
