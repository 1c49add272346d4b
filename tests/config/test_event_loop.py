"""The event loop that a server runs on."""

from __future__ import annotations

from pathlib import Path

import pytest

from obelisk.config.load import config_from_text
from obelisk.config.model import Config
from obelisk.errors import ConfigError
from obelisk.plugins import Plugins


def read(text: str, base: Path) -> Config:
    return config_from_text(text, plugins=Plugins.load(), base=base, environ={"HOME": str(base)})


def test_the_loop_is_that_of_asyncio_unless_another_is_asked_for(tmp_path: Path):
    config = read("", tmp_path)
    assert config.kernel.server.event_loop.factory is None


def test_a_loop_that_is_not_installed_is_an_error_that_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("obelisk.config.event_loop.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install obelisk\[uvloop\]"):
        read('server.event_loop = "uvloop"', tmp_path)


def test_a_loop_that_does_not_exist_is_an_error_that_lists_those_that_do(tmp_path: Path):
    with pytest.raises(ConfigError, match="asyncio") as caught:
        read('server.event_loop = "fast"', tmp_path)
    assert "uvloop" in str(caught.value)
