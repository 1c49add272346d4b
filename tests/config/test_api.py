"""The `[api]` table."""

from __future__ import annotations

import pytest

from obelisk.config.token_hash import HASH_OF_NOTHING
from obelisk.errors import ConfigError

HASH = "sha256:" + "0123456789abcdef" * 4
TOKEN = "obelisk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"


def problem(load, text: str, **environ: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(text, **environ)
    return str(caught.value)


def test_hashes_of_tokens_are_read(load):
    assert load(f'api.token_hashes = ["{HASH}", "{HASH.upper().lower()}"]').kernel.api.token_hashes == (HASH, HASH)


def test_hashes_may_come_from_the_environment(load):
    assert load(OBELISK__API__TOKEN_HASHES=f'["{HASH}"]').kernel.api.token_hashes == (HASH,)


@pytest.mark.parametrize(
    "value",
    [
        f'["{TOKEN}"]',
        f'"{TOKEN}"',
        f'["{HASH}", "{TOKEN}"]',
        f'[["{TOKEN}"]]',
        f'{{ a = "{TOKEN}" }}',
        f'["sha256:{TOKEN}"]',
    ],
)
def test_a_token_in_the_place_of_its_hash_is_not_repeated(load, value):
    message = problem(load, f"api.token_hashes = {value}")
    assert "`obelisk generate token`" in message
    assert TOKEN not in message


def test_a_token_of_digits_in_the_place_of_a_hash_is_not_repeated(load):
    message = problem(load, "", OBELISK__API__TOKEN_HASHES="1234567890")
    assert "1234567890" not in message
    assert "`OBELISK__API__TOKEN_HASHES`" in message


def test_a_token_itself_has_no_place_in_the_configuration(load):
    message = problem(load, f'api.token = "{TOKEN}"')
    assert "did you mean `api.token_hashes`?" in message
    assert TOKEN not in message


@pytest.mark.parametrize(
    "value", [HASH[:-1], HASH + "0", HASH.removeprefix("sha256:"), HASH + "\\n", "", "sha256:" + "g" * 64]
)
def test_a_hash_that_is_none_is_refused(load, value):
    assert "`api.token_hashes[0]`: expected `sha256:` and 64 hexadecimal" in problem(
        load, f'api.token_hashes = ["{value}"]'
    )


def test_the_hash_of_no_token_at_all_is_refused(load):
    assert "empty token" in problem(load, f'api.token_hashes = ["{HASH_OF_NOTHING}"]')


def test_files_of_tls_lie_beside_the_configuration(load, tmp_path):
    tls = load('api.tls = { certificate = "cert.pem", key = "/etc/key.pem" }').kernel.api.tls
    assert (tls.certificate, str(tls.key)) == (tmp_path / "cert.pem", "/etc/key.pem")


def test_tls_needs_both_files(load):
    assert "`api.tls.key`: missing" in problem(load, 'api.tls = { certificate = "cert.pem" }')


@pytest.mark.parametrize("size", ["0", '"2GiB"', '"much"', "-1"])
def test_a_limit_of_requests_that_cannot_be_is_refused(load, size):
    assert "max_request_size" in problem(load, f"api.max_request_size = {size}")


def test_a_limit_of_requests_is_read(load):
    assert load('api.max_request_size = "1MiB"').kernel.api.max_request_size == 1024**2
