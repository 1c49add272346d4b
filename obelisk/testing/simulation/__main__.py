"""The command ``python -m obelisk.testing.simulation``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from obelisk.testing.simulation.generator import scenario_of
from obelisk.testing.simulation.scenario import Scenario
from obelisk.testing.simulation.simulator import Simulator, simulator

COMMAND = "python -m obelisk.testing.simulation"


def main(arguments: Sequence[str]) -> int:
    """Play what the command line says; return the exit code: 1 when something does not hold."""
    options = _parser().parse_args(arguments)
    with simulator(code_cache=options.code_cache) as player:
        if options.scenario is not None:
            scenarios = [msgspec.json.decode(options.scenario.read_bytes(), type=Scenario)]
        else:
            scenarios = [scenario_of(seed) for seed in range(*options.seeds)]
        if options.sqlite:
            scenarios = [replace(one, knobs=replace(one.knobs, sqlite=True)) for one in scenarios]
        failed = [scenario for scenario in scenarios if not _holds(player, scenario, options)]
    print(f"{len(scenarios)} played, {len(failed)} failed")
    return 1 if failed else 0


def _holds(player: Simulator, scenario: Scenario, options: argparse.Namespace) -> bool:
    if options.trace:
        print("\n".join(player.play(scenario).trace))
    problem = player.check(scenario)
    if problem is None:
        return True
    print(f"seed {scenario.seed}: {problem}\nreproduce: {COMMAND} --seeds {scenario.seed}:{scenario.seed + 1}")
    if not options.no_shrink:
        smaller = player.shrink(scenario)
        text = msgspec.json.format(msgspec.json.encode(smaller), indent=2).decode()
        print(
            f"shrunk, it fails with: {player.check(smaller)}\n{text}\nreproduce: save that and {COMMAND} --scenario FILE"
        )
    sys.stdout.flush()
    return False


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=COMMAND, description="Simulate servers on which everything goes wrong.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--seeds", type=_seeds, metavar="FROM:TO", help="play these seeds, the last one left out")
    what.add_argument("--scenario", type=Path, metavar="FILE", help="play a scenario that was printed")
    parser.add_argument("--trace", action="store_true", help="print all that happens")
    parser.add_argument(
        "--sqlite", action="store_true", help="keep logs in SQLite, whose threads add chance of their own"
    )
    parser.add_argument("--no-shrink", action="store_true", help="do not look for a smaller scenario that fails too")
    parser.add_argument("--code-cache", type=Path, metavar="DIRECTORY", help="keep machine code of guests there")
    return parser


def _seeds(text: str) -> tuple[int, int]:
    first, colon, end = text.partition(":")
    if not first.isdigit() or not (end.isdigit() if colon else True):
        raise argparse.ArgumentTypeError(f"expected FROM:TO such as 0:100, found `{text}`")
    return int(first), int(end) if colon else int(first) + 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
