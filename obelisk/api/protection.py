"""What stands between the API and those who can reach its address."""

from __future__ import annotations

import logging

import grpc
from msgspec import Struct

from obelisk.api.certificate import out_of_date, server_credentials
from obelisk.api.loopback import is_loopback
from obelisk.api.tokens import Tokens
from obelisk.config.model import DEFAULT_MAX_REQUEST_SIZE, ApiSettings, ApiTlsSettings
from obelisk.errors import ConfigError

_log = logging.getLogger("obelisk.api")


class Protection(Struct, frozen=True, kw_only=True):
    """How a server is protected.

    * ``tokens``: those that callers have to show one of; ``None``: everybody may call.
    * ``credentials``: what clients are shown by TLS; ``None``: the connection is not encrypted.
    * ``max_request_size``: bytes of a request.
    """

    tokens: Tokens | None = None
    credentials: grpc.ServerCredentials | None = None
    max_request_size: int = DEFAULT_MAX_REQUEST_SIZE


def checked_protection(settings: ApiSettings, *, allow_unauthenticated: bool) -> Protection:
    """Return the protection that ``settings`` ask for, and warn of what it leaves open.

    Raises ``ConfigError`` when other machines could call without a token, unless ``allow_unauthenticated``, and for TLS
    files that cannot be used.
    """
    local = is_loopback(settings.listening_addr.rpartition(":")[0])
    if not (local or settings.token_hashes or allow_unauthenticated):
        raise ConfigError(
            f"`api.listening_addr`: other machines can reach `{settings.listening_addr}`, and `api.token_hashes` is empty:"
            " make a token with `obelisk generate token` and list its hash there, listen at a loopback address, or let"
            " everybody call with `--allow-unauthenticated-api`"
        )
    credentials = None if settings.tls is None else _credentials(settings.tls)
    tokens = None if allow_unauthenticated or not settings.token_hashes else Tokens(settings.token_hashes)
    if not local:
        _warn(settings.listening_addr, calls_need_tokens=tokens is not None, encrypted=credentials is not None)
    if allow_unauthenticated and settings.token_hashes:
        _log.warning("`api.token_hashes` is not used: `--allow-unauthenticated-api` was given")
    return Protection(tokens=tokens, credentials=credentials, max_request_size=settings.max_request_size)


def _credentials(tls: ApiTlsSettings) -> grpc.ServerCredentials:
    credentials = server_credentials(tls)
    problem = out_of_date(tls)
    if problem is not None:
        _log.warning("`api.tls.certificate`: %s %s, so that clients refuse it: renew it", tls.certificate, problem)
    return credentials


def _warn(address: str, *, calls_need_tokens: bool, encrypted: bool) -> None:
    if not calls_need_tokens:
        _log.warning("everybody who reaches `%s` may use the API: `--allow-unauthenticated-api` was given", address)
    elif not encrypted:
        _log.warning(
            "tokens come to `%s` unencrypted: set `api.tls`, unless what stands in front of the server encrypts",
            address,
        )
