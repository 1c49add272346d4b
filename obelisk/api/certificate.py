"""The certificate of a server, checked before anything listens."""

from __future__ import annotations

import contextlib
import ssl
from pathlib import Path

import grpc

from obelisk.config.model import ApiTlsSettings
from obelisk.errors import ConfigError

MAX_FILE_BYTES = 1024 * 1024
OUT_OF_DATE = {9: "is not valid yet", 10: "has expired"}
"""What OpenSSL's codes for certificates mean whose time has not come, or is over (X509_STORE_CTX_get_error(3))."""


def server_credentials(tls: ApiTlsSettings) -> grpc.ServerCredentials:
    """Return what a gRPC server shows to its clients.

    Raises ``ConfigError`` that names the key whose file cannot be read, is not PEM, or does not fit the other one.
    """
    chain = _read(tls.certificate, "certificate")
    key = _read(tls.key, "key")
    _check_certificate(chain, tls.certificate)
    _check_pair(tls)
    return grpc.ssl_server_credentials([(key, chain)])


def out_of_date(tls: ApiTlsSettings) -> str | None:
    """Return what is wrong with the time of a certificate that was checked, ``None`` when it is valid now.

    The standard library shows no dates of a certificate that nobody vouches for. So a client that trusts this very one
    shakes hands with it, in memory.
    """
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tls.certificate, tls.key)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    client.load_verify_locations(tls.certificate)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(back, there)
    answering = server.wrap_bio(there, back, server_side=True)
    try:
        for side in (asking, answering, asking):
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
    except ssl.SSLCertVerificationError as error:
        return OUT_OF_DATE.get(error.verify_code)
    return None


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
