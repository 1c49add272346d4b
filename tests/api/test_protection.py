"""Which addresses need a token, and what is said of those that are left open."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from obelisk.api.protection import Protection, checked_protection
from obelisk.api.tokens import token_hash
from obelisk.config.model import ApiSettings, ApiTlsSettings
from obelisk.config.token_hash import TokenHash
from obelisk.errors import ConfigError
from obelisk.interfaces.settings import Size

HASHES = (TokenHash(token_hash("t")),)
EVERYWHERE = "0.0.0.0:5005"


def checked(address: str, *, allow: bool = False, **settings: Any) -> Protection:
    return checked_protection(ApiSettings(listening_addr=address, **settings), allow_unauthenticated=allow)


@pytest.fixture
def tls(tmp_path: Path) -> ApiTlsSettings:
    certificate = trustme.CA().issue_cert("localhost")
    settings = ApiTlsSettings(certificate=tmp_path / "cert.pem", key=tmp_path / "key.pem")
    certificate.private_key_and_cert_chain_pem.write_to_path(settings.certificate)
    certificate.private_key_pem.write_to_path(settings.key)
    return settings


@pytest.mark.parametrize(
    ("dates", "problem"),
    [
        (
            {"not_before": datetime(2019, 1, 1, tzinfo=UTC), "not_after": datetime(2020, 1, 1, tzinfo=UTC)},
            "has expired",
        ),
        (
            {"not_before": datetime(2600, 1, 1, tzinfo=UTC), "not_after": datetime(2601, 1, 1, tzinfo=UTC)},
            "is not valid yet",
        ),
    ],
)
def test_a_certificate_out_of_its_time_is_warned_of(
    tls: ApiTlsSettings, caplog: pytest.LogCaptureFixture, dates: dict[str, datetime], problem: str
) -> None:
    certificate = trustme.CA().issue_cert("localhost", **dates)
    certificate.cert_chain_pems[0].write_to_path(tls.certificate)
    certificate.private_key_pem.write_to_path(tls.key)
    checked("127.0.0.1:5005", tls=tls)
    (message,) = caplog.messages
    assert f"{tls.certificate} {problem}" in message


@pytest.mark.parametrize("address", ["127.0.0.1:5005", "localhost:0", "[::1]:5005"])
def test_on_this_machine_alone_no_token_is_needed(address: str, caplog: pytest.LogCaptureFixture) -> None:
    assert checked(address).tokens is None
    assert caplog.messages == []


@pytest.mark.parametrize("address", [EVERYWHERE, "[::]:5005", "10.0.0.1:5005", "obelisk.example.com:5005"])
def test_elsewhere_a_token_is_needed(address: str) -> None:
    with pytest.raises(ConfigError) as caught:
        checked(address)
    for part in (address, "api.token_hashes", "`obelisk generate token`", "`--allow-unauthenticated-api`"):
        assert part in str(caught.value)


def test_a_token_that_is_listed_is_needed_on_this_machine_too() -> None:
    tokens = checked("127.0.0.1:5005", token_hashes=HASHES).tokens
    assert tokens is not None
    assert tokens.accept("t")


def test_tokens_that_travel_unencrypted_are_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    assert checked(EVERYWHERE, token_hashes=HASHES).tokens is not None
    (message,) = caplog.messages
    assert "unencrypted" in message
    assert "api.tls" in message


def test_tokens_that_travel_encrypted_are_not_warned_of(tls: ApiTlsSettings, caplog: pytest.LogCaptureFixture) -> None:
    protection = checked(EVERYWHERE, token_hashes=HASHES, tls=tls)
    assert protection.credentials is not None
    assert caplog.messages == []


def test_everybody_may_call_when_the_operator_says_so(caplog: pytest.LogCaptureFixture) -> None:
    assert checked(EVERYWHERE, allow=True).tokens is None
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "--allow-unauthenticated-api" in caplog.text


def test_tokens_that_are_not_used_are_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    assert checked("127.0.0.1:5005", allow=True, token_hashes=HASHES).tokens is None
    assert "`api.token_hashes` is not used" in caplog.text


def test_the_limit_of_requests_is_the_one_of_the_settings() -> None:
    assert checked("127.0.0.1:5005", max_request_size=Size(77)).max_request_size == 77


def test_nothing_of_the_protection_is_shown(tls: ApiTlsSettings) -> None:
    shown = repr(checked(EVERYWHERE, token_hashes=HASHES, tls=tls))
    assert "PRIVATE KEY" not in shown
    assert HASHES[0].removeprefix("sha256:") not in shown
