"""A configuration whose components ask the stubs of a test first, with activities for what none of them exports."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import cast

from msgspec import Struct
from msgspec.structs import replace

from obelisk.clock import Clock
from obelisk.config.model import ComponentUse, Config
from obelisk.core.events import ComponentRole
from obelisk.interfaces.components import ActivityComponent, Component, ComponentKindProvider, WorkflowComponent
from obelisk.interfaces.provider import RandomSource
from obelisk.interfaces.settings import ActivitySettings
from obelisk.names import Ffqn
from obelisk.testing.answers import Answers, AskingActivity, AskingWorkflow, functions_of
from obelisk.testing.missing import missing_components
from obelisk.testing.opened_once import Opened, opened_as_it_is, opened_once, with_opened
from obelisk.wit.model import Function


class Stubbed(Struct, frozen=True):
    """The configuration, and every function that can be submitted or has a place for a stub."""

    config: Config
    functions: dict[Ffqn, Function]


async def stubbed_config(
    config: Config, answers: Answers, stack: AsyncExitStack, *,
    clock: Clock, random: RandomSource, environ: Mapping[str, str],
) -> Stubbed:  # fmt: skip
    """Open the components of a configuration; they are closed with ``stack``. Raises ``ComponentError``."""
    opening = opened_once(config, clock=clock, random=random, environ=environ)
    opened = await stack.enter_async_context(opening)
    components = [one.component for one in opened]
    missing = missing_components(components)
    changed = with_opened(config, opened, wrap=lambda one: _asking(one, answers))
    functions = {name: found for one in (*components, *missing) for name, found in functions_of(one).items()}
    added = tuple(_entry(component, answers) for component in missing)
    return Stubbed(replace(changed, components=(*changed.components, *added)), functions)


def _asking(opened: Opened, answers: Answers) -> Opened:
    match opened.component.role:
        case ComponentRole.WORKFLOW:
            return AskingWorkflow(cast("WorkflowComponent", opened), answers)
        case ComponentRole.ACTIVITY:
            return AskingActivity(opened.component, cast("ActivityComponent", opened), answers)
        case _:
            return opened


def _entry(component: Component, answers: Answers) -> ComponentUse:
    activity = AskingActivity(component, None, answers)
    provider = ComponentKindProvider(
        name="missing",
        table="activity_missing",
        role=component.role,
        summary="what no loaded component exports",
        settings=ActivitySettings,
        open=lambda settings, host: opened_as_it_is(activity),
    )
    return ComponentUse(provider, component.settings)
