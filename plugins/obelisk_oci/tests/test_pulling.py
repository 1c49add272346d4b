"""Which artifacts are pulled, and which are refused; against a real registry."""

from __future__ import annotations

import json

import pytest
from obelisk_oci.manifest import CREATED, METADATA, TITLE
from obelisk_oci.pulling import Puller
from obelisk_oci.reference import Reference
from obelisk_oci.settings import OciSettings, wasm_directory

from obelisk.errors import ComponentError
from obelisk.interfaces.provider import Host
from plugins.obelisk_oci.tests.artifacts import descriptor, digest_of, entry, fibo, padded, uploader
from plugins.obelisk_oci.tests.registry import Registry

MAX = 64 * 1024 * 1024
OLD_LAYERS = ("application/vnd.wasm.content.layer.v1+wasm", "application/vnd.module.wasm.content.layer.v1+wasm")


def kept(host: Host) -> list[str]:
    return sorted(path.name for path in host.cache_dir.rglob("*") if path.is_file())


def refused(puller: Puller, reference: Reference, host: Host, *, max_size: int = MAX) -> str:
    """Pull what is refused with one message that names the reference, and leaves nothing behind."""
    with pytest.raises(ComponentError) as raised:
        puller.pull(reference, max_size=max_size)
    assert f"`{reference}`" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert kept(host) == []
    return str(raised.value)


def test_a_bare_layer_of_any_tool_is_pulled(puller: Puller, name: Reference) -> None:
    digest = uploader(name).artifact("1", fibo(), config_type="application/vnd.unknown.config.v1+json")
    pulled = puller.pull(name, max_size=MAX)
    assert pulled.content == fibo()
    assert pulled.reference == name.pinned(digest)
    assert pulled.digest == digest_of(fibo())


@pytest.mark.parametrize("layer_type", OLD_LAYERS)
def test_layers_of_older_types_are_pulled(puller: Puller, name: Reference, layer_type: str) -> None:
    uploader(name).artifact("1", fibo(), layer_type=layer_type)
    assert puller.pull(name, max_size=MAX).content == fibo()


def test_of_an_index_the_manifest_for_wasm_is_pulled(puller: Puller, name: Reference) -> None:
    upload = uploader(name)
    other, wasm = upload.artifact("other", b"elf"), upload.artifact("wasm", fibo())
    index = upload.index(
        "1", entry(other, 1, architecture="amd64", os="linux"), entry(wasm, 1, architecture="wasm", os="wasip2")
    )
    pulled = puller.pull(name, max_size=MAX)
    assert (pulled.content, pulled.reference.digest) == (fibo(), index)


def test_a_pinned_index_is_found_in_the_cache(puller: Puller, host: Host, start_registry, name_in) -> None:
    own: Registry = start_registry()
    reference = name_in(own)
    upload = uploader(reference)
    index = upload.index("1", entry(upload.artifact("wasm", fibo()), 1, architecture="wasm", os="wasip2"))
    puller.pull(reference.pinned(index), max_size=MAX)
    own.stop()
    assert puller.pull(reference.pinned(index), max_size=MAX).content == fibo()
    assert len(kept(host)) == 3


def test_an_index_without_wasm_is_refused_with_what_it_has(puller: Puller, host: Host, name: Reference) -> None:
    upload = uploader(name)
    upload.index("1", entry(upload.artifact("x", b"elf"), 1, architecture="amd64", os="linux"))
    assert "`linux/amd64`" in refused(puller, name, host)


def test_a_pinned_artifact_is_pulled_whatever_its_tag_means_now(puller: Puller, name: Reference) -> None:
    upload = uploader(name)
    first = upload.artifact("1", fibo())
    upload.artifact("1", padded(1000))
    assert puller.pull(name.pinned(first), max_size=MAX).content == fibo()
    assert puller.pull(name, max_size=MAX).content == padded(1000)


def test_a_damaged_cache_is_repaired(puller: Puller, host: Host, name: Reference) -> None:
    pinned = name.pinned(uploader(name).artifact("1", fibo()))
    puller.pull(pinned, max_size=MAX)
    for path in host.cache_dir.rglob("sha256_*"):
        path.write_bytes(b"damaged")
    assert puller.pull(pinned, max_size=MAX).content == fibo()


def test_a_cache_that_cannot_be_read_is_told_with_the_reference(puller: Puller, host: Host, name: Reference) -> None:
    pinned = name.pinned("sha256:" + "0" * 64)
    (wasm_directory(OciSettings(), host.cache_dir) / "metadata" / f"sha256_{'0' * 64}.json").mkdir(parents=True)
    with pytest.raises(ComponentError, match=f"`{pinned}`: cannot read the pulled component"):
        puller.pull(pinned, max_size=MAX)


def test_a_tag_that_is_not_there_is_told(puller: Puller, host: Host, name: Reference) -> None:
    uploader(name).artifact("other", fibo())
    assert "no such tag or repository" in refused(puller, name, host)


