"""The steps of the Dockerfile make an environment in which the server runs; nobody needs Docker for that."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.process import Server
from tests.free_addresses import free_addresses
from tests.packaging.dockerfile import Image, ignore_patterns, is_ignored, parse

CONFIG = """\
[[activity_wasm]]
name = "fibo"
location = "fibo_activity.wat"

[[workflow_wasm]]
name = "fibo-workflow"
location = "fibo_workflow.wat"
"""
MOUNT = "/etc/obelisk"
WRITABLE = ("/var/lib/obelisk", "/var/cache/obelisk")
OPERATOR = "OBELISK__OPERATOR__LISTENING_ADDR"
API = "OBELISK__API__LISTENING_ADDR"

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def instructions(repository: Path):
    return parse((repository / "Dockerfile").read_text())


@pytest.fixture(scope="module")
def image(repository: Path, instructions, wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The image, built in a directory."""
    made = Image(repository, tmp_path_factory.mktemp("image"), wheels)
    made.build(instructions)
    return made


@pytest.fixture
def mounted(image: Image, repository: Path) -> Iterator[Path]:
    """The directory of the configuration, with what a person mounted there."""
    directory = Path(image.inside(MOUNT))
    for name in ("fibo_activity.wat", "fibo_workflow.wat"):
        shutil.copy(repository / "examples" / "wat" / name, directory)
    (directory / "obelisk.toml").write_text(CONFIG)
    yield directory
    for path in directory.iterdir():
        path.unlink()


@pytest.fixture
def variables() -> dict[str, str]:
    """What a person sets in a container; ports of the image may be taken on this machine, where it has none of its own."""
    (operator,) = free_addresses(1)
    return {API: "127.0.0.1:0", OPERATOR: operator}


@pytest.fixture
def server(image: Image, mounted: Path, variables, tmp_path: Path) -> Iterator[Server]:
    """A server, started as a container starts it."""
    log = tmp_path / "server.log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            image.command, cwd=image.inside(image.workdir), env=image.environ(**variables),
            stdout=subprocess.PIPE, stderr=stderr,
        )  # fmt: skip
    started = Server(process, log)
    yield started
    started.close()


def files(root: Path) -> set[Path]:
    return {path for path in root.rglob("*") if not path.is_dir()}


def test_the_image_is_slim(instructions):
    stages = [instruction.text.partition(" AS ")[0] for instruction in instructions if instruction.name == "FROM"]
    assert stages
    assert all(stage.endswith("-slim") for stage in stages)


def test_the_server_is_not_root(image):
    user, _, group = image.notes["USER"].partition(":")
    assert int(user) > 0
    assert int(group) > 0


def test_what_the_server_writes_to_belongs_to_its_user(image, instructions):
    owners = {
        instruction.text.split()[-1]: instruction.options.get("chown")
        for instruction in instructions
        if instruction.name == "COPY"
    }
    assert {path for path, owner in owners.items() if owner == image.notes["USER"]} == set(WRITABLE)


def test_every_plugin_of_the_repository_is_in_the_image(image, repository):
    ended = image.shell("obelisk plugins --json")
    names = {json.loads(line)["distribution"] for line in ended.stdout.splitlines()}
    assert names == {"obelisk", *(path.name.replace("_", "-") for path in (repository / "plugins").glob("*_*"))}


def test_a_container_with_a_configuration_runs_a_workflow(image, server, variables):
    command = "obelisk client execution submit testing:fibo-workflow/workflow.fiboa '[10, 20]' --follow --json"
    ended = image.shell(command, OBELISK_API_URL=server.url)
    assert json.loads(ended.stdout.splitlines()[-1])["result"] == {"ok": 55}


def test_a_container_is_well_while_its_server_runs(image, server, variables):
    ended = image.shell(image.healthcheck, **variables)
    assert ended.returncode == 0, ended.stderr
    assert server.stop() == 0
    assert image.shell(image.healthcheck, **variables).returncode != 0


def test_a_server_writes_to_its_data_and_to_its_cache_only(image, server):
    before = files(image.root)
    assert server.stop() == 0
    written = files(image.root) - before
    places = tuple(image.inside(path) for path in WRITABLE)
    assert [path for path in written if not str(path).startswith(places)] == []
    assert any(Path(places[0]).rglob("*.sqlite"))


def test_a_container_without_a_configuration_says_what_it_wants(image, variables):
    ended = subprocess.run(
        image.command, cwd=image.inside(image.workdir), env=image.environ(**variables),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert image.inside(f"{MOUNT}/obelisk.toml") in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_context_has_what_is_built_and_nothing_else(repository, instructions):
    patterns = ignore_patterns(repository)
    copied = [i.text.split()[:-1] for i in instructions if i.name == "COPY" and "from" not in i.options]
    assert not [source for sources in copied for source in sources if is_ignored(source, patterns)]
    for path in (
        "tests/conftest.py",
        ".git/config",
        "plugins/obelisk_oci/tests/proxy.py",
        "obelisk/__pycache__/ids.pyc",
    ):
        assert is_ignored(path, patterns)
