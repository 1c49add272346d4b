"""TLS with real certificates, and what is told when they do not fit."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from msgspec import Struct
from obelisk_otlp.settings import Protocol

from plugins.obelisk_otlp.tests.opening import a_span, opened
from tests.otlp_receiver import GRPC, HTTP, Receiver, receiver


class Files(Struct, frozen=True):
    """Files of an authority, and of a client that it vouches for."""

    authority: Path
    client: Path
    client_key: Path


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def files(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Files:
    directory = tmp_path_factory.mktemp("tls")
    found = Files(directory / "ca.pem", directory / "client.pem", directory / "client.key")
    client = authority.issue_cert("client@example.org")
    authority.cert_pem.write_to_path(found.authority)
    client.private_key_pem.write_to_path(found.client_key)
    for blob in client.cert_chain_pems:
        blob.write_to_path(found.client, append=True)
    return found


@pytest.fixture
def secure(protocol: str, authority: trustme.CA) -> Iterator[Receiver]:
    """A collector with TLS, to which clients have to show a certificate."""
    with secured(protocol, authority) as found:
        yield found


def secured(protocol: str, authority: trustme.CA):
    certificate = authority.issue_cert("localhost")
    if protocol == GRPC:
        chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
        key, of_clients = certificate.private_key_pem.bytes(), authority.cert_pem.bytes()
        return receiver(GRPC, key=key, chain=chain, client_authority=of_clients)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return receiver(HTTP, context=context)


def settings(endpoint: str, protocol: str, **more: object) -> dict[str, object]:
    return {"endpoint": endpoint, "protocol": Protocol(protocol), **more}


async def test_spans_reach_a_collector_that_wants_to_see_a_certificate(secure, protocol, files):
    tls = {"certificate": files.authority, "client_certificate": files.client, "client_key": files.client_key}
    async with opened(**settings(secure.endpoint, protocol, **tls)) as exporter:
        await exporter.export([a_span()])
        await asyncio.to_thread(secure.wait_for, secure.spans, 1)


async def test_an_unknown_authority_is_told_with_the_next_step(secure, protocol, lines):
    async with opened(**settings(secure.endpoint, protocol)) as exporter:
        await exporter.export([a_span()])
        assert await lines.wait_for("cannot send traces", secure.endpoint, "check `certificate`")
    assert secure.tries == 0


@pytest.mark.parametrize("protocol", [HTTP])  # over gRPC a hung up connection looks like any other
async def test_a_certificate_that_is_not_shown_is_told_with_the_next_step(secure, protocol, files, lines):
    async with opened(**settings(secure.endpoint, protocol, certificate=files.authority)) as exporter:
        await exporter.export([a_span()])
        assert await lines.wait_for("cannot send traces", "check `certificate`")


async def test_tls_to_a_collector_without_it_is_told_with_the_next_step(protocol, lines):
    with receiver(protocol) as plain:
        async with opened(**settings(plain.endpoint.replace("http:", "https:"), protocol)) as exporter:
            await exporter.export([a_span()])
            assert await lines.wait_for("cannot send traces", "check `certificate`")


async def test_host_and_port_alone_mean_tls_over_grpc(authority, files):
    tls = {"certificate": files.authority, "client_certificate": files.client, "client_key": files.client_key}
    with secured(GRPC, authority) as secure:
        async with opened(endpoint=f"localhost:{secure.port}", **tls) as exporter:
            await exporter.export([a_span()])
        assert len(secure.spans()) == 1


async def test_host_and_port_alone_may_be_insecure_over_grpc():
    with receiver(GRPC) as plain:
        async with opened(endpoint=f"localhost:{plain.port}", insecure=True) as exporter:
            await exporter.export([a_span()])
        assert len(plain.spans()) == 1
