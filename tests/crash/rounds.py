"""Rounds: a seed draws orders, servers and moments; the servers are killed at the moments; everything promised has to hold.

    start one or two servers
    for each end:    serve orders until so much was told, and a little longer
                     SIGKILL one of the servers, sometimes SIGTERM; the database has to be whole
                     perhaps start a server and kill it while it starts
                     start it again; look at everything
    serve what is left; look at everything; replay; SIGTERM; the databases have to be whole

Nothing may be retried and locks last for an hour, so whatever a kill leaves to a lock or a retry is a breach or misses the
limit of time. When a server is killed depends on the machine too: the same seed gives the same orders and about the same
moment.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from obelisk.api.pb import obelisk_pb2 as pb
from tests.crash.customer import CALL_SECONDS, Customer, connected
from tests.crash.invariants import breaches_of_ledger, workflows_of
from tests.crash.orders import Order, draw_orders
from tests.crash.seen import View
from tests.e2e.process import Server
from tests.e2e.world import World, fibo, scripts, stubs

ORDERS = 20
NEWS_PER_ORDER = 2
LATER_SECONDS = 0.05
STARTING_SECONDS = 1.0
KILLED_STARTING = 0.3
REPLAYS = 10
READING_SECONDS = 0.2
ROUND_SECONDS = 300
LONG_LOCK = 'exec.lock_expiry = "1h"\n'
NEVER_RETRIED = LONG_LOCK + "max_retries = 0\n"
WAYS = (
    ("", ""),
    ("", ""),
    ("workflows.hot_limit = 0", ""),
    ("workflows.run_ahead = false", ""),
    ("", 'blocking_strategy = "interrupt"'),
    ("workflows.max_events_per_run = 1", ""),
)
"""How workflows are kept: of the server, and of the workflows."""
LEDGER = """#!/bin/sh
token=${1#?} token=${token%?}
echo "$token" >>"$LEDGER"
[ -z "$FAILS_FIRST" ] || [ -e "$LEDGER.$token" ] || { : >"$LEDGER.$token"; exit 1; }
echo "${#token}"
"""


@dataclass(frozen=True)
class End:
    """When a server ends: so much was told, and so many seconds went by. ``starting`` are kills of servers that start."""

    news: int
    later: float
    victim: int
    starting: tuple[float, ...]
    is_asked: bool
    """By SIGTERM, not by SIGKILL."""


@dataclass(frozen=True)
class Plan:
    """All that a seed draws for a round."""

    orders: tuple[Order, ...]
    ends: tuple[End, ...]
    servers: int
    way: tuple[str, str]


@dataclass(frozen=True)
class Outcome:
    """What became of a round."""

    plan: Plan
    executions: int
    kills: int
    breaches: tuple[str, ...]


def draw_plan(seed: int, number: int, *, ends: int | None = None, asked: float = 0.2) -> Plan:
    """Return the plan of a round. ``ends`` is how many there are, else that is drawn; ``asked`` is the share of SIGTERM."""
    source = random.Random(f"{seed}/{number}")
    orders = tuple(draw_orders(source, ORDERS))
    servers = source.choice((1, 1, 2))
    count = source.choice((1, 2, 3)) if ends is None else ends
    news = sorted(source.randrange(ORDERS * NEWS_PER_ORDER) for _ in range(count))
    drawn = tuple(_draw_end(source, each, servers=servers, asked=asked) for each in news)
    return Plan(orders, drawn, servers, source.choice(WAYS))


def _draw_end(source: random.Random, news: int, *, servers: int, asked: float) -> End:
    starting = (source.random() * STARTING_SECONDS,) if source.random() < KILLED_STARTING else ()
    return End(news, source.random() * LATER_SECONDS, source.randrange(servers), starting, source.random() < asked)


def run_round(
    plan: Plan, directory: Path, *, cache: Path, seed: str, after_end: Callable[[World], None] = lambda world: None
) -> Outcome:
    """Run a round in a new directory; ``after_end`` is done whenever a server has ended, before it is started again."""
    return asyncio.run(asyncio.wait_for(Round(plan, directory, cache, seed, after_end).run(), ROUND_SECONDS))


class Round:
    """See the module's documentation."""

    def __init__(self, plan: Plan, directory: Path, cache: Path, seed: str, after_end: Callable[[World], None]) -> None:
        self._plan = plan
        self._after_end = after_end
        self._source = random.Random(seed)
        self._ledger = directory / "ledger"
        self._ledger.touch()
        self._world = World(directory, cache, _config(plan.way, directory))
        self._customer = Customer(plan.orders, self._source)
        self._servers: list[Server] = []
        self._kills = 0

    @property
    def _addresses(self) -> list[str]:
        return [server.address for server in self._servers]

    async def run(self) -> Outcome:
        """Run it to its end, and return what became of it."""
        try:
            for _ in range(self._plan.servers):
                self._servers.append(await asyncio.to_thread(self._world.start))
            view = View()
            for end in self._plan.ends:
                await self._work_until(end)
                await self._start_again(end)
                view = await self._customer.look(self._addresses)
                if self._customer.breaches:
                    break  # what is lost may never end
            else:
                view = await self._finish()
        finally:
            self._world.close()
        return Outcome(self._plan, len(view), self._kills, tuple(dict.fromkeys(self._customer.breaches)))

    async def _work_until(self, end: End) -> None:
        working = asyncio.ensure_future(self._customer.work(self._addresses))
        told = asyncio.ensure_future(self._customer.reach(end.news))
        await asyncio.wait({working, told}, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        await asyncio.wait({working}, timeout=end.later)
        await self._end(self._servers[end.victim], is_asked=end.is_asked)
        # What was acknowledged before the end may still have to be read.
        await asyncio.wait({working}, timeout=READING_SECONDS)
        working.cancel()
        await asyncio.wait({working})
        if not working.cancelled() and (error := working.exception()) is not None:
            raise error

    async def _end(self, server: Server, *, is_asked: bool) -> None:
        if is_asked:
            await self._stop(server)
            return
        server.kill()
        self._kills += 1

    async def _stop(self, server: Server) -> None:
        code = await asyncio.to_thread(server.stop)
        if code != 0:
            self._customer.breaches.append(f"a server ended with exit code {code} after SIGTERM")
        if "Traceback" in server.log:
            self._customer.breaches.append(f"a server logged a traceback:\n{server.log}")

    async def _start_again(self, end: End) -> None:
        self._check_databases()
        self._after_end(self._world)
        for moment in end.starting:
            await self._kill_while_it_starts(moment)
            self._check_databases()
        self._servers[end.victim] = await asyncio.to_thread(self._world.start)

    async def _kill_while_it_starts(self, moment: float) -> None:
        process = self._world.spawn()
        ended = asyncio.ensure_future(asyncio.to_thread(process.wait))
        await asyncio.wait({ended}, timeout=moment)
        process.kill()
        await ended
        self._kills += 1
        assert process.stdout is not None
        process.stdout.close()

    async def _finish(self) -> View:
        customer = self._customer
        while not customer.is_served and not customer.breaches:
            await customer.work(self._addresses)
        if customer.breaches:
            return await customer.look(self._addresses)
        view = await self._see_end_of_all()
        tokens = [token for order in self._plan.orders for token in order.tokens]
        customer.breaches += breaches_of_ledger(tokens, self._ledger.read_text().split(), view)
        await self._replay(view)
        for server in self._servers:
            await self._stop(server)
        self._check_databases()
        return view

    async def _see_end_of_all(self) -> View:
        """Follow what nobody ordered, scheduled executions, to its end; then look at everything."""
        view = await self._customer.look(self._addresses)
        unfinished = [ident for ident, seen in view.items() if not seen.is_finished]
        async with connected(self._addresses) as stubs:
            for ident in unfinished:
                request = pb.GetStatusRequest(execution_id=pb.ExecutionId(id=ident), follow=True)
                async for _ in stubs[0].GetStatus(request, timeout=CALL_SECONDS):
                    continue
        view = await self._customer.look(self._addresses)
        self._customer.breaches += [f"{ident} never ends" for ident, seen in view.items() if not seen.is_finished]
        return view

    async def _replay(self, view: View) -> None:
        found = workflows_of(view)
        async with connected(self._addresses) as stubs:
            for ident in self._source.sample(found, min(len(found), REPLAYS)):
                request = pb.ReplayExecutionRequest(execution_id=pb.ExecutionId(id=ident))
                answer = await stubs[0].ReplayExecution(request, timeout=CALL_SECONDS)
                if answer.WhichOneof("outcome") != "finished":
                    self._customer.breaches.append(f"{ident}: its replay does not end as its log says: {answer}")

    def _check_databases(self) -> None:
        """Check the files as the end left them: a copy when nobody has them open, so that a server recovers them itself."""
        directory = self._world.database.parent
        is_live = any(server.is_running for server in self._servers)
        with tempfile.TemporaryDirectory() as copy:
            if not is_live:
                shutil.copytree(directory, copy, dirs_exist_ok=True)
            for path in (directory if is_live else Path(copy)).glob("*.sqlite"):
                self._customer.breaches += integrity_breaches(path)


def integrity_breaches(path: Path) -> list[str]:
    """Return what SQLite finds wrong with a database."""
    with closing(sqlite3.connect(path)) as connection:
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
        keys = [str(row) for row in connection.execute("PRAGMA foreign_key_check")]
    return [] if found == ["ok"] and not keys else [f"`{path.name}` is damaged: {found[:5]} {keys[:5]}"]


def _config(way: tuple[str, str], directory: Path) -> str:
    server_keys, workflow_keys = way
    script = directory / "note.sh"
    script.write_text(LEDGER)
    script.chmod(0o755)
    return "\n".join(
        [
            "allow_exec_activities = true",
            'timers_watcher.tick_sleep = "200ms"',
            'server.shutdown_timeout = "2s"',
            server_keys,
            scripts(LONG_LOCK + workflow_keys),
            fibo(NEVER_RETRIED, LONG_LOCK + workflow_keys),
            stubs(),
            _note("note", script, NEVER_RETRIED, fails_first=""),
            _note("note-again", script, LONG_LOCK + 'retry_exp_backoff = "20ms"\n', fails_first="yes"),
        ]
    )


def _note(name: str, script: Path, keys: str, *, fails_first: str) -> str:
    variables = {"LEDGER": script.parent / "ledger", "FAILS_FIRST": fails_first}
    pairs = ", ".join(f'{{ key = "{key}", value = "{value}" }}' for key, value in variables.items())
    return f"""
[[activity_exec]]
ffqn = "crash:ledger/ledger.{name}"
params = [{{ name = "token", type = "string" }}]
return_type = "result<u32>"
location = "{script}"
env_vars = [{pairs}]
{keys}"""
