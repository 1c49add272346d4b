"""Registries, proxies and places to run commands in."""

from __future__ import annotations

import contextlib
import logging
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from obelisk_oci.pulling import Puller
from obelisk_oci.reference import Reference, parse_reference
from obelisk_oci.settings import OciSettings

from obelisk.clock import SystemClock
from obelisk.interfaces.provider import Host
from obelisk.interfaces.settings import Duration
from plugins.obelisk_oci.tests.proxy import Proxy, proxy_server
from plugins.obelisk_oci.tests.registry import HTPASSWD, Registry, StartRegistry, registries
from plugins.obelisk_oci.tests.serving import served
from plugins.obelisk_oci.tests.tokens import TokenServer, token_server
from plugins.obelisk_oci.tests.workplace import Workplace


@pytest.fixture(scope="session")
def start_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartRegistry]:
    with registries(lambda: tmp_path_factory.mktemp("registry")) as start:
        yield start


@pytest.fixture(scope="session")
def registry(start_registry: StartRegistry) -> Registry:
    """A registry that everybody may use, over plain HTTP. Tests use repositories of their own."""
    return start_registry()


@pytest.fixture(scope="session")
def guarded(start_registry: StartRegistry, tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """A registry that asks for a name and a password."""
    return start_registry(auth=htpasswd(tmp_path_factory))


@pytest.fixture(scope="session")
def guarded_tls(
    start_registry: StartRegistry, tls: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Registry:
    """A registry over TLS that asks for a name and a password."""
    return start_registry(auth=htpasswd(tmp_path_factory), tls=tls)


def htpasswd(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("htpasswd") / "htpasswd"
    path.write_text(HTPASSWD)
    return {"htpasswd": {"realm": "tests", "path": str(path)}}


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture(scope="session")
def tls(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The registry's configuration for TLS with a certificate of the test's authority."""
    directory = tmp_path_factory.mktemp("tls")
    issued = authority.issue_cert("127.0.0.1", "localhost")
    certificate, key = directory / "cert.pem", directory / "key.pem"
    certificate.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    return {"certificate": str(certificate), "key": str(key)}


@pytest.fixture(scope="session")
def tls_registry(start_registry: StartRegistry, tls: dict[str, str]) -> Registry:
    """A registry over TLS."""
    return start_registry(tls=tls)


@pytest.fixture
def tokens() -> TokenServer:
    return TokenServer()


@pytest.fixture
def token_registry(start_registry: StartRegistry, tokens: TokenServer, tmp_path: Path) -> Iterator[Registry]:
    """A registry that asks for tokens of ``tokens``."""
    with served(token_server(tokens)) as server:
        yield start_registry(auth=tokens.auth(f"http://{server.host}/token", tmp_path))


@pytest.fixture
def proxied() -> Iterator[Callable[[Registry], tuple[Proxy, str]]]:
    """Put a proxy in front of a registry; returns it and its host."""
    with contextlib.ExitStack() as stack:

        def make(target: Registry) -> tuple[Proxy, str]:
            proxy = Proxy(target.host)
            return proxy, stack.enter_context(served(proxy_server(proxy))).host

        yield make


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """What the engine hands to the plugin, with an environment that knows nobody's credentials."""
    environ = {"HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"]}
    return Host(
        SystemClock(), random.Random(1).randbytes, tmp_path, tmp_path / "cache", logging.getLogger("t"), environ
    )


QUICK = OciSettings(max_retries=2, retry_exp_backoff=Duration(milliseconds=5), timeout=Duration(seconds=10))


@pytest.fixture
def puller(host: Host) -> Puller:
    """Pulls with few and quick retries."""
    return Puller(QUICK, host)


@pytest.fixture
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """A directory with a configuration, and commands and servers in it."""
    place = Workplace(tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("home"))
    yield place
    place.close()


@pytest.fixture
def name(registry: Registry, request: pytest.FixtureRequest) -> Reference:
    """A reference in the registry that no other test uses."""
    return named(registry.host, request)


@pytest.fixture
def name_in(request: pytest.FixtureRequest) -> Callable[[Registry | str], Reference]:
    """Return a reference at some host that no other test uses."""
    return lambda at: named(at if isinstance(at, str) else at.host, request)


def named(host: str, request: pytest.FixtureRequest) -> Reference:
    letters = "".join(letter if letter.isalnum() else "-" for letter in request.node.name.lower())
    return parse_reference(f"oci://{host}/tests/{'-'.join(filter(None, letters.split('-')))[:100].strip('-')}:1")
