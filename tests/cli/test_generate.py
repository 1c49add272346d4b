"""Tokens from the command line."""

from __future__ import annotations

import json

from click.testing import CliRunner

from obelisk.api.tokens import Tokens, token_hash
from obelisk.cli.main import cli
from obelisk.config.token_hash import parse_token_hash


def generated(*options: str) -> str:
    result = CliRunner().invoke(cli, ["generate", "token", *options])
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def test_a_token_and_its_hash_are_printed() -> None:
    pairs = dict(line.split() for line in generated().splitlines())
    assert [*pairs] == ["token", "token_hash"]
    assert Tokens([parse_token_hash(pairs["token_hash"])]).accept(pairs["token"])


def test_a_token_and_its_hash_are_printed_as_json() -> None:
    (line,) = generated("--json").splitlines()
    made = json.loads(line)
    assert made == {"token": made["token"], "token_hash": token_hash(made["token"])}


def test_no_token_is_made_twice() -> None:
    assert generated() != generated()
