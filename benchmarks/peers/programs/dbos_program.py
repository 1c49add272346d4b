"""DBOS does the shared work: the workflows run in this process, which is all there is of it besides its database.

The one argument is the URL of the database. Asynchronous workflows are used since they are the faster kind: with the
threads of the other kind, fewer steps are made in the same time, both one after another and at once.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from time import perf_counter

import sqlalchemy
from dbos import DBOS, DBOSConfig
from exchange import Setting, Timings, Work, serve

WORKFLOW = Callable[[int], Awaitable[int]]


def declared(step_seconds: list[float]) -> WORKFLOW:
    """Declare a step and a workflow of steps; the workflow notes how long each step took."""

    @DBOS.step()
    async def add(left: int, right: int) -> int:
        return left + right

    @DBOS.workflow()
    async def steps(count: int) -> int:
        total = 0
        for number in range(count):
            asked = perf_counter()
            total = await add(total, number)
            step_seconds.append(perf_counter() - asked)
        return total

    return steps


async def one_workflow(workflow: WORKFLOW, steps: int) -> float:
    """Run one workflow; returns how many seconds it took."""
    started = perf_counter()
    handle = await DBOS.start_workflow_async(workflow, steps)
    await handle.get_result()
    return perf_counter() - started


async def run(workflow: WORKFLOW, step_seconds: list[float], work: Work) -> Timings:
    """Do the work once."""
    step_seconds.clear()
    started = perf_counter()
    workflow_seconds = await asyncio.gather(*(one_workflow(workflow, work.steps) for _ in range(work.workflows)))
    return Timings(perf_counter() - started, tuple(step_seconds), tuple(workflow_seconds))


def settings(dbos: DBOS) -> list[Setting]:
    """Ask how durable the database is; through DBOS's own connections, since one of ours could be set otherwise."""
    engine = dbos._sys_db.engine
    sqlite = engine.dialect.name == "sqlite"
    names, ask = (("journal_mode", "synchronous"), "PRAGMA") if sqlite else (("fsync", "synchronous_commit"), "SHOW")
    with engine.connect() as connection:
        return [Setting(name, str(connection.execute(sqlalchemy.text(f"{ask} {name}")).scalar())) for name in names]


async def main(database: str) -> None:
    """Serve until the input ends."""
    config: DBOSConfig = {"name": "obelisk-benchmark", "system_database_url": database, "log_level": "ERROR"}
    dbos = DBOS(config=config)
    step_seconds: list[float] = []
    workflow = declared(step_seconds)
    DBOS.launch()
    try:
        await serve(settings(dbos), lambda work: run(workflow, step_seconds, work))
    finally:
        await asyncio.to_thread(DBOS.destroy)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
