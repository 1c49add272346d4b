"""Programs pass the suite that every activity kind has to pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from obelisk.interfaces.components import StreamLine, StreamType
from obelisk.testing.activity_kinds import ActivityKindConformance, KindSamples, RunSample, RunSamples

ALLOWED = "allow_exec_activities = true\n"
TABLE = """
[[activity_exec]]
name = "{name}"
ffqn = "test:shell/shell.say"
params = [{{ name = "how", type = "string" }}]
return_type = "result<string, string>"
content = '''
#!/bin/sh
case "$1" in
  '"say"') echo '"{said}"' ;;
  '"refuse"') echo '"no"'; exit 1 ;;
  '"break"') kill -SEGV $$ ;;
  '"hang"') exec sleep 1000 ;;
  '"log"') echo one >&2; echo two >&2; echo '"told"' ;;
esac
'''
"""


def table(*, name: str = "one", said: str = "yes") -> str:
    return TABLE.format(name=name, said=said).replace("'''\n#!", "'''#!").replace("[[activity", f"{ALLOWED}[[activity")


class TestExecActivities(ActivityKindConformance):
    @pytest.fixture
    def kind(self, tmp_path: Path) -> KindSamples:
        runs = RunSamples(
            returns=RunSample(("say",)), value={"ok": "yes"},
            refuses=RunSample(("refuse",)), refusal={"err": "no"},
            crashes=RunSample(("break",)),
            endless=RunSample(("hang",)),
            logs=RunSample(("log",)),
            lines=(StreamLine(StreamType.STDERR, b"one"), StreamLine(StreamType.STDERR, b"two")),
        )  # fmt: skip
        head = f'{ALLOWED}[[activity_exec]]\nname = "one"\nffqn = "test:shell/shell.say"\n'
        return KindSamples(
            base=tmp_path, directory=tmp_path, name="one", table=table(), renamed=table(name="two"),
            changed=table(said="indeed"), runs=runs,
            broken=(f'{head}location = "nothing.sh"\n', f'{head}content = "echo"\n'),
        )  # fmt: skip
