"""The directories of a component, from the configuration to the runs."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from obelisk.api.verifying import verify
from obelisk.config.load import config_from_text
from obelisk.config.model import Config
from obelisk.errors import ComponentError, ConfigError
from obelisk.ids import ExecutionId
from obelisk.interfaces.sandbox import Mount
from obelisk.plugins import Plugins
from obelisk.runtime.engine import Engine
from obelisk.wasm.wasi.filesystem.functions import FUNCTIONS
from obelisk.wasm.wasi.filesystem.mounts import open_mounts
from obelisk.wasm.wasi.setup import frozen_sandbox
from tests.core.replaying import ID, START
from tests.wasi.filesystem.listing import open_files
from tests.wasi.filesystem.mounted import open_mounted
from tests.wasi.probing import open_probe


def config(directory: Path, keys: str, *, location: str = "none.wasm") -> Config:
    toml = f'[storage]\nuse = "memory"\n[[activity_wasm]]\nname = "a"\nlocation = "{location}"\n{keys}\n'
    environ = {"OBELISK_DATA_DIR": str(directory / "data"), "OBELISK_CACHE_DIR": str(directory / "cache")}
    return config_from_text(toml, plugins=Plugins.load(environ={}), base=directory, environ=environ)


def mounts(config: Config) -> tuple[Mount, ...]:
    return config.components[0].settings.mount


# --- the configuration ------------------------------------------------------------------------------------------------


def test_a_relative_directory_starts_at_the_configurations(tmp_path):
    keys = '[[activity_wasm.mount]]\nhost = "shared"\nguest = "/data"\n'
    assert mounts(config(tmp_path, keys)) == (Mount(host=tmp_path / "shared", guest="/data", read_only=True),)


def test_an_absolute_directory_is_taken_as_it_is(tmp_path):
    keys = 'mount = [{ host = "/srv", guest = "/", read_only = false }]'
    assert mounts(config(tmp_path, keys)) == (Mount(host=Path("/srv"), guest="/", read_only=False),)


@pytest.mark.parametrize("guest", ["data", "", "/data/", "//data", "/a//b", "/a/./b", "/..", "/a/..", "./data"])
def test_a_path_that_is_not_absolute_and_plain_is_refused(tmp_path, guest):
    with pytest.raises(
        ConfigError, match=r"`activity_wasm\[a\].mount\[0\]`: `guest`: expected an absolute path"
    ) as raised:
        config(tmp_path, f'mount = [{{ host = "x", guest = "{guest}" }}]')
    assert f'found "{guest}"' in str(raised.value)


def test_a_path_that_is_mounted_twice_is_refused(tmp_path):
    keys = 'mount = [{ host = "x", guest = "/data" }, { host = "y", guest = "/data" }]'
    with pytest.raises(ConfigError, match=r"`activity_wasm\[a\]`: `mount`: the path `/data` is mounted 2 times"):
        config(tmp_path, keys)


def test_the_scratch_directory_cannot_be_mounted_over(tmp_path):
    keys = 'tmp = true\nmount = [{ host = "x", guest = "/tmp" }]'
    with pytest.raises(ConfigError, match="`/tmp` is the scratch directory of `tmp = true`"):
        config(tmp_path, keys)
    assert len(mounts(config(tmp_path, keys.replace("true", "false")))) == 1


def test_a_directory_below_another_may_be_mounted(tmp_path):
    paths = ["/tmp/x", "/data", "/data/z"]
    keys = "tmp = true\nmount = [" + ", ".join(f'{{ host = "x", guest = "{path}" }}' for path in paths) + "]"
    assert [mount.guest for mount in mounts(config(tmp_path, keys))] == paths


# --- the start --------------------------------------------------------------------------------------------------------


def problems(*wanted: Mount) -> str:
    before = open_files()
    with pytest.raises(ComponentError) as raised:
        open_mounts(wanted)
    assert open_files() == before
    return str(raised.value)


def test_every_directory_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "good").mkdir()
    names = ["gone", "good", "file"]
    assert problems(*(Mount(host=tmp_path / name, guest=f"/{name}") for name in names)) == (
        f"`mount[0].host`: {tmp_path}/gone does not exist; make the directory, or correct the path\n"
        f"`mount[2].host`: {tmp_path}/file is no directory"
    )


@pytest.mark.parametrize(
    ("may", "read_only", "problem"),
    [
        (0, True, "cannot be read by the server"),
        (os.R_OK | os.X_OK, False, "cannot be written by the server; make it writable, or set `read_only = true`"),
    ],
)
def test_a_directory_that_the_server_may_not_use_is_refused(tmp_path, monkeypatch, may, read_only, problem):
    monkeypatch.setattr(os, "access", lambda path, wanted, *, dir_fd: wanted & may == wanted)
    assert problems(Mount(host=tmp_path, guest="/x", read_only=read_only)) == f"`mount[0].host`: {tmp_path} {problem}"


async def test_the_start_ends_with_the_component_the_key_and_the_path(tmp_path, repository):
    location = repository / "tests" / "guests" / "values.wat"
    keys = 'mount = [{ host = "gone", guest = "/x" }]'
    message = f"component `a`: `mount[0].host`: {tmp_path}/gone does not exist"
    with pytest.raises(ComponentError, match=re.escape(message)):
        async with Engine(config(tmp_path, keys, location=str(location))):
            pass


async def test_verifying_a_configuration_checks_its_directories_too(tmp_path, repository):
    location = repository / "tests" / "guests" / "values.wat"
    with pytest.raises(ConfigError, match="gone does not exist"):
        await verify(config(tmp_path, 'mount = [{ host = "gone", guest = "/x" }]', location=str(location)))
    await verify(config(tmp_path, 'tmp = true\nmount = [{ host = ".", guest = "/x" }]', location=str(location)))
    assert not (tmp_path / "cache" / "scratch").exists()


def test_a_workflow_has_no_directories():
    sandbox = frozen_sandbox(ExecutionId(ID), START, lambda line: None)
    assert FUNCTIONS["wasi:filesystem/preopens.get-directories"](sandbox) == []


async def test_a_link_to_a_directory_may_be_mounted(wasi_probe, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_text("content")
    (tmp_path / "link").symlink_to("real")
    async with open_probe(wasi_probe, tmp_path, keys='mount = [{ host = "link", guest = "/data" }]') as probe:
        assert await probe.run('result = open("/data/file").read()') == "content"


async def test_a_guest_sees_no_scratch_directory_unless_it_was_given_one(wasi_probe, tmp_path):
    async with open_probe(wasi_probe, tmp_path, keys='mount = [{ host = ".", guest = "/data" }]') as probe:
        assert await probe.run("result = [path for _, path in preopens.get_directories()]") == ["/data"]


LEAKY = """
held = [made(str(number)) for number in range(20)] + [rw.read_directory(), made("s").read_via_stream(0)]
rw.create_directory_at("d")
held += [opened(rw, "d"), code(opened, rw, "gone"), code(opened, rw, "0", DIRECTORY), code(opened, rw, "d/../../x")]
rw.remove_directory_at("d")
result = None
"""


async def test_nothing_stays_open(wasi_probe, tmp_path):
    async with open_mounted(wasi_probe, tmp_path) as mounted:
        await mounted.run(LEAKY)
        before = len(open_files())
        for _ in range(5):
            await mounted.run(LEAKY)
        assert len(open_files()) < before + 25
    assert [number for number in open_files() if is_open_file_below(tmp_path, number)] == []


def is_open_file_below(directory: Path, number: str) -> bool:
    try:
        return str(Path(f"/proc/self/fd/{number}").readlink()).startswith(str(directory))
    except FileNotFoundError:
        return False
