"""Record golden histories: run their recipes and write the logs to ``tests/histories``.

    python tools/record_history.py NAME...

The recipe of each is in ``tests/histories/recipes.py``. One that has landed is never written again.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Record what the arguments name; return the exit code."""
    sys.path.insert(0, str(ROOT))
    from tests.histories.recording import record

    names = sys.argv[1:]
    if not names:
        print(__doc__, file=sys.stderr)
        return 2
    for name in names:
        with tempfile.TemporaryDirectory() as directory:
            try:
                path = asyncio.run(record(name, Path(directory)))
            except ValueError as error:
                print(f"error: {error}", file=sys.stderr)
                return 1
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
