"""From settings back to what people write."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from msgspec import Struct

from obelisk.builtin import wasm_activity, wasm_workflow
from obelisk.config.decode import Decoder
from obelisk.config.expand import Directories, Expander
from obelisk.config.plain import differing_keys
from obelisk.interfaces.settings import Duration, Size

DECODER = Decoder(Expander({}, Directories(Path("/d"), Path("/c"), Path("/x"), None)), base=Path("/b"))


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Inner(Struct, frozen=True):
    depth: int = 1
    time: Duration = Duration(seconds=1)


class Outer(Struct, frozen=True, kw_only=True):
    name: str
    colour: Colour = Colour.RED
    room: Size = Size(1024)
    place: Path | None = None
    items: tuple[Inner, ...] = ()
    inner: Inner = Inner()
    limits: dict[str, int] = {}


def test_defaults_are_left_out():
    assert differing_keys(Outer(name="a")) == {"name": "a"}


def test_what_differs_is_written_as_people_write_it():
    settings = Outer(
        name="a",
        colour=Colour.BLUE,
        room=Size(2 * 1024**2),
        place=Path("/p"),
        items=(Inner(), Inner(depth=2)),
        inner=Inner(time=Duration(milliseconds=5)),
        limits={"x": 1},
    )
    written = differing_keys(settings, without=["name"])
    assert written == {
        "colour": "blue",
        "room": "2MiB",
        "place": "/p",
        "items": [{}, {"depth": 2}],
        "inner": {"time": "5ms"},
        "limits": {"x": 1},
    }
    assert DECODER.struct(Outer, {"name": "a", **written}, "") == settings


SHARED = {
    "activity": (
        wasm_activity.obelisk_register_activity_kind()[0],
        {
            "env_vars": ["A", {"key": "B", "value": "hidden"}],
            "allowed_host": [{"pattern": "https://a", "methods": "*", "secrets": ["hidden"], "replace_in": ["body"]}],
            "mount": [{"host": "/hidden", "guest": "/g"}],
            "tmp": True,
            "memory": "2MiB",
            "fuel": 5,
            "max_retries": 1,
            "retry_exp_backoff": "2s",
            "retry_max_backoff": "3s",
            "retry_jitter": 0.5,
            "exec": {"lock_expiry": "9s", "batch_size": 7},
            "forward_stdout": "none",
        },
    ),
    "workflow": (
        wasm_workflow.obelisk_register_workflow_kind()[0],
        {"stub_wasi": True, "memory": "2MiB", "fuel": "unlimited", "retry_exp_backoff": "2s", "lock_extension": False},
    ),
}


def shared(name):
    kind, table = SHARED[name]
    assert kind.share is not None
    settings = DECODER.struct(kind.settings, {"name": "n", "location": "l", **table}, "")
    return differing_keys(kind.share(settings), without=["name", "location"])


def test_an_activity_shares_what_belongs_to_it():
    assert shared("activity") == {
        "env_vars": ["A", "B"],
        "allowed_host": [{"pattern": "https://a", "methods": "*"}],
        "tmp": True,
        "memory": "2MiB",
        "fuel": 5,
        "max_retries": 1,
        "retry_exp_backoff": "2s",
        "retry_max_backoff": "3s",
        "retry_jitter": 0.5,
        "exec": {"lock_expiry": "9s"},
    }


def test_a_workflow_shares_what_belongs_to_it():
    assert shared("workflow") == {
        "stub_wasi": True,
        "memory": "2MiB",
        "fuel": "unlimited",
        "retry_exp_backoff": "2s",
    }
