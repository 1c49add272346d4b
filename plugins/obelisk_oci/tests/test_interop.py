"""Other tools pull what we pushed, and we pull what they pushed: the ``oras`` client and ``skopeo``."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import oras.client
import pytest
from obelisk_oci.pulling import Puller
from obelisk_oci.reference import PREFIX, Reference

from obelisk.interfaces.provider import Host
from plugins.obelisk_oci.tests.artifacts import digest_of, fibo, push_fibo
from plugins.obelisk_oci.tests.conftest import QUICK
from plugins.obelisk_oci.tests.registry import Registry
from plugins.obelisk_oci.tests.test_pulling import MAX
from tests.debian_programs import program, program_environment


def plain(reference: Reference) -> str:
    return str(reference).removeprefix(PREFIX)


def oras_client(reference: Reference) -> oras.client.OrasClient:
    return oras.client.OrasClient(hostname=reference.host, insecure=True)


def skopeo(*arguments: str) -> str:
    command = [*program("skopeo"), "--insecure-policy", *arguments]
    done = subprocess.run(command, env=program_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done
    return done.stdout


def test_oras_pulls_what_we_pushed(host: Host, name: Reference, tmp_path: Path) -> None:
    push_fibo(host, name, QUICK)
    (file,) = oras_client(name).pull(target=plain(name), outdir=str(tmp_path / "out"))
    assert Path(file).name == "fibo.wasm"
    assert Path(file).read_bytes() == fibo()


@pytest.mark.parametrize("layer_type", ["application/wasm", "application/vnd.wasm.content.layer.v1+wasm"])
def test_we_pull_what_oras_pushed(puller: Puller, name: Reference, tmp_path: Path, layer_type: str) -> None:
    path = tmp_path / "component.wasm"
    path.write_bytes(fibo())
    oras_client(name).push(target=plain(name), files=[f"{path}:{layer_type}"], disable_path_validation=True, quiet=True)
    assert puller.pull(name, max_size=MAX).content == fibo()


def test_skopeo_sees_what_we_pushed(host: Host, name: Reference) -> None:
    pinned = push_fibo(host, name, QUICK)
    raw = skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{plain(name)}")
    assert digest_of(raw.encode()) == pinned.digest
    config = json.loads(skopeo("inspect", "--config", "--raw", "--tls-verify=false", f"docker://{plain(name)}"))
    assert config["layerDigests"] == [digest_of(fibo())]


def test_skopeo_pulls_what_we_pushed(host: Host, name: Reference, tmp_path: Path) -> None:
    push_fibo(host, name, QUICK)
    skopeo("copy", "--src-tls-verify=false", f"docker://{plain(name)}", f"dir:{tmp_path / 'out'}")
    assert (tmp_path / "out" / digest_of(fibo()).removeprefix("sha256:")).read_bytes() == fibo()


def test_we_pull_what_skopeo_copied_to_another_registry(
    host: Host, name: Reference, start_registry, puller: Puller, tmp_path: Path
) -> None:
    pinned = push_fibo(host, name, QUICK)
    other: Registry = start_registry()
    layout = f"oci:{tmp_path / 'layout'}:1"
    skopeo("copy", "--src-tls-verify=false", f"docker://{plain(name)}", layout)
    skopeo("copy", "--dest-tls-verify=false", layout, f"docker://{other.host}/copied/fibo:1")
    pulled = puller.pull(Reference(other.host, "copied/fibo", "1"), max_size=MAX)
    assert pulled.content == fibo()
    assert pulled.reference.digest == pinned.digest
