"""Functions that requests start without code in between."""

from __future__ import annotations

import json

import pytest

STUB = """
[[activity_stub]]
ffqn = "test:shop/orders.place"
params = [
  { name = "customer-id", type = "u64" },
  { name = "note", type = "string" },
  { name = "express", type = "option<bool>" },
]
return_type = "result<string, string>"
"""
FIBO = """
[[webhook_function]]
name = "fibo"
ffqn = "testing:fibo-workflow/workflow.fiboa"
route = "/fibo/:n"
"""


def order(*keys: str) -> str:
    return "\n".join(
        [STUB, "[[webhook_function]]", 'name = "order"', 'ffqn = "test:shop/orders.place"',
         'route = "/orders/:customer_id"', *keys, ""]
    )  # fmt: skip


async def placed(served, target="/orders/7", body=b'{"note": "hi"}', **how):
    """Place an order without waiting, and return its params."""
    answer = await served.ask(target, method="POST", body=body, **how)
    assert answer.status == 202, answer.text
    events = await served.events(answer.execution_id)
    return events[0].params


async def test_the_result_is_the_answer(serving, tables):
    async with serving(FIBO + tables.fibo()) as served:
        answer = await served.ask("/fibo/10", method="POST", body=b'{"iterations": 2}')
        assert (answer.status, json.loads(answer.text), answer.headers["content-type"]) == (200, 55, "application/json")
        assert (await served.finished(answer.execution_id)).result.ok.value == 55


async def test_a_parameter_comes_from_the_route_the_query_or_the_body(serving):
    async with serving(order("wait = false")) as served:
        assert await placed(served, "/orders/7?express=true") == [7, "hi", True]


async def test_text_stays_text_where_the_parameter_is_text(serving):
    async with serving(order("wait = false")) as served:
        assert await placed(served, "/orders/7?note=5", b"") == [7, "5", None]


async def test_names_may_have_dashes_or_underscores(serving):
    toml = order("wait = false").replace("/orders/:customer_id", "/orders")
    async with serving(toml) as served:
        assert await placed(served, "/orders", b'{"customer-id": 1, "note": ""}') == [1, "", None]
        assert await placed(served, "/orders?customer_id=1&note=a%20b", b"") == [1, "a b", None]


async def test_the_whole_body_may_be_one_parameter(serving):
    async with serving(order("wait = false", 'body = "note"')) as served:
        assert await placed(served, body=b'"all of it"') == [7, "all of it", None]


@pytest.mark.parametrize(
    ("target", "body", "text"),
    [
        ("/orders/x", b'{"note": "hi"}', "parameter `customer-id`: expected `u64`"),
        ("/orders/-1", b'{"note": "hi"}', "parameter `customer-id`: expected `u64`"),
        ("/orders/7", b"", "parameter `note`: missing"),
        ("/orders/7", b'{"note": 1}', "parameter `note`: expected `string`"),
        ("/orders/7?note=a", b'{"note": "b"}', "parameter `note`: expected once, found again in the body"),
        ("/orders/7", b'{"nope": 1}', "unknown parameter `nope`"),
        ("/orders/7", b"[1]", "the body: expected a JSON object"),
        ("/orders/7", b"{", "cannot parse the body as JSON"),
        ("/orders/7?note=%ff", b"", "the query: "),
    ],
)
async def test_what_does_not_fit_is_400_and_named(serving, target, body, text):
    async with serving(order()) as served:
        answer = await served.ask(target, method="POST", body=body)
        assert answer.status == 400
        assert text in json.loads(answer.text)["error"]
        assert await served.executions() == []


async def test_without_wait_the_answer_tells_where_the_status_is(serving):
    async with serving(order("wait = false")) as served:
        answer = await served.ask("/orders/7?note=hi", method="POST")
        assert answer.status == 202
        told = json.loads(answer.text)
        assert told == {"execution_id": answer.execution_id, "status_url": f"/executions/order/{answer.execution_id}"}
        assert answer.headers["location"] == told["status_url"]
        status = await served.ask(told["status_url"])
        assert (status.status, json.loads(status.text)) == (202, told)


async def test_the_status_url_tells_the_result_when_it_is_there(serving):
    async with serving(order("wait = false")) as served:
        answer = await served.ask("/orders/7?note=hi", method="POST")
        await served.engine.executions.stub(answer.execution_id, {"ok": "done"})
        status = await served.ask(answer.headers["location"])
        assert (status.status, json.loads(status.text)) == (200, "done")


