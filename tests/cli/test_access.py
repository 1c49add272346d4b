"""How client commands reach a server that wants a token, or speaks TLS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from click.testing import CliRunner, Result

from obelisk.api.certificate import server_credentials
from obelisk.api.protection import Protection
from obelisk.api.tokens import Tokens, token_hash
from obelisk.cli.main import cli
from obelisk.config.model import ApiTlsSettings
from tests.api.calls import ID
from tests.api.fakes import created
from tests.api.served import Served, served

TOKEN = "obelisk_secret"
TOKENS = Tokens([token_hash(TOKEN)])


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trusted(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The file that ``--api-ca`` names."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture(scope="module")
def plain() -> Iterator[Served]:
    """A server that wants a token."""
    with served(Protection(tokens=TOKENS)) as server:
        server.run(server.engine.append(ID, created([10, 5])))
        server.run(server.engine.finish(ID))
        yield server


@pytest.fixture(scope="module")
def encrypted(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that wants a token and speaks TLS."""
    directory = tmp_path_factory.mktemp("tls")
    certificate = authority.issue_cert("127.0.0.1")
    tls = ApiTlsSettings(certificate=directory / "cert.pem", key=directory / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(tls.certificate)
    certificate.private_key_pem.write_to_path(tls.key)
    with served(Protection(tokens=TOKENS, credentials=server_credentials(tls))) as server:
        yield server


def run(url: str, *arguments: str, **environ: str) -> Result:
    command = arguments or ("execution", "list")
    return CliRunner(env={"OBELISK_API_TOKEN": None, "OBELISK_API_CA": None, "OBELISK_API_URL": url, **environ}).invoke(
        cli, command
    )


def listed(url: str, *options: str, **environ: str) -> Result:
    return run(url, "execution", "list", *options, **environ)


def assert_refused(result: Result, *parts: str, code: int = 2) -> None:
    """One message without the token."""
    assert (result.exit_code, result.stdout) == (code, ""), result.output
    assert result.stderr.startswith("error: ")
    assert TOKEN not in result.stderr
    for part in parts:
        assert part in result.stderr


def test_without_a_token_the_options_are_named(plain: Served) -> None:
    assert_refused(listed(plain.url), "missing or invalid API token", "--api-token", "OBELISK_API_TOKEN")


def test_a_wrong_token_is_refused(plain: Served) -> None:
    assert_refused(listed(plain.url, "--api-token", "obelisk_guess"), "missing or invalid API token")


@pytest.mark.parametrize(
    "command",
    [
        ("execution", "get", ID),
        ("execution", "get", ID, "--follow"),
        ("execution", "events", ID),
        ("component", "list"),
    ],
)
def test_every_kind_of_call_sends_the_token(plain: Served, command: tuple[str, ...]) -> None:
    result = run(plain.url, *command, OBELISK_API_TOKEN=TOKEN)
    assert (result.exit_code, result.stderr) == (0, "")
    assert_refused(run(plain.url, *command), "missing or invalid API token")


def test_the_token_may_be_an_option(plain: Served) -> None:
    assert listed(plain.url, "--api-token", TOKEN).exit_code == 0


def test_the_option_goes_before_the_variable(plain: Served) -> None:
    assert listed(plain.url, "--api-token", TOKEN, OBELISK_API_TOKEN="other").exit_code == 0
    assert listed(plain.url, "--api-token", "other", OBELISK_API_TOKEN=TOKEN).exit_code == 2


def test_the_options_may_stand_before_the_command(plain: Served) -> None:
    assert run(plain.url, "client", "execution", "--api-token", TOKEN, "list").exit_code == 0


@pytest.mark.parametrize("around", ["{} ", " {}", "{}\n", "{}\x00", "{}é", "{}\u2026", "a {}"])
def test_a_token_that_cannot_be_sent_is_refused(plain: Served, around: str) -> None:
    assert_refused(listed(plain.url, "--api-token", around.format(TOKEN)), "the API token holds")


def test_an_empty_token_is_refused(plain: Served) -> None:
    assert_refused(listed(plain.url, "--api-token", ""), "the API token is empty")


def test_an_empty_variable_is_no_token(plain: Served) -> None:
    assert_refused(listed(plain.url, OBELISK_API_TOKEN=""), "missing or invalid API token")


def test_a_token_that_leaves_the_machine_unencrypted_is_warned_of(plain: Served) -> None:
    result = listed(plain.url.replace("127.0.0.1", "0.0.0.0"), OBELISK_API_TOKEN=TOKEN)
    assert result.exit_code == 0
    assert result.stderr.startswith("warning: the API token goes to http://0.0.0.0:")
    assert TOKEN not in result.stderr


def test_without_a_token_there_is_nothing_to_warn_of(plain: Served) -> None:
    result = listed(plain.url.replace("127.0.0.1", "0.0.0.0"))
    assert "warning" not in result.stderr


def test_a_server_with_tls_is_reached(encrypted: Served, trusted: str) -> None:
    result = listed(encrypted.url, "--api-ca", trusted, OBELISK_API_TOKEN=TOKEN)
    assert (result.exit_code, result.stderr) == (0, "")


def test_the_authorities_may_come_from_a_variable(encrypted: Served, trusted: str) -> None:
    assert listed(encrypted.url, OBELISK_API_CA=trusted, OBELISK_API_TOKEN=TOKEN).exit_code == 0


def test_a_certificate_that_nobody_vouches_for_is_refused(encrypted: Served) -> None:
    assert_refused(listed(encrypted.url, OBELISK_API_TOKEN=TOKEN), encrypted.url, "--api-ca", code=3)


def test_a_certificate_of_another_name_is_refused(encrypted: Served, trusted: str) -> None:
    url = encrypted.url.replace("127.0.0.1", "localhost")
    assert_refused(listed(url, "--api-ca", trusted, OBELISK_API_TOKEN=TOKEN), url, code=3)


def test_a_server_without_tls_is_told_from_one_that_is_not_there(plain: Served) -> None:
    url = plain.url.replace("http://", "https://")
    assert_refused(listed(url, OBELISK_API_TOKEN=TOKEN), url, "does it speak TLS", code=3)


def test_authorities_that_are_not_there_are_named(encrypted: Served, tmp_path: Path) -> None:
    assert_refused(listed(encrypted.url, "--api-ca", str(tmp_path / "none.pem")), "none.pem: No such file", "--api-ca")


@pytest.mark.parametrize(
    "content", [b"", b"\xff" * 50, b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_file_without_authorities_is_refused(encrypted: Served, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ca.pem").write_bytes(content)
    assert_refused(listed(encrypted.url, "--api-ca", str(tmp_path / "ca.pem")), "holds no certificate")


def test_authorities_for_a_plain_url_are_a_mistake(plain: Served, trusted: str) -> None:
    assert_refused(listed(plain.url, "--api-ca", trusted, OBELISK_API_TOKEN=TOKEN), "--api-ca", "https://", plain.url)


def test_a_variable_with_authorities_does_not_hinder_a_plain_url(plain: Served, trusted: str) -> None:
    assert listed(plain.url, OBELISK_API_CA=trusted, OBELISK_API_TOKEN=TOKEN).exit_code == 0


@pytest.mark.parametrize("url", ["http://me:{}@127.0.0.1:1", "https://{}@127.0.0.1", "http://127.0.0.1:1/{}@x"])
def test_an_url_with_a_password_is_refused_and_not_shown(url: str) -> None:
    assert_refused(listed(url.format(TOKEN)), "no user and no password")


def test_an_unexpected_error_does_not_show_the_token(plain: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise KeyError("surprise")

    monkeypatch.setattr("obelisk.cli.connection.ExecutionRepositoryStub", broken)
    assert_refused(listed(plain.url, OBELISK_API_TOKEN=TOKEN), "surprise", code=1)
