"""Lists of hosts that are wrong say where and why."""

from __future__ import annotations

import pytest

from obelisk.config.load import config_from_text
from obelisk.errors import ConfigError
from obelisk.plugins import Plugins

COMPONENT = '[[activity_wasm]]\nname = "a"\nlocation = "a.wasm"\n'
PATH = "host pattern must not contain a path"


@pytest.fixture
def load(tmp_path):
    plugins = Plugins.load(environ={})
    return lambda toml: config_from_text(toml, plugins=plugins, base=tmp_path, environ={"HOME": "/h"})


@pytest.mark.parametrize(
    ("table", "path"),
    [("activity_wasm", "activity_wasm[a].allowed_host[0]"), ("outbound_http", "outbound_http.allowed_host[0]")],
)
@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('pattern = "https://a.example/v1"', f"`pattern`: {PATH}, found `https://a.example/v1`"),
        ('pattern = "ftp://a"', "`pattern`: expected the scheme `http`, `https` or `*`, found `ftp`"),
        ('pattern = "a"\nrequest_url_regex = "("', "`request_url_regex`: expected a regular expression, found `(`"),
        ('pattern = "a"\nmethods = ["G T"]', "`methods`: expected methods such as `GET`, found `G T`"),
        ('pattern = "a"\nsecrets = ["K"]', "`replace_in`: expected at least one of `headers`, `params` and `body`"),
    ],
)
def test_a_wrong_entry_is_told_with_its_path(load, table: str, path: str, entry: str, message: str):
    with pytest.raises(ConfigError) as caught:
        load(f"{COMPONENT}[[{table}.allowed_host]]\n{entry}")
    assert f"`{path}`: {message}" in str(caught.value)


def test_methods_are_a_list_or_a_star(load):
    with pytest.raises(ConfigError) as caught:
        load('[[outbound_http.allowed_host]]\npattern = "a"\nmethods = "GET"')
    assert '`outbound_http.allowed_host[0].methods`: expected "*" or a list, each item text' in str(caught.value)


def test_a_secret_of_the_operators_list_has_to_be_there(load):
    with pytest.raises(ConfigError) as caught:
        load('[[outbound_http.allowed_host]]\npattern = "a"\nsecrets = ["K"]\nreplace_in = ["body"]')
    assert "`outbound_http.allowed_host[0].secrets`: found `K`, which `[secrets]` does not define" in str(caught.value)


def test_only_the_operator_may_allow_private_addresses(load):
    with pytest.raises(ConfigError, match="unknown key"):
        load(f'{COMPONENT}[[activity_wasm.allowed_host]]\npattern = "a"\nallow_private = true')
