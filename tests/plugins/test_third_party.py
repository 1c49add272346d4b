"""A storage in a package of its own: found by its entry point, used by its name."""

from __future__ import annotations

import json
import logging
import os
import subprocess
from pathlib import Path

from obelisk.clock import SystemClock
from obelisk.config.load import config_from_text
from obelisk.interfaces.provider import Host
from obelisk.interfaces.storage import Deployment
from obelisk.plugins import Origin, Plugins
from obelisk.testing.storage_samples import (
    RUN_FN,
    asked_delay,
    at,
    batch,
    cancelling,
    create,
    delay,
    execution,
    locked,
    made,
)
from obelisk.wasm.interpreter import interpreter_command

WRAPPING_STORE = '''
"""A storage that counts what is asked of the memory storage."""

from contextlib import asynccontextmanager

from msgspec import Struct

from obelisk import hookimpl
from obelisk.interfaces.provider import Provider


class CountingSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Counts.

    * ``label``: a text.
    """

    label: str = "counted"


class CountingStore:
    def __init__(self, inner, label):
        self.inner = inner
        self.label = label
        self.asked = []

    def __getattr__(self, name):
        self.asked.append(name)
        return getattr(self.inner, name)


@asynccontextmanager
async def _open(settings, host):
    from obelisk.builtin import memory_storage

    (provider,) = memory_storage.obelisk_register_storage()
    async with provider.open(provider.settings(), host) as inner:
        yield CountingStore(inner, settings.label)


@hookimpl
def obelisk_register_storage():
    return [Provider("counting", "Counts what is asked.", CountingSettings, _open)]
'''
CONFIGURATION = '[storage]\nuse = "counting"\n[counting]\nlabel = "mine"\n'


def install_counting(install) -> Path:
    return install("obelisk-counting", "obelisk_counting", WRAPPING_STORE, entry_point="counting")


def chosen_store(tmp_path: Path):
    plugins = Plugins.load(environ={})
    return config_from_text(CONFIGURATION, plugins=plugins, base=tmp_path, environ={"HOME": str(tmp_path)}).store


def test_a_plugin_is_found_by_its_entry_point(install):
    install_counting(install)
    (found,) = [info for info in Plugins.load(environ={}).infos if info.name == "counting"]
    assert found.origin is Origin.INSTALLED
    assert (found.distribution, found.version, found.offers) == ("obelisk-counting", "1.2.3", ("storage:counting",))


def test_its_table_is_checked_with_its_settings(install, tmp_path):
    install_counting(install)
    assert chosen_store(tmp_path).settings.label == "mine"


async def test_its_storage_is_used_by_name(install, tmp_path):
    install_counting(install)
    store = chosen_store(tmp_path)
    clock = SystemClock()
    host = Host(clock, os.urandom, tmp_path, tmp_path, logging.getLogger("test"))
    async with store.provider.open(store.settings, host) as storage:
        await storage.deployment(Deployment("Dep_00000000000000000000000000", "digest", clock.now()))
    assert storage.label == "mine"
    assert "deployment" in storage.asked


async def test_everything_of_the_interface_can_be_asked_of_it(install, tmp_path):
    install_counting(install)
    store = chosen_store(tmp_path)
    host = Host(SystemClock(), os.urandom, tmp_path, tmp_path, logging.getLogger("test"))
    asked = (asked_delay(), asked_delay(2), *cancelling())
    async with store.provider.open(store.settings, host) as storage:
        await storage.commit(batch(create(execution(), locked(), made(), *asked)))
        assert await storage.pause_delay(delay(), paused=True)
        assert [due.delay_id for due in await storage.due_delays(at(99), limit=10)] == [delay(2)]
        assert [held.execution_id for held in await storage.ending(limit=10)] == [execution()]
        assert await storage.unfinished_functions() == {RUN_FN: 1}
    assert {"commit", "pause_delay", "ending", "unfinished_functions"} <= set(storage.asked)


def test_the_command_line_lists_it(install):
    site = install_counting(install)
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])}
    command = [*interpreter_command(), "-m", "obelisk", "plugins", "--json"]
    printed = subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout
    names = [json.loads(line)["name"] for line in printed.splitlines()]
    assert "counting" in names


def test_a_broken_plugin_is_listed_with_the_reason(install):
    install("obelisk-broken", "obelisk_broken", "import nothing_of_this_name\n", entry_point="broken")
    (found,) = [info for info in Plugins.load(environ={}).infos if info.name == "broken"]
    assert found.origin is Origin.BROKEN
    assert "nothing_of_this_name" in (found.error or "")
