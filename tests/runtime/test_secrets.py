"""Secrets are read from the environment, and taken out of it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from obelisk.config.load import config_from_text
from obelisk.config.model import SecretSettings
from obelisk.errors import ComponentError, ConfigError
from obelisk.interfaces.secrets import Secrets
from obelisk.plugins import Plugins
from obelisk.runtime.engine import make_host, open_deployment
from obelisk.runtime.secrets import taken_secrets

TABLE = {"API_KEY": SecretSettings("KEY_VARIABLE"), "AGAIN": SecretSettings("KEY_VARIABLE")}


def test_a_value_is_that_of_the_variable():
    with taken_secrets(TABLE, {"KEY_VARIABLE": "hunter2"}) as secrets:
        assert (secrets.value("API_KEY"), secrets.value("AGAIN")) == ("hunter2", "hunter2")
        assert secrets.names == ("API_KEY", "AGAIN")


def test_the_variable_is_gone_until_the_end():
    environ = {"KEY_VARIABLE": "hunter2", "OTHER": "1"}
    with taken_secrets(TABLE, environ):
        assert environ == {"OTHER": "1"}
    assert environ == {"KEY_VARIABLE": "hunter2", "OTHER": "1"}


def test_every_variable_that_is_missing_is_named():
    table = {"A": SecretSettings("NOT_SET"), "B": SecretSettings("EMPTY"), "C": SecretSettings("BROKEN")}
    environ = {"EMPTY": "", "BROKEN": "\udcff"}
    with pytest.raises(ConfigError) as caught, taken_secrets(table, environ):
        raise AssertionError("the secrets were read")
    assert str(caught.value).splitlines() == [
        "`secrets.A.env`: the variable `NOT_SET` is not set",
        "`secrets.B.env`: the variable `EMPTY` is empty, expected the secret",
        "`secrets.C.env`: the variable `BROKEN` is not UTF-8 text",
    ]
    assert environ == {"EMPTY": "", "BROKEN": "\udcff"}


def test_an_unknown_secret_is_named_with_those_there_are():
    with pytest.raises(ComponentError) as caught:
        Secrets({"API_KEY": "hunter2"}).value("API_KYE")
    assert "unknown secret `API_KYE`, known are `API_KEY`; add `API_KYE = { env =" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_value_is_not_shown_by_accident():
    secrets = Secrets({"API_KEY": "hunter2"})
    assert (repr(secrets), f"{secrets}") == ("Secrets(API_KEY)", "Secrets(API_KEY)")
    assert secrets.mask().text("the key is hunter2") == "the key is ***"


async def test_component_kinds_find_the_secrets_while_a_deployment_is_open(tmp_path: Path):
    environ = {"OBELISK_DATA_DIR": str(tmp_path), "OBELISK_CACHE_DIR": str(tmp_path), "KEY_VARIABLE": "hunter2"}
    toml = '[storage]\nuse = "memory"\n[secrets]\nAPI_KEY = { env = "KEY_VARIABLE" }\n'
    config = config_from_text(toml, plugins=Plugins.load(environ={}), base=tmp_path, environ=environ)
    assert "hunter2" not in repr(config)
    async with AsyncExitStack() as stack:
        await open_deployment(config, make_host(config), stack, environ=environ)
        assert "KEY_VARIABLE" not in environ
    assert environ["KEY_VARIABLE"] == "hunter2"
