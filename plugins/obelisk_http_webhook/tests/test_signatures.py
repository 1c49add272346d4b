"""Requests that have to be signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time

import pytest

KEY = b"It's a Secret to Everybody"
GITHUB = 'signature = { form = "github", secret = "HOOK" }'
STANDARD = 'signature = { form = "standard", secret = "HOOK" }'
BODY = b"Hello, World!"
HEAD = 'storage.use = "memory"\nsecrets = { HOOK = { env = "HOOK" } }\n'


def github(body: bytes = BODY, key: bytes = KEY) -> dict[str, str]:
    return {"x-hub-signature-256": "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()}


def standard(body: bytes = BODY, key: bytes = KEY, age: int = 0, id_: str = "msg_1") -> dict[str, str]:
    at = str(int(time.time()) - age)
    digest = hmac.new(key, f"{id_}.{at}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": id_, "webhook-timestamp": at, "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }  # fmt: skip


def test_the_example_of_github_s_documentation_fits():
    expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert github()["x-hub-signature-256"] == expected


@pytest.fixture
def signed(serving, tables):
    """Serve the echo with a signature."""

    def open_signed(form: str):
        secret = KEY.decode() if form == GITHUB else "whsec_" + base64.b64encode(KEY).decode()
        return serving(tables.hook(form), head=HEAD, HOOK=secret)

    return open_signed


async def test_a_signature_of_github_s_form_lets_a_request_pass(signed):
    async with signed(GITHUB) as served:
        answer = await served.ask("/e", method="POST", body=BODY, headers=github())
        assert (answer.status, answer.body) == (200, BODY)


@pytest.mark.parametrize(
    "headers",
    [{}, github(b"other"), github(key=b"other"), {"x-hub-signature-256": "sha256="}, {"x-hub-signature-256": "sha1=a"}],
)
async def test_what_is_not_signed_so_is_401(signed, headers):
    async with signed(GITHUB) as served:
        answer = await served.ask("/e", method="POST", body=BODY, headers=headers)
        assert (answer.status, answer.text) == (401, "The signature does not fit\n")


async def test_a_standard_signature_lets_a_request_pass(signed):
    async with signed(STANDARD) as served:
        assert (await served.ask("/e", method="POST", body=BODY, headers=standard())).status == 200


async def test_one_of_several_standard_signatures_is_enough(signed):
    async with signed(STANDARD) as served:
        headers = standard()
        headers["webhook-signature"] = f"v1,AAAA v2,xyz {headers['webhook-signature']}"
        assert (await served.ask("/e", method="POST", body=BODY, headers=headers)).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        dict,
        lambda: standard(b"other"),
        lambda: standard(key=b"other"),
        lambda: standard(age=400),
        lambda: standard(age=-400),
        lambda: {**standard(), "webhook-id": "msg_2"},
        lambda: {**standard(), "webhook-timestamp": "soon"},
        lambda: {**standard(), "webhook-signature": "v1,"},
    ],
)
async def test_what_has_no_standard_signature_is_401(signed, headers):
    async with signed(STANDARD) as served:
        assert (await served.ask("/e", method="POST", body=BODY, headers=headers())).status == 401


async def test_a_webhook_function_may_be_signed_too(serving, tables):
    toml = (
        '[[webhook_function]]\nname = "fibo"\nffqn = "testing:fibo-workflow/workflow.fiboa"\nroute = "/fibo"\n'
        f"{GITHUB}\n{tables.fibo()}"
    )
    async with serving(toml, head=HEAD, HOOK=KEY.decode()) as served:
        body = b'{"n": 10, "iterations": 1}'
        assert (await served.ask("/fibo", method="POST", body=body, headers=github(body))).text == "55"
        assert (await served.ask("/fibo", method="POST", body=body)).status == 401
        assert len([each for each in await served.executions() if "." not in each]) == 1


async def test_the_status_of_a_signed_function_has_to_be_asked_for_signed(serving, tables):
    toml = (
        '[[webhook_function]]\nname = "fibo"\nffqn = "testing:fibo-workflow/workflow.fiboa"\nroute = "/fibo"\n'
        f"{GITHUB}\n{tables.fibo()}"
    )
    async with serving(toml, head=HEAD, HOOK=KEY.decode()) as served:
        body = b'{"n": 10, "iterations": 1}'
        started = await served.ask("/fibo", method="POST", body=body, headers=github(body))
        url = f"/executions/fibo/{started.execution_id}"
        assert (await served.ask(url)).status == 401
        assert (await served.ask(url, headers=github(b""))).text == "55"
