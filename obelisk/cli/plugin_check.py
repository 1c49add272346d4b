"""What ``obelisk plugins check`` looks at: everything about a plugin that can be known without opening what it offers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import fields
from packaging.requirements import Requirement

from obelisk.config.decode import Decoder
from obelisk.config.expand import Directories, Expander
from obelisk.config.model import KernelSettings
from obelisk.errors import ConfigError
from obelisk.interfaces.components import ComponentKindProvider
from obelisk.interfaces.provider import Provider
from obelisk.interfaces.settings import ComponentSettings
from obelisk.interfaces.sources import SourceProvider
from obelisk.interfaces.triggers import TriggerProvider, TriggerTable
from obelisk.markers import PROJECT
from obelisk.plugins.candidate import Candidate, Origin
from obelisk.plugins.implementing import implemented, unmarked
from obelisk.plugins.loading import Loading

KERNEL = "the kernel"
NOWHERE = Path("/nowhere")
KINDS: dict[str, type[Any]] = {
    "obelisk_register_storage": Provider,
    "obelisk_register_component_source": SourceProvider,
    "obelisk_register_activity_kind": ComponentKindProvider,
    "obelisk_register_workflow_kind": ComponentKindProvider,
    "obelisk_register_trigger": TriggerProvider,
    "obelisk_register_exporter": Provider,
}
"""What the hooks that return something return a list of."""


class Finding(Struct, frozen=True):
    """Something that is wrong with a plugin."""

    plugin: str
    distribution: str
    problem: str


class Offered(Struct, frozen=True):
    """A provider, the hook that it came from, and the plugin that offers it."""

    candidate: Candidate
    hook: str
    provider: Any


def check_plugins(
    candidates: Sequence[Candidate], *, disabled: frozenset[str], names: frozenset[str], version: str
) -> list[Finding]:
    """Return everything that is wrong with the plugins called ``names``, all of them when there are none.

    ``version`` is the kernel's. Built-in plugins and those that are disabled are not checked, but may clash with others.
    """
    unique = {candidate.name: candidate for candidate in reversed(candidates)}
    loading = Loading(list(unique.values())[::-1], disabled=disabled)
    offered = [each for candidate in loading.loaded for each in _offered(loading, candidate)]
    checked = [
        each for each in candidates
        if each.origin is not Origin.BUILT_IN and each.name not in disabled and (not names or each.name in names)
    ]  # fmt: skip
    findings = []
    for candidate in checked:
        problems = [
            *_names(candidate, candidates),
            *_compatibility(candidate, version),
            *loading.errors.get(candidate.name, ()),
            *(_hooks(candidate, loading) if candidate in loading.loaded else ()),
            *_clashes(candidate, offered),
            *(text for each in offered if each.candidate is candidate for text in _provider(each)),
        ]
        findings += [Finding(candidate.name, candidate.distribution, problem) for problem in problems]
    return findings


def _offered(loading: Loading, candidate: Candidate) -> Iterator[Offered]:
    for hook in KINDS:
        for offer in loading.offered(candidate, hook, lambda provider: ""):
            yield Offered(candidate, hook, offer.provider)


def _names(candidate: Candidate, others: Sequence[Candidate]) -> Iterator[str]:
    for other in others:
        if other.name == candidate.name and other is not candidate:
            yield f"another plugin is named `{other.name}`, from {other.distribution}; rename one or uninstall one"


def _compatibility(candidate: Candidate, version: str) -> Iterator[str]:
    """Tell whether the distribution of a plugin asks for this version of the kernel."""
    if candidate.origin is not Origin.INSTALLED:
        return
    try:
        wanted = [Requirement(text) for text in requires(candidate.distribution) or ()]
    except (PackageNotFoundError, ValueError) as error:
        yield f"its requirements cannot be read: {type(error).__name__}: {error}; install it again"
        return
    kernel = [each for each in wanted if each.name == PROJECT]
    if not kernel:
        yield f"it does not say which Obelisk it works with; add `{_range(version)}` to its `dependencies`"
    for each in kernel:
        if not each.specifier.contains(version, prereleases=True):
            yield f"it asks for `{each}`, found Obelisk {version}; install another version of one of them"


def _range(version: str) -> str:
    major, minor = version.split(".")[:2]
    return f"{PROJECT}>={major}.{minor},<{major}.{int(minor) + 1}"


def _hooks(candidate: Candidate, loading: Loading) -> Iterator[str]:
    plugin = loading.plugin(candidate)
    for name in unmarked(plugin, loading.hooks):
        yield f"`{name}` is not marked with `@hookimpl`, so nobody calls it"
    if not implemented(plugin):
        yield "it implements no hook; mark functions with `@hookimpl` of `obelisk`"


def _clashes(candidate: Candidate, offered: Sequence[Offered]) -> Iterator[str]:
    taken = {f"the table `{field.name}`": KERNEL for field in fields(KernelSettings)}
    for each in offered:
        if each.candidate is not candidate:
            taken |= dict.fromkeys(_claims(each.provider), each.candidate.label)
    for each in offered:
        if each.candidate is candidate:
            for claim in _claims(each.provider):
                if claim in taken:
                    yield f"`{each.hook}` offers {claim}, which {taken[claim]} has; choose another name"
                taken[claim] = "the same plugin"


def _claims(provider: object) -> Iterator[str]:
    """Yield what no two providers may have."""
    for table in _claimed(provider):
        yield f"the table `{table.name}`"
    if isinstance(provider, SourceProvider):
        yield f"the scheme `{provider.scheme}://`"
    if isinstance(provider, TriggerProvider):
        yield f"the trigger `{provider.name}`"


def _claimed(provider: object) -> list[TriggerTable]:
    match provider:
        case TriggerProvider():
            return [table for table in provider.tables if isinstance(table, TriggerTable)]
        case ComponentKindProvider():
            return [TriggerTable(provider.table, provider.settings)]
        case Provider() | SourceProvider():
            return [TriggerTable(provider.name, provider.settings, array=False)]
        case _:
            return []


def _provider(offered: Offered) -> Iterator[str]:
    expected, provider = KINDS[offered.hook], offered.provider
    if not isinstance(provider, expected):
        yield f"`{offered.hook}` returned a `{type(provider).__name__}`, expected a list of `{expected.__name__}`"
        return
    summary = provider.summary
    if not summary.strip() or len(summary.splitlines()) != 1:
        yield f"`{provider.name}` has the summary {summary!r}, expected one line for people"
    for table in _claimed(provider):
        yield from _settings(table, is_component=isinstance(provider, ComponentKindProvider))


def _settings(table: TriggerTable, *, is_component: bool) -> Iterator[str]:
    settings: Any = table.settings
    base = ComponentSettings if is_component else Struct
    if not (isinstance(settings, type) and issubclass(settings, base)):
        yield f"the settings of the table `{table.name}` are `{settings!r}`, expected a subclass of `{base.__name__}`"
        return
    if not settings.__struct_config__.forbid_unknown_fields or not settings.__struct_config__.frozen:
        yield f"`{settings.__name__}`, the settings of `{table.name}`: expected `frozen=True, forbid_unknown_fields=True`"
    try:
        msgspec.inspect.type_info(settings)
        if not any(field.required for field in fields(settings)):
            _decoder().struct(settings, {}, table.name)
    except ConfigError as error:
        yield f"`{settings.__name__}`: its defaults are refused: {'; '.join(map(str, error.args))}"
    except (TypeError, ValueError, NameError, AttributeError) as error:
        yield f"`{settings.__name__}`, the settings of `{table.name}`, cannot be read: {type(error).__name__}: {error}"


def _decoder() -> Decoder:
    directories = Directories(data=NOWHERE, cache=NOWHERE, config=NOWHERE, home=NOWHERE)
    return Decoder(Expander({}, directories), base=NOWHERE)
