"""Loading, refusing and listing plugins."""

from __future__ import annotations

import click
import pytest
from msgspec import Struct

from obelisk import hookimpl
from obelisk.cli.extending import Extending
from obelisk.cli.groups import OpenGroup
from obelisk.errors import PluginError
from obelisk.interfaces.provider import Provider
from obelisk.interfaces.sources import SourceProvider
from obelisk.plugins import EXTRAS, Origin, Plugins, find_plugins


class NoSettings(Struct, frozen=True):
    """Nothing to set."""


def storage(name: str):
    @hookimpl
    def obelisk_register_storage():
        return [Provider(name, "A store.", NoSettings, None)]

    return obelisk_register_storage


@hookimpl
def obelisk_register_component_source():
    return [SourceProvider("web", "web", "A source.", NoSettings, None)]


def load(*candidates, disabled=()):
    return Plugins(candidates, disabled=frozenset(disabled))


def info(plugins, name):
    return next(item for item in plugins.infos if item.name == name)


def test_what_a_plugin_offers_is_found_by_name(candidate):
    assert load(candidate("a", storage("here"))).storages.get("here").summary == "A store."


def test_offers_are_listed_in_the_order_of_the_plugins(candidate):
    plugins = load(candidate("a", storage("one")), candidate("b", storage("two")), candidate("c", storage("three")))
    assert plugins.storages.names == ("one", "two", "three")


def test_a_source_is_found_by_its_scheme(candidate):
    assert load(candidate("a", obelisk_register_component_source)).sources.get("web").name == "web"


def test_a_name_that_is_offered_twice_names_both_distributions(candidate):
    with pytest.raises(PluginError) as caught:
        load(candidate("a", storage("same")), candidate("b", storage("same")))
    assert "`same` is offered twice" in str(caught.value)
    assert "dist-a 1.0" in str(caught.value)
    assert "dist-b 1.0" in str(caught.value)


def test_two_plugins_of_one_name_name_both_distributions(candidate):
    with pytest.raises(PluginError, match="two plugins are named `a`, one from first and one from second"):
        load(candidate("a", distribution="first"), candidate("a", distribution="second"))


def test_a_misspelt_hook_breaks_its_plugin_and_the_nearest_is_named(candidate):
    @hookimpl
    def obelisk_register_storrage():
        return []

    plugins = load(candidate("a", obelisk_register_storrage, storage("mine")), candidate("b", storage("here")))
    assert info(plugins, "a").origin is Origin.BROKEN
    assert (
        info(plugins, "a").error == "`obelisk_register_storrage` is no hook, did you mean `obelisk_register_storage`?"
    )
    assert plugins.storages.names == ("here",)


def test_everything_that_is_wrong_with_the_hooks_of_a_plugin_is_told(candidate):
    @hookimpl
    def obelisk_register_storage(surprise):
        return []

    @hookimpl
    def obelisk_register_trigger(more):
        return []

    error = info(load(candidate("a", obelisk_register_storage, obelisk_register_trigger)), "a").error
    assert error == (
        "`obelisk_register_storage` has the parameter `surprise`, expected none; "
        "`obelisk_register_trigger` has the parameter `more`, expected none"
    )


def test_a_broken_plugin_is_told_with_what_to_do(candidate):
    plugins = load(candidate("a", error=ImportError("no such thing")))
    assert plugins.problems == (
        "plugin `a` from dist-a 1.0 does not load: ImportError: no such thing; correct it, uninstall it, or disable it with "
        '`[plugins] disabled = ["a"]`',
    )


def test_what_a_broken_plugin_offers_by_its_other_hooks_is_nobody_elses(candidate):
    @hookimpl
    def obelisk_register_trigger(surprise):
        return []

    plugins = load(candidate("a", storage("one"), obelisk_register_trigger), candidate("b", storage("two")))
    assert plugins.storages.names == ("two",)
    assert info(plugins, "b").offers == ("storage:two",)


def test_a_plugin_that_ends_the_process_is_broken(candidate):
    plugins = load(candidate("a", error=SystemExit(3)), candidate("b", storage("here")))
    assert info(plugins, "a").error == "SystemExit: 3"
    assert plugins.storages.names == ("here",)


def test_a_plugin_that_does_not_load_leaves_the_others(candidate):
    plugins = load(candidate("a", error=ImportError("no such thing")), candidate("b", storage("here")))
    assert plugins.storages.names == ("here",)
    assert info(plugins, "a").origin is Origin.BROKEN
    assert info(plugins, "a").error == "ImportError: no such thing"


def test_a_missing_storage_tells_of_plugins_that_do_not_load(candidate):
    plugins = load(candidate("a", error=ImportError("no such thing")))
    with pytest.raises(PluginError, match="plugin `a` from dist-a does not load: ImportError: no such thing"):
        plugins.storages.get("here")


def test_a_hook_that_raises_breaks_its_plugin_only(candidate):
    @hookimpl
    def obelisk_register_storage():
        raise ValueError("cannot")

    plugins = load(candidate("a", obelisk_register_storage), candidate("b", storage("here")))
    assert info(plugins, "a").error == "obelisk_register_storage: ValueError: cannot"
    assert plugins.storages.names == ("here",)


def test_a_hook_that_returns_something_else_breaks_its_plugin(candidate):
    @hookimpl
    def obelisk_register_storage():
        return [42]

    plugins = load(candidate("a", obelisk_register_storage))
    assert info(plugins, "a").origin is Origin.BROKEN


def test_a_hook_with_unknown_arguments_breaks_its_plugin(candidate):
    @hookimpl
    def obelisk_register_storage(surprise):
        return []

    plugins = load(candidate("a", obelisk_register_storage))
    assert "surprise" in info(plugins, "a").error


