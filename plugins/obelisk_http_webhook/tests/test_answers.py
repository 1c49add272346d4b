"""What clients get from a component that behaves."""

from __future__ import annotations

import re

HEAD = "GET {} HTTP/1.1\r\nhost: test\r\n\r\n"


async def test_a_component_answers(serving, tables):
    async with serving(tables.hello) as served:
        answer = await served.ask("/any/path")
        assert (answer.status, answer.text) == (200, "hello\n")


async def test_a_body_that_is_complete_has_a_length(serving, tables):
    async with serving(tables.hello) as served:
        answer = await served.ask("/")
        assert answer.headers["content-length"] == "6"


async def test_an_answer_has_a_date(serving, tables):
    async with serving(tables.hello) as served:
        answer = await served.ask("/")
        assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", answer.headers["date"])


async def test_an_answer_names_the_execution_that_the_component_knows_itself_by(serving, tables):
    async with serving(tables.hook()) as served:
        answer = await served.ask("/i")
        assert answer.text == answer.execution_id


async def test_each_request_is_an_execution_of_its_own(serving, tables):
    async with serving(tables.hook()) as served:
        assert (await served.ask("/i")).text != (await served.ask("/i")).text


async def test_head_gets_the_headers_of_get_without_the_body(serving, tables):
    async with serving(tables.hello) as served:
        answer = await served.ask("/", method="HEAD")
        assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "6")


async def test_a_connection_stays_open_after_head(serving, tables):
    async with serving(tables.hook()) as served:
        client = await served.connect()
        await client.send(HEAD.format("/e").replace("GET", "HEAD"))
        await client.answer(method="HEAD")
        await client.send(HEAD.format("/h"))
        assert (await client.answer()).text == "hello\n"


async def test_a_body_is_given_back_as_it_came(serving, tables):
    async with serving(tables.hook()) as served:
        body = bytes(range(256)) * 1000
        answer = await served.ask("/echo", method="POST", body=body)
        assert answer.body == body


async def test_a_body_goes_both_ways_at_once(serving, tables):
    async with serving(tables.hook()) as served:
        client = await served.connect()
        await client.send("POST /e HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        seen = b""
        while b"first" not in seen:
            seen += await client.read(1)
        await client.send("6\r\nsecond\r\n0\r\n\r\n")
        while b"second" not in seen:
            seen += await client.read(1)


async def test_trailers_go_both_ways(serving, tables):
    async with serving(tables.hook()) as served:
        client = await served.connect()
        await client.send(
            "POST /e HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx-sum: 15\r\n\r\n"
        )
        answer = await client.answer(method="POST")
        assert (answer.text, answer.trailers) == ("hello", {"x-sum": "15"})


async def test_a_large_answer_comes_whole(serving, tables):
    async with serving(tables.hook()) as served:
        assert len((await served.ask("/b")).body) == 1024 * 1024


async def test_a_connection_serves_one_request_after_another(serving, tables):
    async with serving(tables.hook()) as served:
        client = await served.connect()
        for _ in range(3):
            await client.send(HEAD.format("/h"))
            assert (await client.answer()).text == "hello\n"


async def test_pipelined_requests_are_answered_in_their_order(serving, tables):
    async with serving(tables.hook()) as served:
        client = await served.connect()
        await client.send(HEAD.format("/h") + HEAD.format("/y") + HEAD.format("/n"))
        assert [(await client.answer()).text for _ in range(3)] == ["hello\n", "hello\n", "200"]


async def test_a_client_that_asks_for_it_is_told_to_send_its_body(serving, tables):
    async with serving(tables.hook()) as served:
        client = await served.connect()
        await client.send("POST /e HTTP/1.1\r\nhost: test\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n")
        assert (await client.read(12)) == b"HTTP/1.1 100"
        while await client.read(1) != b"\n":
            pass
        await client.read(2)
        await client.send("hi")
        assert (await client.answer(method="POST")).text == "hi"


async def test_a_client_of_http_1_0_gets_a_body_that_ends_with_the_connection(serving, tables):
    async with serving(tables.hook()) as served:
        client = await served.connect()
        await client.send("GET /h HTTP/1.0\r\n\r\n")
        assert (await client.rest()).endswith(b"\r\n\r\nhello\n")


async def test_a_target_may_be_absolute(serving, tables):
    async with serving(tables.hook('routes = ["/h"]')) as served:
        assert (await served.ask("http://test/h")).status == 200


async def test_a_request_id_is_kept(serving, tables):
    async with serving(tables.hook()) as served:
        answer = await served.ask("/h", headers={"x-request-id": "abc-1"})
        assert answer.headers["x-request-id"] == "abc-1"


async def test_what_can_be_no_request_id_is_not_given_back(serving, tables):
    async with serving(tables.hook()) as served:
        answer = await served.ask("/h", headers={"x-request-id": "x" * 300})
        assert "x-request-id" not in answer.headers
