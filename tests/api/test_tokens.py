"""Tokens and their hashes."""

from __future__ import annotations

import hashlib

import pytest

from obelisk.api.loopback import is_loopback
from obelisk.api.tokens import TOKEN_RANDOM_BYTES, Tokens, new_token, token_hash
from obelisk.config.token_hash import HASH_OF_NOTHING, parse_token_hash

RANDOM = bytes(range(TOKEN_RANDOM_BYTES))


def test_a_token_holds_all_of_its_randomness_in_letters_that_a_shell_leaves_alone() -> None:
    assert new_token(RANDOM) == "obelisk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"


def test_a_hash_is_what_sha256sum_prints() -> None:
    assert token_hash("abc") == f"sha256:{hashlib.sha256(b'abc').hexdigest()}"
    assert token_hash("") == HASH_OF_NOTHING


def test_no_token_is_accepted_where_none_is_listed() -> None:
    assert not Tokens([]).accept("")
    assert not Tokens([]).accept("abc")


def test_a_hash_in_capital_letters_is_the_same_hash() -> None:
    assert Tokens([parse_token_hash(token_hash("abc").upper().replace("SHA", "sha"))]).accept("abc")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.9.8.7", "[::1]", "::1", "localhost", "LocalHost", "::ffff:127.0.0.1"]
)
def test_a_host_that_is_this_machine_alone(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "0.0.0.0",
        "[::]",
        "10.0.0.1",
        "0",
        "127.1",
        "example.com",
        "localhost.example.com",
        "",
        "::ffff:10.0.0.1",
        "[fe80::1]",
    ],
)
def test_a_host_that_may_be_reached_by_others(host: str) -> None:
    assert not is_loopback(host)
