"""A run of ``obelisk dev``: what happens when files change.

Theory of operation
    Everything happens in one task, one thing after the other: wait for a change, run the builds whose sources it concerns,
    and when what a server loads has another content, check it beside the server that runs. Only what passed is loaded: the
    server ends as at a SIGTERM, and the next one takes up what it left, as after every restart (ADR 0042). What does not
    pass is said, and nothing else happens until the next change. A signal cancels this task, and then the server is ended.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec.structs import replace

from obelisk.api.verifying import deployment_problems
from obelisk.cli.configured import checked
from obelisk.cli.development.builder import Builder
from obelisk.cli.development.served import Served
from obelisk.cli.development.stamps import Stamps, changed, next_change
from obelisk.cli.development.watched import Contents, Watched, is_stale, watched_by
from obelisk.config.dev_settings import DevBuild
from obelisk.config.document import plugin_files, read_document
from obelisk.config.model import Config
from obelisk.config.placing import Places, in_order
from obelisk.errors import ComponentError, ConfigError, ObeliskError, PluginError
from obelisk.runtime.stop_requests import stop_signals

MAX_SHOWN = 5


class DevSession:
    """See the module's theory of operation. ``say`` prints a line for the person who sits there."""

    def __init__(
        self,
        config_file: Path,
        *,
        environ: Mapping[str, str],
        say: Callable[[str], None],
        allow_unauthenticated_api: bool = False,
    ) -> None:
        self._environ = dict(environ)  # while a server runs, its secrets are not in the process's
        self._say = say
        self._allow_unauthenticated_api = allow_unauthenticated_api
        self._builder = Builder(self._environ, say)
        self._watched = Watched(config_file)
        self._seen: Stamps = {}
        self._loaded: Contents = {}
        self._places = Places("", {}, origin=str(config_file), overrides={})
        self._served: Served | None = None

    async def run(self) -> None:
        """Serve and follow changes until a signal. Raises ``ObeliskError`` when no server can run here at all."""
        with stop_signals(self._builder.kill) as stop:
            try:
                await stop.unless_stopped(self._follow())
            finally:
                if self._served is not None:
                    await self._served.stop()

    async def _follow(self) -> None:
        config = self._read()
        self._seen = self._watched.look()
        if config is None:
            self._remain()
        else:
            stale = tuple(build for build in self._watched.builds if is_stale(build))
            await self._build_and_load(config, stale)
        while True:
            now = await next_change(self._watched.look, self._seen)
            paths = changed(self._seen, now)
            self._seen = now
            await self._take(paths)

    async def _take(self, paths: tuple[Path, ...]) -> None:
        """Do what the change of files calls for."""
        self._say(f"changed: {self._shown(paths)}")
        before = self._watched
        config = self._read()
        self._seen = {path: self._seen.get(path, stamp) for path, stamp in self._watched.look().items()}
        if config is None:
            self._remain()
            return
        new = tuple(build for build in self._watched.builds if build not in before.builds and is_stale(build))
        await self._build_and_load(config, tuple(dict.fromkeys((*self._watched.due(paths), *new))))

    async def _build_and_load(self, config: Config, builds: tuple[DevBuild, ...]) -> None:
        for build in builds:
            if not await self._builder.run(build, config.base):
                self._remain()
                return
        # Looked at before they are read: what changes from here on is news.
        self._seen = {**self._watched.without_components(self._seen), **self._watched.look_at_components()}
        contents = await asyncio.to_thread(self._watched.contents)
        if contents == self._loaded and self._served is not None:
            self._say("the server has this already")
            return
        found = await deployment_problems(
            config,
            complete=True,
            allow_unauthenticated_api=self._allow_unauthenticated_api,
            environ=dict(self._environ),
        )
        if found:
            problems = in_order(self._places.problem(one.message, one.path) for one in found)
            self._refuse("\n".join(problem.text for problem in problems))
            return
        await self._replace(config, contents)

    async def _replace(self, config: Config, contents: Contents) -> None:
        """Let a server with this configuration follow the one that runs."""
        old = self._served
        if old is not None:
            self._say("reloading: what runs gets `[server] shutdown_timeout` to end, what waits goes on afterwards")
            await old.stop()
        self._served = served = Served(config, allow_unauthenticated_api=self._allow_unauthenticated_api)
        try:
            await served.started()
        except ObeliskError as error:
            self._served = None
            if old is None and not isinstance(error, ConfigError | ComponentError | PluginError):
                raise  # no change of a file helps
            self._refuse(self._places.of_error(error))
            return
        self._loaded = contents
        if old is not None:
            self._say("reloaded: open executions go on, replayed with the components of now")
        self._say(f"watching {len(self._seen)} files below {config.base}; Ctrl-C ends this")

    def _read(self) -> Config | None:
        """Return the configuration, and watch what it is about; ``None`` when it is wrong, which is said."""
        file = self._watched.config_file
        try:
            document = read_document(file, environ=self._environ, cwd=Path.cwd())
            files = plugin_files(document)
            self._watched = replace(self._watched, plugins=files)  # one that is broken is mended without another change
            config, _ = checked(document, environ=self._environ)
            self._places = Places.of(document, config)
        except ConfigError as error:
            self._say(f"error: {error}")
            return None
        self._watched = watched_by(config, file, plugins=files)
        return config

    def _refuse(self, problems: str) -> None:
        self._say(f"error: {problems}")
        for name, paths in self._watched.components.items():
            if f"`{name}`" in problems and str(paths[0]) not in problems:
                self._say(f"  `{name}` is {self._shown(paths)}")
        self._remain()

    def _remain(self) -> None:
        left = "no server runs" if self._served is None else "the server goes on with what it had"
        self._say(f"{left} until the next change")

    def _shown(self, paths: tuple[Path, ...]) -> str:
        base = self._watched.config_file.parent
        texts = [f"{os.path.relpath(path, base)}{'' if path.exists() else ' (deleted)'}" for path in paths[:MAX_SHOWN]]
        more = len(paths) - MAX_SHOWN
        return ", ".join(texts) + (f" and {more} more" if more > 0 else "")
