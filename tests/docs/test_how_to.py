"""What the how-to pages show works."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from obelisk.api.tokens import token_hash
from obelisk.cli.main import cli
from obelisk.config.load import config_from_text
from obelisk.config.log_settings import ConsoleLogSettings
from obelisk.errors import RequestDeniedError
from obelisk.interfaces.sandbox import ReplaceIn, SandboxSettings
from obelisk.plugins import Plugins
from obelisk.wasm.wasi.http.policy import AllowLists
from obelisk.wasm.wasi.http.target import parse_target
from tests.docs.fences import Language, blocks_of


@pytest.fixture
def lists(repository: Path) -> AllowLists:
    """The lists of the page on outgoing HTTP."""
    (toml,) = blocks_of(repository / "docs/how-to/outgoing-http.md", Language.TOML)
    config = config_from_text(toml, plugins=Plugins.load(environ={}), base=repository, environ={"HOME": "/h"})
    (component,) = config.components
    assert isinstance(component.settings, SandboxSettings)
    return AllowLists(component.settings.allowed_host, config.kernel.outbound_http.allowed_host)


def test_the_pair_of_lists_lets_the_secret_into_a_header(lists: AllowLists):
    grant = lists.check(parse_target("GET", "https", "api.example.com", "/v1/orders?open"))
    assert grant.secrets == {("API_KEY", ReplaceIn.HEADERS)}


def test_a_denial_reads_as_it_is_shown(lists: AllowLists, repository: Path):
    with pytest.raises(RequestDeniedError) as caught:
        lists.check(parse_target("GET", "https", "api.example.com", "/v2/x?y"))
    page = (repository / "docs/how-to/outgoing-http.md").read_text()
    assert str(caught.value) in page.replace("\n", " ")


def test_the_tables_of_the_servers_log_are_understood(repository: Path):
    (toml,) = blocks_of(repository / "docs/how-to/server-logs.md", Language.TOML)
    config = config_from_text(toml, plugins=Plugins.load(environ={}), base=repository, environ={"HOME": "/h"})
    assert config.kernel.log.console == ConsoleLogSettings()
    assert config.kernel.log.file is not None


def test_the_token_that_is_shown_has_the_hash_that_is_shown(repository: Path):
    path = repository / "docs/how-to/secure-the-api.md"
    page, (toml,) = path.read_text(), blocks_of(path, Language.TOML)
    config = config_from_text(toml, plugins=Plugins.load(environ={}), base=repository, environ={"HOME": "/h"})
    token = page.split("token       ", 1)[1].split("\n", 1)[0]
    assert page.count(token) == 2
    assert config.kernel.api.token_hashes == (token_hash(token),)
    assert config.kernel.api.tls is not None


def test_verify_tells_what_the_page_on_configurations_shows(repository: Path, tmp_path: Path):
    path = repository / "docs/how-to/write-a-configuration.md"
    page, toml = path.read_text(), blocks_of(path, Language.TOML)[1]
    (tmp_path / "obelisk.toml").write_text(toml)
    environ = {"OBELISK_DATA_DIR": str(tmp_path / "data"), "OBELISK_CACHE_DIR": str(tmp_path / "cache")}
    arguments = ["server", "verify", "--config", str(tmp_path / "obelisk.toml")]
    shown = CliRunner().invoke(cli, arguments, env=environ)
    expected = page.split("$ obelisk server verify\n", 1)[1].split("```", 1)[0]
    assert shown.stderr.replace(str(tmp_path), "/srv") == expected
    assert shown.exit_code == 1
