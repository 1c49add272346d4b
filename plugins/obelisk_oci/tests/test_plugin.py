"""How the plugin is offered and configured."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from obelisk_oci import obelisk_register_component_source
from obelisk_oci.settings import OciSettings, wasm_directory

from obelisk.config.load import config_from_text
from obelisk.errors import ConfigError
from obelisk.plugins import Plugins

HEAVY = ("requests", "oras", "urllib3", "rich", "wasmtime", "tomlkit")


def test_the_source_is_offered_for_its_scheme() -> None:
    (provider,) = obelisk_register_component_source()
    assert (provider.name, provider.scheme, provider.settings) == ("oci", "oci", OciSettings)


@pytest.mark.parametrize(
    "statement", ["import obelisk_oci", "import obelisk_oci.commands", "import obelisk_oci.source"]
)
def test_listing_and_opening_the_plugin_imports_nothing_of_the_network(statement: str) -> None:
    program = f"import sys; {statement}; print([m for m in {HEAVY[:4]!r} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("arguments", [["--help"], ["component", "--help"], ["client", "component", "push", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import sys\nfrom obelisk.cli.main import cli\n"
        f"try:\n    cli({arguments!r})\nexcept SystemExit:\n    print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "[]"


def load(text: str, tmp_path: Path) -> OciSettings:
    environ = {"HOME": str(tmp_path), "OBELISK_CACHE_DIR": str(tmp_path / "cache")}
    config = config_from_text(text, plugins=Plugins.load(environ={}), base=tmp_path, environ=environ)
    (settings,) = [source.settings for source in config.sources if source.provider.name == "oci"]
    assert isinstance(settings, OciSettings)
    return settings


def test_the_cache_lies_in_the_cache_directory(tmp_path: Path) -> None:
    assert load("", tmp_path).wasm_directory == tmp_path / "cache" / "wasm"
    assert wasm_directory(OciSettings(), tmp_path) == tmp_path / "wasm"


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("max_parallel_pulls = 0", "max_parallel_pulls"),
        ("max_retries = -1", "max_retries"),
        ('timeout = "0s"', "timeout"),
        ('insecure_registries = ["http://a"]', "insecure_registries"),
        ("insecure = true", "insecure"),
    ],
)
def test_a_key_that_is_wrong_is_named(tmp_path: Path, key: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load(f"[oci]\n{key}\n", tmp_path)
