"""Kill real servers at random moments and check that every promise of docs/explanation/guarantees.md held.

    python tools/crash_rounds.py --rounds 100 --seed 1     # rounds 0 to 99 of a seed
    python tools/crash_rounds.py --seed 1 --round 7        # one of them again

A round has its own orders, servers and database; ``tests/crash/rounds.py`` says what happens in it. The first one that fails
ends the run: what was broken, the command that repeats the round, and the directory with its database and logs are printed.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
MOST_BREACHES = 20

if TYPE_CHECKING:
    from tests.crash.rounds import Outcome


def main() -> int:
    """Run the rounds; return the exit code."""
    sys.path.insert(0, str(ROOT))
    arguments = _arguments()
    numbers = range(arguments.rounds) if arguments.round is None else [arguments.round]
    started, executions, kills = time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory(prefix="obelisk-crash-cache-") as cache:
        for number in numbers:
            outcome = run(number, arguments, cache=Path(cache))
            if outcome is None:
                return 1
            executions += outcome.executions
            kills += outcome.kills
    minutes = (time.monotonic() - started) / 60
    print(
        f"{len(numbers)} rounds, {kills} kills, {executions} executions, {minutes:.1f} minutes: no promise was broken"
    )
    return 0


def run(number: int, arguments: argparse.Namespace, *, cache: Path) -> Outcome | None:
    """Run one round and print what became of it; return ``None`` when it failed, and keep its directory then."""
    from tests.crash.rounds import draw_plan, run_round

    seed: int = arguments.seed
    directory = Path(tempfile.mkdtemp(prefix=f"obelisk-crash-{seed}-{number}-"))
    started = time.monotonic()
    try:
        plan = draw_plan(seed, number, ends=arguments.ends, asked=arguments.asked)
        outcome = run_round(plan, directory, cache=cache, seed=f"{seed}/{number}")
        breaches: Sequence[str] = outcome.breaches
    except Exception as error:  # noqa: BLE001 - whatever happened, the round has to be named
        breaches = [f"{type(error).__name__}: {error}"]
    if breaches:
        _print_failure(number, arguments, directory, breaches)
        return None
    shutil.rmtree(directory)
    print(
        f"seed {seed} round {number}: {outcome.executions} executions, {outcome.plan.servers} servers, "
        f"{outcome.kills} kills, {time.monotonic() - started:.1f} s",
        flush=True,
    )
    return outcome


def _print_failure(number: int, arguments: argparse.Namespace, directory: Path, breaches: Sequence[str]) -> None:
    print(f"seed {arguments.seed} round {number} failed:")
    for breach in breaches[:MOST_BREACHES]:
        print(f"- {breach}")
    ends = "" if arguments.ends is None else f" --ends {arguments.ends}"
    print(f"database and logs: {directory}")
    print(
        f"again: python tools/crash_rounds.py --seed {arguments.seed} --round {number}{ends} --asked {arguments.asked}",
        flush=True,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100, help="how many rounds (100)")
    parser.add_argument("--seed", type=int, default=1, help="what everything is drawn from (1)")
    parser.add_argument("--round", type=int, help="only this round")
    parser.add_argument("--ends", type=int, help="how often a server ends in a round (drawn, 1 to 3)")
    parser.add_argument("--asked", type=float, default=0.2, help="the share of ends by SIGTERM, else SIGKILL (0.2)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
