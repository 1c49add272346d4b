"""Every hook that a plugin can implement.

All of them are called once, while the engine or the command line boots; after that no hook is called. What a plugin
wants to do later it does in the objects that it registers here. A hook returns *providers*: things with a name that the
configuration picks by that name. None picks a first result, and the order of plugins decides nothing.

A plugin is a module with functions marked by ``obelisk.hookimpl``, named in the entry-point group ``obelisk``::

    [project.entry-points.obelisk]
    my_store = "obelisk_my_store"

A hook that raises makes its plugin *broken*: ``obelisk plugins`` shows why, and the start fails only when the
configuration uses something that nobody else offers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from obelisk.markers import hookspec

if TYPE_CHECKING:
    import click
    import pluggy

    from obelisk.interfaces.commands import CommandHost
    from obelisk.interfaces.components import ComponentKindProvider
    from obelisk.interfaces.exporters import Exporter
    from obelisk.interfaces.provider import Provider
    from obelisk.interfaces.sources import SourceProvider
    from obelisk.interfaces.storage import Storage
    from obelisk.interfaces.triggers import TriggerProvider


@hookspec(historic=True)
def obelisk_addhooks(manager: pluggy.PluginManager) -> None:
    """Declare hooks of your own with ``manager.add_hookspecs(module)``, so that a plugin can have plugins.

    Called when the plugin is registered, and for a plugin that is registered before yours too.
    """


@hookspec
def obelisk_register_storage() -> Sequence[Provider[Any, Storage]]:
    """Offer places where logs are kept.

    ``[storage] use = "<name>"`` picks one, and the table ``[<name>]`` configures it::

        @hookimpl
        def obelisk_register_storage():
            return [Provider("my_store", "Keeps logs in memory.", MyStoreSettings, open_my_store)]
    """


@hookspec
def obelisk_register_component_source() -> Sequence[SourceProvider]:
    """Offer places that components come from.

    The scheme of a ``location`` picks one (``oci://...``; none is a path), and the table ``[<name>]`` configures it.
    """


@hookspec
def obelisk_register_activity_kind() -> Sequence[ComponentKindProvider]:
    """Offer kinds of activity; each entry of ``[[activity_<kind>]]`` is opened by the kind whose ``table`` it is."""


@hookspec
def obelisk_register_workflow_kind() -> Sequence[ComponentKindProvider]:
    """Offer kinds of workflow; each entry of ``[[workflow_<kind>]]`` is opened by the kind whose ``table`` it is."""


@hookspec
def obelisk_register_trigger() -> Sequence[TriggerProvider]:
    """Offer ways to start executions from outside; a trigger claims the TOML tables that configure it."""


@hookspec
def obelisk_register_exporter() -> Sequence[Provider[Any, Exporter]]:
    """Offer destinations of signals; one is opened when the configuration has the table ``[<name>]``."""


@hookspec
def obelisk_register_command(cli: click.Group, host: CommandHost) -> None:
    """Add commands to ``cli``, the ``obelisk`` command, or to ``host.group("component")``. Called by the command line only.

    A hook that needs no ``host`` may leave the argument out. Heavy imports belong into the commands: the hook is called for
    ``--help`` too. A command that is already there cannot be replaced: then the commands of all plugins are left out.
    """
