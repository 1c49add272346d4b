"""The API over TLS, and files that cannot be used for it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import grpc
import pytest
import trustme

from obelisk.api.certificate import server_credentials
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.api.pb.obelisk_pb2_grpc import ExecutionRepositoryStub
from obelisk.api.protection import Protection
from obelisk.api.server import ApiServer, serve
from obelisk.api.tokens import Tokens, token_hash
from obelisk.config.model import ApiTlsSettings
from obelisk.errors import ConfigError
from tests.api.calls import refused
from tests.api.fakes import FakeComponents, FakeExecutions, FixedClock
from tests.api.pem import ENCRYPTED_KEY

REQUEST = pb.GenerateExecutionIdRequest()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def tls(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> ApiTlsSettings:
    """Files for ``localhost``."""
    return written(authority.issue_cert("localhost"), tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def api(tls: ApiTlsSettings) -> AsyncIterator[ApiServer]:
    protection = Protection(tokens=Tokens([token_hash("t")]), credentials=server_credentials(tls))
    async with serve(
        FakeExecutions(), FakeComponents(), address="localhost:0", clock=FixedClock(), grace=0.0, protection=protection
    ) as server:
        yield server


def written(certificate: trustme.LeafCert, directory: Path) -> ApiTlsSettings:
    settings = ApiTlsSettings(certificate=directory / "cert.pem", key=directory / "key.pem")
    settings.certificate.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    settings.key.write_bytes(certificate.private_key_pem.bytes())
    return settings


def encrypted(api: ApiServer, authority: trustme.CA) -> grpc.aio.Channel:
    return grpc.aio.secure_channel(api.address, grpc.ssl_channel_credentials(authority.cert_pem.bytes()))


async def test_a_client_that_trusts_the_authority_is_served(api: ApiServer, authority: trustme.CA) -> None:
    async with encrypted(api, authority) as channel:
        stub = ExecutionRepositoryStub(channel)
        answer = await stub.GenerateExecutionId(REQUEST, metadata=(("authorization", "Bearer t"),))
    assert answer.execution_id.id.startswith("E_")


async def test_a_token_is_needed_over_tls_too(api: ApiServer, authority: trustme.CA) -> None:
    async with encrypted(api, authority) as channel:
        code, _ = await refused(ExecutionRepositoryStub(channel).GenerateExecutionId(REQUEST))
    assert code is grpc.StatusCode.UNAUTHENTICATED


async def test_a_client_that_trusts_others_sends_nothing(api: ApiServer) -> None:
    async with encrypted(api, trustme.CA()) as channel:
        code, details = await refused(ExecutionRepositoryStub(channel).GenerateExecutionId(REQUEST))
    assert code is grpc.StatusCode.UNAVAILABLE
    assert "CERTIFICATE_VERIFY_FAILED" in details


async def test_a_client_without_tls_is_not_served(api: ApiServer) -> None:
    async with grpc.aio.insecure_channel(api.address) as channel:
        code, _ = await refused(ExecutionRepositoryStub(channel).GenerateExecutionId(REQUEST))
    assert code is grpc.StatusCode.UNAVAILABLE


Spoil = Callable[[ApiTlsSettings], object]
SPOILED = [
    pytest.param(lambda tls: tls.certificate.unlink(), "certificate", "cannot read .*cert.pem: No such file", id="no file"),
    pytest.param(lambda tls: tls.key.unlink(), "key", "cannot read .*key.pem: No such file", id="no key file"),
    pytest.param(
        lambda tls: (tls.key.unlink(), tls.key.mkdir()), "key", "cannot read .*key.pem: Is a directory", id="directory"
    ),
    pytest.param(lambda tls: tls.certificate.write_text(""), "certificate", "holds no certificate", id="empty"),
    pytest.param(lambda tls: tls.certificate.write_bytes(b"\xff" * 99), "certificate", "holds no certificate", id="bytes"),
    pytest.param(
        lambda tls: tls.certificate.write_bytes(tls.key.read_bytes()), "certificate", "holds no certificate", id="swapped"
    ),
    pytest.param(lambda tls: tls.key.write_text(""), "key", "holds no private key", id="empty key"),
    pytest.param(
        lambda tls: tls.key.write_bytes(tls.certificate.read_bytes()), "key", "holds no private key", id="no key"
    ),
    pytest.param(
        lambda tls: tls.key.write_bytes(trustme.CA().issue_cert("x").private_key_pem.bytes()),
        "key", "does not belong to the certificate", id="another key",
    ),
    pytest.param(lambda tls: tls.key.write_text(ENCRYPTED_KEY), "key", "is encrypted", id="encrypted key"),
    pytest.param(lambda tls: tls.key.write_bytes(b" " * 1024**2 + b"x"), "key", "is larger than", id="too large"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "name", "message"), SPOILED)
def test_a_file_that_cannot_be_used_is_named(
    tls: ApiTlsSettings, tmp_path: Path, spoil: Spoil, name: str, message: str
) -> None:
    copied = ApiTlsSettings(certificate=tmp_path / "cert.pem", key=tmp_path / "key.pem")
    copied.certificate.write_bytes(tls.certificate.read_bytes())
    copied.key.write_bytes(tls.key.read_bytes())
    spoil(copied)
    with pytest.raises(ConfigError, match=f"^{re.escape(f'`api.tls.{name}`: ')}.*{message}"):
        server_credentials(copied)


def test_a_certificate_with_words_around_it_is_read(tls: ApiTlsSettings, tmp_path: Path) -> None:
    copied = ApiTlsSettings(certificate=tmp_path / "cert.pem", key=tls.key)
    copied.certificate.write_text(f"Für unseren Dienst\n{tls.certificate.read_text()}")
    assert server_credentials(copied)
