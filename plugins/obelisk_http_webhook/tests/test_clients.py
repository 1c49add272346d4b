"""Clients that people use, over TLS too."""

from __future__ import annotations

import asyncio
import ssl

import httpx
import pytest
import trustme

HELLO = "hello\n"


async def curl(*arguments: str) -> str:
    """Run curl and return what it printed."""
    process = await asyncio.create_subprocess_exec(
        "curl", "--silent", "--show-error", "--max-time", "20", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode == 0, err
    return out.decode()


@pytest.fixture
def authority(tmp_path):
    """Who signs the certificate of 127.0.0.1, whose files lie in the directory of the test."""
    found = trustme.CA()
    certificate = found.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(str(tmp_path / "server.key"))
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(str(tmp_path / "server.pem"), append=True)
    found.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return found


@pytest.fixture
def tls(tables, tmp_path, authority):
    """The table of a server with TLS."""
    return tables.server(f'tls = {{ certificate = "{tmp_path}/server.pem", key = "{tmp_path}/server.key" }}')


async def test_curl_gets_an_answer(serving, tables):
    async with serving(tables.hook()) as served:
        assert await curl(f"http://127.0.0.1:{served.port}/h") == HELLO


async def test_curl_sends_a_body_and_waits_to_be_told_so(serving, tables):
    async with serving(tables.hook()) as served:
        url = f"http://127.0.0.1:{served.port}/e"
        assert await curl("--header", "expect: 100-continue", "--data", "x" * 100_000, url) == "x" * 100_000


async def test_curl_asks_for_the_head(serving, tables):
    async with serving(tables.hello) as served:
        assert "content-length: 6" in await curl("--head", f"http://127.0.0.1:{served.port}/")


async def test_curl_asks_twice_on_one_connection(serving, tables):
    async with serving(tables.hook()) as served:
        url = f"http://127.0.0.1:{served.port}/h"
        assert await curl("--write-out", "%{num_connects} ", url, url) == f"{HELLO}1 {HELLO}0 "


async def test_curl_speaks_tls(serving, tables, tls, tmp_path):
    async with serving(tables.hook(), server=tls) as served:
        url = f"https://127.0.0.1:{served.port}/h"
        assert await curl("--cacert", str(tmp_path / "ca.pem"), url) == HELLO


async def test_a_library_speaks_tls(serving, tables, tls, authority):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    async with serving(tables.hook(), server=tls) as served, httpx.AsyncClient(verify=context) as client:
        for _ in range(3):
            answer = await client.post(f"https://127.0.0.1:{served.port}/e", content=b"y" * 300_000)
            assert (answer.status_code, len(answer.content)) == (200, 300_000)


async def test_plain_text_at_a_server_with_tls_ends_the_connection_only(serving, tables, tls, tmp_path):
    async with serving(tables.hook(), server=tls) as served:
        client = await served.connect()
        await client.send("GET /h HTTP/1.1\r\nhost: test\r\n\r\n")
        assert b"200" not in await client.rest()
        url = f"https://127.0.0.1:{served.port}/h"
        assert await curl("--cacert", str(tmp_path / "ca.pem"), url) == HELLO


async def test_a_client_that_never_begins_tls_is_let_go(serving, tables, tls):
    async with serving(tables.hook(), server=tls + 'head_timeout = "200ms"\n') as served:
        client = await served.connect()
        assert await client.rest() == b""


async def test_many_clients_get_what_they_asked_for(serving, tables):
    async with serving(tables.hook()) as served, httpx.AsyncClient() as client:
        url = f"http://127.0.0.1:{served.port}/e"
        answers = await asyncio.gather(*(client.post(url, content=str(number)) for number in range(50)))
        assert [answer.text for answer in answers] == [str(number) for number in range(50)]