def test_a_repository_that_is_not_there_is_told(puller: Puller, host: Host, name: Reference) -> None:
    assert "no such tag or repository" in refused(puller, name, host)


def test_a_digest_that_is_not_there_is_told(puller: Puller, host: Host, name: Reference) -> None:
    uploader(name).artifact("1", fibo())
    assert "no such tag or repository" in refused(puller, name.pinned("sha256:" + "0" * 64), host)


@pytest.mark.parametrize("at", ["registry.invalid", "127.0.0.1:1", "a" * 64 + ".com"])
def test_a_host_that_is_not_there_is_told(puller: Puller, host: Host, name_in, at: str) -> None:
    message = refused(puller, name_in(at), host)
    assert f"`{at}`" in message
    assert "reach" in message or "not known" in message


def test_an_artifact_of_another_kind_is_refused(puller: Puller, host: Host, name: Reference) -> None:
    uploader(name).artifact("1", b"tar", layer_type="application/vnd.oci.image.layer.v1.tar+gzip")
    assert "it is no WebAssembly: its layer is `application/vnd.oci.image.layer.v1.tar+gzip`" in refused(
        puller, name, host
    )


def test_two_layers_are_refused(puller: Puller, host: Host, name: Reference) -> None:
    uploader(name).artifact("1", fibo(), padded(10))
    assert "it has 2 layers, expected exactly one" in refused(puller, name, host)


def test_no_layer_is_refused(puller: Puller, host: Host, name: Reference) -> None:
    uploader(name).artifact("1")
    assert "it has 0 layers" in refused(puller, name, host)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\x7fELF....", "it is no component"), (b"\0asm\x01\0\0\0", "core WebAssembly module"), (b"", "nothing")],
)
def test_content_that_is_no_component_is_refused(
    puller: Puller, host: Host, name: Reference, content: bytes, said: str
) -> None:
    uploader(name).artifact("1", content)
    assert said in refused(puller, name, host)


def test_a_layer_beyond_the_limit_is_refused_and_not_read(puller: Puller, host: Host, name: Reference) -> None:
    uploader(name).artifact("1", padded(100_000))
    message = refused(puller, name, host, max_size=50_000)
    assert "more than `wasm.max_component_size`, 50000" in message


def test_a_cached_component_beyond_the_limit_is_refused_too(puller: Puller, name: Reference) -> None:
    pinned = name.pinned(uploader(name).artifact("1", padded(100_000)))
    puller.pull(pinned, max_size=MAX)
    with pytest.raises(ComponentError, match=r"wasm\.max_component_size"):
        puller.pull(pinned, max_size=50_000)


@pytest.mark.parametrize(
    "title",
    [
        "a\x9b31m.wasm",
        "a\u202emsaw.sh",
        "../../etc/passwd",
        "/etc/passwd",
        "a/../../b",
        "..",
        "a\\..\\b",
        "a\nb",
        "x" * 300,
    ],
)
def test_a_title_that_leads_elsewhere_is_refused(puller: Puller, host: Host, name: Reference, title: str) -> None:
    uploader(name).artifact("1", fibo(), title=title)
    assert "its title is" in refused(puller, name, host)
    uploader(name).artifact("1", fibo(), annotations={TITLE: title})
    assert "its title is" in refused(puller, name, host)


def test_what_is_pushed_follows_the_layout(puller: Puller, name: Reference, workplace) -> None:
    (workplace.directory / "f.wasm").write_bytes(fibo())
    workplace.write('[[activity_wasm]]\nname = "f"\nlocation = "f.wasm"\nmax_retries = 3\n')
    pushed = workplace.ok("component", "push", "f.wasm", str(name))
    pulled = puller.pull(name, max_size=MAX)
    assert str(pulled.reference) == pushed
    manifest = json.loads(puller.cache.manifest(pulled.reference.digest or "") or b"")
    assert manifest["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    assert manifest["config"]["mediaType"] == "application/vnd.wasm.config.v0+json"
    (layer,) = manifest["layers"]
    assert layer == {**descriptor("application/wasm", digest_of(fibo()), fibo()), "annotations": {TITLE: "f.wasm"}}
    assert manifest["annotations"][TITLE] == "f.wasm"
    assert manifest["annotations"][CREATED].endswith("Z")
    assert json.loads(manifest["annotations"][METADATA]) == {"component_type": "activity_wasm", "max_retries": 3}
    with client(puller, name) as asked:
        config = json.loads(asked.fetch_blob(pulled.manifest.config))
    assert config["created"] == manifest["annotations"][CREATED]
    assert (config["architecture"], config["os"], config["layerDigests"]) == ("wasm", "wasip2", [digest_of(fibo())])
    assert config["component"] == {"exports": ["testing:fibo/fibo"], "imports": [], "target": None}


def client(puller: Puller, reference: Reference):
    from obelisk_oci.client import PULL, RegistryClient

    return RegistryClient(reference, puller.registries(), puller.retrying(None), actions=PULL)
