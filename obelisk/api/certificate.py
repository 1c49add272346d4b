"""The certificate of a server, checked before anything listens."""

from __future__ import annotations

import ssl
from pathlib import Path

import grpc

from obelisk.config.model import ApiTlsSettings
from obelisk.errors import ConfigError

MAX_FILE_BYTES = 1024 * 1024


def server_credentials(tls: ApiTlsSettings) -> grpc.ServerCredentials:
    """Return what a gRPC server shows to its clients.

    Raises ``ConfigError`` that names the key whose file cannot be read, is not PEM, or does not fit the other one.
    """
    chain = _read(tls.certificate, "certificate")
    key = _read(tls.key, "key")
    _check_certificate(chain, tls.certificate)
    _check_pair(tls)
    return grpc.ssl_server_credentials([(key, chain)])


def _read(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise _problem(name, f"cannot read {path}: {error.strerror or error}") from error
    if len(content) > MAX_FILE_BYTES:
        raise _problem(name, f"{path} is larger than {MAX_FILE_BYTES} bytes, expected a PEM file")
    return content


def _check_certificate(chain: bytes, path: Path) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=chain.decode("ascii", "ignore"))
    except (ssl.SSLError, ValueError) as error:
        raise _problem("certificate", f"{path} holds no certificate, expected PEM with `BEGIN CERTIFICATE`") from error


def _check_pair(tls: ApiTlsSettings) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls.certificate, tls.key, password=_no_password)
    except _EncryptedKeyError as error:
        raise _problem("key", f"{tls.key} is encrypted, expected a private key without a password") from error
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise _problem("key", f"{tls.key} does not belong to the certificate {tls.certificate}") from error
        raise _problem("key", f"{tls.key} holds no private key, expected PEM with `BEGIN PRIVATE KEY`") from error
    except OSError as error:
        raise _problem("key", f"cannot use {tls.key}: {error.strerror or error}") from error


class _EncryptedKeyError(Exception):
    """A key asks for a password; without one at hand the person at the terminal would be asked."""


def _no_password() -> str:
    raise _EncryptedKeyError


def _problem(name: str, message: str) -> ConfigError:
    return ConfigError(f"`api.tls.{name}`: {message}")
