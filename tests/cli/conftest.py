"""A server with a fake engine behind it, and a way to run commands of ``client execution`` against it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from obelisk.cli.main import cli
from tests.api.served import Served, served
from tests.cli.commands import Time


@pytest.fixture
def server() -> Iterator[Served]:
    with served() as running:
        yield running


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def run(server: Served, time: Time) -> Any:
    def invoke(*arguments: str, stdin: str | bytes | None = None, url: str | None = None) -> Result:
        environment = {"OBELISK_API_URL": url or server.url}
        return CliRunner(env=environment).invoke(
            cli, ["client", "execution", *arguments], obj=time.timing(), input=stdin
        )

    return invoke
