"""``client log-level`` against a server that has no log of its own; ``tests/e2e`` has one that has."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result

from obelisk.cli.main import cli
from tests.api.served import Served
from tests.cli.commands import UNREACHABLE


def invoke(url: str, *arguments: str) -> Result:
    return CliRunner(env={"OBELISK_API_URL": url}).invoke(cli, ["client", "log-level", *arguments])


def test_no_log_is_no_line(server: Served):
    result = invoke(server.url)
    assert (result.exit_code, result.output) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("loud",), "error: `loud` is no filter of a log: expected a level, one of off, "),
        (("info",), "error: this server writes no log; switch on"),
        (("info", "--sink", "pipe"), "'pipe' is not one of 'console', 'file'"),
    ],
)
def test_a_wrong_argument_ends_with_two(server: Served, arguments: tuple[str, ...], message: str):
    result = invoke(server.url, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_a_server_that_is_not_there_ends_with_three():
    assert invoke(UNREACHABLE).exit_code == 3