async def test_an_error_is_422_or_what_the_settings_say(serving):
    async with serving(order("wait = false", "err_status = 409")) as served:
        answer = await served.ask("/orders/7?note=hi", method="POST")
        await served.engine.executions.stub(answer.execution_id, {"err": "sold out"})
        status = await served.ask(answer.headers["location"])
        assert (status.status, json.loads(status.text)) == (409, "sold out")


async def test_a_failure_is_500_and_tells_nothing(serving):
    async with serving(order("wait = false")) as served:
        answer = await served.ask("/orders/7?note=hi", method="POST")
        await served.engine.executions.cancel(answer.execution_id)
        await served.finished(answer.execution_id)
        status = await served.ask(answer.headers["location"])
        assert (status.status, json.loads(status.text)) == (500, {"error": "the execution failed"})


async def test_the_status_url_knows_no_other_executions(serving, tables):
    async with serving(order() + FIBO + tables.fibo()) as served:
        other = (await served.ask("/fibo/1?iterations=1", method="POST")).execution_id
        for name in (other, "nonsense", "E_00000000000000000000000000"):
            assert (await served.ask(f"/executions/order/{name}")).status == 404


async def test_a_wait_that_takes_too_long_answers_as_without_wait(serving):
    async with serving(order('request_timeout = "100ms"')) as served:
        answer = await served.ask("/orders/7?note=hi", method="POST")
        assert answer.status == 202
        assert not (await served.engine.executions.get(answer.execution_id)).is_finished


async def test_a_client_that_is_gone_does_not_end_the_execution(serving, tables):
    async with serving(FIBO + tables.fibo()) as served:
        client = await served.connect()
        await client.send("POST /fibo/10?iterations=50 HTTP/1.1\r\nhost: test\r\ncontent-length: 0\r\n\r\n")
        client.close()
        found = await served.until(served.executions)
        top = next(each for each in found if "." not in each)
        assert (await served.finished(top)).result.ok.value == 55


async def test_a_retried_request_does_not_start_twice(serving, tables):
    async with serving(FIBO + tables.fibo()) as served:
        headers = {"idempotency-key": "abc"}
        answers = [await served.ask("/fibo/10?iterations=1", method="POST", headers=headers) for _ in range(2)]
        assert [(each.status, each.text) for each in answers] == [(200, "55")] * 2
        assert answers[0].execution_id == answers[1].execution_id


async def test_other_parameters_under_the_same_key_are_409(serving):
    async with serving(order("wait = false")) as served:
        headers = {"idempotency-key": "abc"}
        await placed(served, headers=headers)
        answer = await served.ask("/orders/8?note=hi", method="POST", headers=headers)
        assert (answer.status, json.loads(answer.text)) == (
            409, {"error": "the Idempotency-Key was used with other parameters"},
        )  # fmt: skip


async def test_the_same_key_of_another_function_is_another_key(serving):
    other = order("wait = false").replace(STUB, "").replace('"order"', '"other"').replace("/orders/:", "/others/:")
    async with serving(order("wait = false") + other) as served:
        headers = {"idempotency-key": "abc"}
        first = await served.ask("/orders/7?note=hi", method="POST", headers=headers)
        second = await served.ask("/others/7?note=hi", method="POST", headers=headers)
        assert first.execution_id != second.execution_id


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_that_cannot_be_is_400(serving, key):
    async with serving(order()) as served:
        answer = await served.ask("/orders/7?note=hi", method="POST", headers={"idempotency-key": key})
        assert answer.status == 400


async def test_another_method_is_405(serving):
    async with serving(order()) as served:
        answer = await served.ask("/orders/7")
        assert (answer.status, answer.headers["allow"]) == (405, "POST")


async def test_the_trace_goes_on(serving):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with serving(order("wait = false")) as served:
        answer = await served.ask("/orders/7?note=hi", method="POST", headers={"traceparent": trace})
        created = (await served.events(answer.execution_id))[0]
        assert created.metadata["tracing:traceparent"] == trace


async def test_a_trace_that_is_too_long_to_be_passed_on_is_not_kept(serving):
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with serving(order("wait = false")) as served:
        for headers, kept in (
            ({"traceparent": parent, "tracestate": "a=" + "b" * 1000}, [parent]),
            ({"traceparent": f"01{parent[2:]}-" + "x" * 1000}, []),
        ):
            answer = await served.ask("/orders/7", method="POST", body=b'{"note": "hi"}', headers=headers)
            assert list((await served.events(answer.execution_id))[0].metadata.values()) == kept