def test_a_disabled_plugin_is_not_imported(candidate):
    plugins = load(candidate("a", error=AssertionError("imported")), disabled=["a"])
    assert info(plugins, "a").origin is Origin.DISABLED
    assert info(plugins, "a").error is None


def test_a_missing_storage_tells_of_disabled_plugins(candidate):
    plugins = load(candidate("a", storage("here")), disabled=["a"])
    with pytest.raises(PluginError, match="no storage is named `here` \\(installed: none\\); plugin `a` is disabled"):
        plugins.storages.get("here")


def test_an_unknown_name_lists_what_is_installed(candidate):
    with pytest.raises(PluginError, match=r"no storage is named `there` \(installed: here\)$"):
        load(candidate("a", storage("here"))).storages.get("there")


def test_only_our_own_extras_are_advised(candidate):
    plugins = load(candidate("a", storage("here")))
    assert plugins.hint("otlp") == "; try `pip install obelisk[otlp]`"
    assert plugins.hint("otpl") == ""


def test_an_extra_that_is_installed_is_not_advised(candidate):
    assert load(candidate("sqlite", storage("here"))).hint("sqlite") == ""
    assert load(candidate("http_webhook")).hint("http_server") == ""
    assert EXTRAS["http_server"] == "http-webhook"


def test_infos_tell_what_is_offered(candidate):
    plugins = load(candidate("a", storage("here"), obelisk_register_component_source))
    assert info(plugins, "a").offers == ("storage:here", "component_source:web")
    assert info(plugins, "a").distribution == "dist-a"
    assert info(plugins, "a").origin is Origin.INSTALLED


def test_a_plugin_may_have_plugins(candidate):
    class OwnHooks:
        @staticmethod
        def obelisk_greet(name):
            """Greet."""

    from obelisk.markers import hookspec

    OwnHooks.obelisk_greet = staticmethod(hookspec(OwnHooks.obelisk_greet))
    heard = []

    @hookimpl
    def obelisk_addhooks(manager):
        manager.add_hookspecs(OwnHooks)
        heard.append(manager)

    @hookimpl
    def obelisk_greet(name):
        return f"hello {name}"

    load(candidate("guest", obelisk_greet), candidate("host", obelisk_addhooks))
    assert heard[0].hook.obelisk_greet(name="you") == ["hello you"]


def test_a_plugin_adds_commands(candidate):
    @hookimpl
    def obelisk_register_command(cli):
        cli.add_command(click.Command("more"))

    group = click.Group()
    load(candidate("a", obelisk_register_command)).add_commands(group, Extending(group))
    assert list(group.commands) == ["more"]


def test_a_plugin_that_fails_to_add_its_commands_is_named(candidate):
    @hookimpl
    def obelisk_register_command(cli):
        raise KeyError("lost")

    group = click.Group()
    with pytest.raises(PluginError, match=r"plugin `a` from dist-a 1\.0: obelisk_register_command: KeyError: 'lost'"):
        load(candidate("a", obelisk_register_command)).add_commands(group, Extending(group))


def test_a_plugin_with_commands_says_so(candidate):
    @hookimpl
    def obelisk_register_command(cli):
        cli.add_command(click.Command("more"))

    assert info(load(candidate("a", obelisk_register_command)), "a").offers == ("commands",)


def test_a_plugin_cannot_replace_a_command(candidate):
    @hookimpl
    def obelisk_register_command(cli):
        cli.add_command(click.Command("server"))

    group = click.Group(commands={"server": click.Command("server")})
    with pytest.raises(PluginError, match=r"plugin `a` from dist-a 1\.0 replaces the command `server`"):
        load(candidate("a", obelisk_register_command)).add_commands(group, Extending(group))


def test_a_plugin_adds_commands_to_an_open_group(candidate):
    @hookimpl
    def obelisk_register_command(cli, host):
        host.group("component").add_command(click.Command("more"))

    inner = OpenGroup("component", commands={"list": click.Command("list")})
    group = click.Group(commands={"component": inner})
    load(candidate("a", obelisk_register_command)).add_commands(group, Extending(group))
    assert list(inner.commands) == ["list", "more"]


def test_a_plugin_cannot_replace_a_command_of_an_open_group(candidate):
    @hookimpl
    def obelisk_register_command(cli, host):
        host.group("component").add_command(click.Command("list"))

    group = click.Group(commands={"component": OpenGroup("component", commands={"list": click.Command("list")})})
    with pytest.raises(PluginError, match=r"plugin `a` from dist-a 1\.0: the command `component list` exists already"):
        load(candidate("a", obelisk_register_command)).add_commands(group, Extending(group))


def test_a_plugin_cannot_add_to_any_other_group(candidate):
    @hookimpl
    def obelisk_register_command(cli, host):
        host.group("server")

    group = click.Group(commands={"server": click.Group("server")})
    with pytest.raises(PluginError, match="`server` is no group of commands that can be added to"):
        load(candidate("a", obelisk_register_command)).add_commands(group, Extending(group))


def test_the_environment_disables_plugins():
    plugins = Plugins.load(environ={"OBELISK_PLUGINS_DISABLED": " file_source , nothing"})
    assert info(plugins, "file_source").origin is Origin.DISABLED
    assert plugins.sources.find("") is None


def test_built_in_plugins_come_first():
    assert [candidate.name for candidate in find_plugins()][:2] == ["memory_storage", "console_exporter"]


def test_every_built_in_plugin_loads():
    built_in = [item for item in Plugins.load(environ={}).infos if item.distribution == "obelisk"]
    assert [item.error for item in built_in] == [None] * len(built_in)
