"""The API of a real server at an address that other machines can reach."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from tests.api.raw_call import raw_call
from tests.e2e.conftest import MakeWorld
from tests.e2e.process import Ended, Server
from tests.e2e.rpc import FIBOA
from tests.e2e.test_bad_start import assert_refused
from tests.e2e.test_webhooks import FUNCTION, SERVER, base_url
from tests.e2e.world import World, fibo

pytestmark = pytest.mark.timeout(60)

EVERYWHERE = {"OBELISK__API__LISTENING_ADDR": "0.0.0.0:0"}
SUBMIT = ("execution", "submit", FIBOA, "[10, 3]", "--follow", "--json")
LIST = ("execution", "list", "--json")


@dataclass(frozen=True)
class Guarded:
    """A server with TLS and a token, at every address of the machine."""

    world: World
    server: Server
    authorities: Path
    token: str
    token_hash: str

    def client(self, *arguments: str, **variables: str) -> Ended:
        """Run a client command against it, without a token unless ``variables`` hold one."""
        port = self.server.address.rpartition(":")[2]
        url = f"https://127.0.0.1:{port}"
        return self.world.run("client", *arguments, **{"OBELISK_API_URL": url, **variables})


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Guarded]:
    world = World(tmp_path_factory.mktemp("guarded"), cache, fibo() + SERVER + FUNCTION)
    world.env |= EVERYWHERE
    made = world.run("generate", "token", "--json").last
    authority, authorities = trustme.CA(), world.directory / "ca.pem"
    authority.cert_pem.write_to_path(authorities)
    certificate = authority.issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(world.directory / "cert.pem")
    certificate.private_key_pem.write_to_path(world.directory / "key.pem")
    api = f'log.console.level = "debug"\n[api]\ntoken_hashes = ["{made["token_hash"]}"]\n'
    tls = 'tls = { certificate = "cert.pem", key = "key.pem" }\n'
    world.config.write_text(api + tls + world.config.read_text())
    try:
        yield Guarded(world, world.start(), authorities, **made)
    finally:
        world.close()


def test_who_has_the_token_and_trusts_the_certificate_is_served(guarded: Guarded) -> None:
    ended = guarded.client(*SUBMIT, OBELISK_API_TOKEN=guarded.token, OBELISK_API_CA=str(guarded.authorities))
    assert (ended.code, ended.stderr) == (0, "")
    assert ended.last["result"] == {"ok": 55}


def test_options_do_what_the_variables_do(guarded: Guarded) -> None:
    ended = guarded.client(*LIST, "--api-token", guarded.token, "--api-ca", str(guarded.authorities))
    assert (ended.code, ended.stderr) == (0, "")


def test_who_has_no_token_is_not_served(guarded: Guarded) -> None:
    ended = guarded.client(*SUBMIT, OBELISK_API_CA=str(guarded.authorities))
    assert (ended.code, ended.stdout) == (2, "")
    assert "missing or invalid API token" in ended.stderr


def test_who_does_not_trust_the_certificate_sends_nothing(guarded: Guarded) -> None:
    ended = guarded.client(*LIST, OBELISK_API_TOKEN=guarded.token)
    assert (ended.code, ended.stdout) == (3, "")
    (line,) = ended.stderr.splitlines()
    assert "--api-ca" in line


def test_a_webhook_is_called_without_a_token(guarded: Guarded) -> None:
    body = json.dumps({"n": 10, "iterations": 2}).encode()
    with urllib.request.urlopen(f"{base_url(guarded.server)}/functions/fiboa", data=body, timeout=30) as answer:
        assert (answer.status, answer.read()) == (200, b"55")


def test_the_log_holds_no_token(guarded: Guarded) -> None:
    for token in (guarded.token, "obelisk_wrong"):
        guarded.client(*LIST, OBELISK_API_TOKEN=token, OBELISK_API_CA=str(guarded.authorities))
        assert token not in guarded.server.log
    assert "Traceback" not in guarded.server.log


async def test_a_header_that_is_no_text_is_refused_and_not_logged(make_world: MakeWorld) -> None:
    world = make_world(f'api.token_hashes = ["sha256:{"0" * 64}"]', tables="")
    server = await asyncio.to_thread(world.start)
    answer = await raw_call(
        server.address, "/obelisk.ExecutionRepository/Submit", [(b"authorization", b"Bearer ab\xff")]
    )
    assert b"missing or invalid API token" in answer
    assert await asyncio.to_thread(server.stop) == 0
    assert "Bearer" not in server.log
    assert "Traceback" not in server.log


@pytest.mark.parametrize("command", ["run", "verify"])
def test_without_a_token_a_server_that_others_reach_does_not_start(make_world: MakeWorld, command: str) -> None:
    world = make_world()
    ended = world.run("server", command, "--config", str(world.config), **EVERYWHERE)
    assert_refused(ended, "0.0.0.0:0", "`obelisk generate token`", "--allow-unauthenticated-api")
    assert not world.data_dir.exists()


def test_everybody_is_served_when_the_operator_says_so(make_world: MakeWorld) -> None:
    world = make_world(tables="")
    world.env |= EVERYWHERE
    server = world.start("--allow-unauthenticated-api")
    assert world.client(server, *LIST).code == 0
    assert "everybody who reaches `0.0.0.0:0` may use the API" in server.log


def test_a_server_whose_certificate_cannot_be_used_does_not_start(make_world: MakeWorld) -> None:
    world = make_world('api.tls = { certificate = "cert.pem", key = "key.pem" }')
    assert_refused(world.run_server(), "api.tls.certificate", str(world.directory / "cert.pem"), "No such file")
    assert not world.data_dir.exists()
