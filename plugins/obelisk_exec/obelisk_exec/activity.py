"""An opened ``[[activity_exec]]`` and its runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from obelisk.core.events import ComponentId, ComponentRole
from obelisk.errors import ComponentError
from obelisk.interfaces.components import ActivityCall, ActivityRun, Component, ComponentHost, Logged, Outcome
from obelisk.interfaces.environment import component_environment
from obelisk.interfaces.exec_permission import ExecPermission
from obelisk.interfaces.mask import Mask
from obelisk.interfaces.secrets import Secrets
from obelisk.interfaces.signature import Signature, wit_signature, written_signature
from obelisk_exec.program import Program, component_digest, make_program, sha256
from obelisk_exec.run import Prepared, ProgramRun
from obelisk_exec.settings import ExecActivitySettings

PROGRAMS = "exec"
"""The directory of the programs in the cache directory."""
CLOSE_SECONDS = 5.0
"""How long processes that were killed may take to end, when the component closes."""


class ExecActivity:
    """An opened component. Its runs are tasks; ``close`` leaves none behind."""

    def __init__(self, component: Component, prepared: Prepared) -> None:
        self.component = component
        self._prepared = prepared
        self._runs: dict[asyncio.Task[None], ProgramRun] = {}

    def start(
        self, call: ActivityCall, done: Callable[[Outcome], None], log: Callable[[Logged], None]
    ) -> ActivityRun | None:
        """Start the program."""
        run = ProgramRun(self._prepared, call, done=done, log=log)
        task = asyncio.get_running_loop().create_task(run.run())
        self._runs[task] = run
        task.add_done_callback(self._runs.pop)
        return run

    async def close(self) -> None:
        """Kill what still runs, and wait until it is gone."""
        for run in self._runs.values():
            run.cancel()
        if self._runs:
            await asyncio.wait(list(self._runs), timeout=CLOSE_SECONDS)


@asynccontextmanager
async def open_activity(settings: ExecActivitySettings, host: ComponentHost) -> AsyncIterator[ExecActivity]:
    """Check everything that can be checked without running the program. Raises ``ComponentError``."""
    secrets = host.service(Secrets)
    signature = await _signature(settings)
    program = await _program(settings, host)
    digest = component_digest(program, signature, settings)
    host.service(ExecPermission).check(settings.name, digest)
    prepared = Prepared(
        program, signature, settings,
        environment=component_environment(settings.env_vars, host.host.environ),
        secrets=secrets,
        mask=Mask(secrets.value(name) for name in settings.secrets),
        log=host.host.log,
    )  # fmt: skip
    id = ComponentId(ComponentRole.ACTIVITY, settings.name, digest)
    world = signature.world
    activity = ExecActivity(Component(id, world, world.exports, (), settings), prepared)
    try:
        yield activity
    finally:
        await activity.close()


async def _signature(settings: ExecActivitySettings) -> Signature:
    if settings.wit is None:
        return written_signature(settings.ffqn, settings.params, settings.return_type)
    return await asyncio.to_thread(wit_signature, settings.wit, settings.ffqn)


async def _program(settings: ExecActivitySettings, host: ComponentHost) -> Program:
    directory = host.host.cache_dir / PROGRAMS
    if settings.location is None:
        assert settings.content is not None
        content, origin, name = settings.content.encode(), "`content`", settings.name
    else:
        artifact = await host.fetch(settings.location)
        content, origin, name = artifact.content, artifact.origin, Path(settings.location).name
    program = make_program(content, origin=origin, path=directory / sha256(content) / name)
    try:
        await asyncio.to_thread(program.install)
    except OSError as error:
        raise ComponentError(f"cannot write the program to {program.path}: {error}") from error
    return program
