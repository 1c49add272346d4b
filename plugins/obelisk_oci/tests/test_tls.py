"""HTTPS, and where plain HTTP is allowed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from obelisk_oci.pulling import Puller
from obelisk_oci.registries import Registries
from obelisk_oci.settings import OciSettings

from obelisk.interfaces.provider import Host
from plugins.obelisk_oci.tests.artifacts import fibo, push_fibo
from plugins.obelisk_oci.tests.conftest import QUICK
from plugins.obelisk_oci.tests.registry import Registry
from plugins.obelisk_oci.tests.test_pulling import MAX, refused


def settings(**changes: object) -> OciSettings:
    return msgspec.structs.replace(QUICK, **changes)


def test_a_registry_with_a_certificate_of_ours_is_trusted(
    tls_registry: Registry, ca_file: Path, host: Host, name_in
) -> None:
    reference = name_in(tls_registry)
    push_fibo(host, reference, settings(ca_file=ca_file))
    pulled = Puller(settings(ca_file=ca_file), host).pull(reference, max_size=MAX)
    assert pulled.content == fibo()


def test_a_certificate_that_nobody_knows_never_leads_to_plain_http(
    tls_registry: Registry, puller: Puller, host: Host, name_in
) -> None:
    message = refused(puller, name_in(tls_registry), host)
    assert "is not trusted" in message
    assert "oci.ca_file" in message


def test_a_listed_registry_still_has_to_have_a_certificate_that_is_trusted(
    tls_registry: Registry, host: Host, name_in
) -> None:
    puller = Puller(settings(insecure_registries=(tls_registry.host,)), host)
    assert "is not trusted" in refused(puller, name_in(tls_registry), host)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_of_authorities_that_cannot_be_used_is_named(
    registry: Registry, host: Host, name_in, content: str | None
) -> None:
    path = host.data_dir / "ca.pem"
    if content is not None:
        path.write_text(content)
    message = refused(Puller(settings(ca_file=path), host), name_in(registry), host)
    assert "`oci.ca_file`" in message
    assert str(path) in message


def test_plain_http_is_for_this_machine_and_for_listed_registries(host: Host) -> None:
    shared = Registries(settings(insecure_registries=("Registry.lan:5000",)), host)
    assert [shared.may_send_plainly(name) for name in ("127.0.0.1:5000", "localhost", "registry.lan:5000")] == [
        True
    ] * 3
    assert [shared.may_send_plainly(name) for name in ("registry.lan", "registry.lan:80", "ghcr.io")] == [False] * 3


def test_every_other_registry_is_asked_by_https(host: Host) -> None:
    assert Registries(QUICK, host).scheme("ghcr.io") == "https"


def test_a_registry_on_this_machine_may_speak_either(
    registry: Registry, tls_registry: Registry, ca_file: Path, host: Host
) -> None:
    shared = Registries(settings(ca_file=ca_file), host)
    assert (shared.scheme(registry.host), shared.scheme(tls_registry.host)) == ("http", "https")
