"""Types of values in ``obelisk.toml``, and the settings that every component has.

A settings Struct is frozen and declares each key with its default; the name of a field is the TOML key. Its docstring,
and one line per key in it, become the reference of the configuration.
"""

from __future__ import annotations

from datetime import timedelta
from enum import Enum
from typing import Final, Literal

from msgspec import Struct

LONGEST: Final = timedelta(days=36_500)
"""The longest time after now that is still a date that can be written."""
MOST_RETRIES: Final = 2**32 - 1
"""What every storage can hold."""


class Duration(timedelta):
    """A length of time. In TOML a table with one key (``.seconds = 1``) or text (``"30d"``, ``"1h 30m"``, ``"250ms"``)."""

    __slots__ = ()


class Size(int):
    """A number of bytes. In TOML a number or text (``"64MiB"``)."""

    __slots__ = ()


class LockingStrategy(Enum):
    """Which executions an executor picks up."""

    BY_FFQNS = "by_ffqns"
    BY_COMPONENT_DIGEST = "by_component_digest"
    AUTO = "auto"


class ExecSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How executions of a component are locked and run.

    * ``batch_size``: how many executions are locked in one write.
    * ``lock_expiry``: how long a lock lasts; for an activity this is also the longest that one run may take.
    * ``tick_sleep``: how often to look for executions that other processes made pending.
    * ``instance_limiter``: how many executions of the component may run at once, or ``"unlimited"``.
    * ``locking_strategy``: ``by_ffqns``, ``by_component_digest`` or ``auto``.
    """

    batch_size: int = 5
    lock_expiry: Duration = Duration(seconds=1)
    tick_sleep: Duration = Duration(milliseconds=200)
    instance_limiter: int | Literal["unlimited"] = "unlimited"
    locking_strategy: LockingStrategy | None = None

    def __post_init__(self) -> None:
        for key, value in (("batch_size", self.batch_size), ("instance_limiter", self.instance_limiter)):
            if isinstance(value, int) and value < 1:
                raise ValueError(f"`{key}`: expected at least 1, found {value}")
        for key, length in (("lock_expiry", self.lock_expiry), ("tick_sleep", self.tick_sleep)):
            if length <= timedelta():
                raise ValueError(f"`{key}`: expected more than nothing, found {length.total_seconds()} s")
            if length > LONGEST:
                raise ValueError(f"`{key}`: expected at most {LONGEST.days} days, found {length.days}")


class ComponentSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The keys of every component table.

    * ``name``: what the component is called; letters, digits, ``_``, ``-`` and ``.``.
    """

    name: str
    exec: ExecSettings = ExecSettings()

    def __post_init__(self) -> None:
        for letter in self.name:
            if not (letter.isascii() and (letter.isalnum() or letter in "_-.")):
                raise ValueError(
                    f"`name`: `{self.name}` contains the character `{letter}`, expected letters, digits, `_`, `-` and `.`"
                )
        if not self.name:
            raise ValueError("`name`: expected at least one character, found none")


class Forward(Enum):
    """Where the lines of a standard stream go."""

    NONE = "none"
    STDOUT = "stdout"
    STDERR = "stderr"
    DB = "db"


class StoredLevel(Enum):
    """Which lines of ``obelisk:log`` are stored: those of this level and above."""

    OFF = "off"
    TRACE = "trace"
    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"


class ProgramSettings(ComponentSettings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The keys of every component that runs.

    * ``forward_stdout``, ``forward_stderr``: where the lines of a standard stream go: ``none``, the server's ``stdout`` or
      ``stderr``, or ``db``, from where ``client execution logs`` reads them.
    * ``logs_store_min_level``: which lines of ``obelisk:log`` are stored: those of this level and above, or ``off``.
    """

    forward_stdout: Forward = Forward.DB
    forward_stderr: Forward = Forward.DB
    logs_store_min_level: StoredLevel = StoredLevel.DEBUG


class ActivitySettings(ProgramSettings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The keys of every activity table.

    * ``max_retries``: how often a failed or timed-out execution is run again.
    * ``retry_exp_backoff``: the wait before the first retry; it doubles with each.
    * ``retry_max_backoff``: the longest wait before a retry.
    * ``retry_jitter``: the part of a wait, from 0.0 to 1.0, that is left to chance: with 0.2 a wait of 10 s becomes one of
      8 s to 10 s. Chance is seeded by the execution's id.
    """

    max_retries: int = 5
    retry_exp_backoff: Duration = Duration(milliseconds=100)
    retry_max_backoff: Duration = Duration(hours=1)
    retry_jitter: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_retries < 0:
            raise ValueError(f"`max_retries`: expected at least 0, found {self.max_retries}")
        if self.max_retries > MOST_RETRIES:
            raise ValueError(f"`max_retries`: expected at most {MOST_RETRIES}, found {self.max_retries}")
        if not 0 <= self.retry_jitter <= 1:
            raise ValueError(f"`retry_jitter`: expected a number from 0.0 to 1.0, found {self.retry_jitter}")


class AwaitStrategy(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A blocked workflow stays in memory; up to ``non_blocking_event_batching`` events are written at once."""

    kind: Literal["await"] = "await"
    non_blocking_event_batching: int = 100


class WorkflowSettings(ProgramSettings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The keys of every workflow table.

    * ``retry_exp_backoff``: the wait after a run that lost its lock; it doubles with each.
    * ``blocking_strategy``: ``"await"`` keeps a blocked workflow in memory, ``"interrupt"`` drops it and replays it later.
    * ``lock_extension``: whether a lock is extended while the workflow runs, ``lock_extension_leeway`` before it expires.
    """

    retry_exp_backoff: Duration = Duration(milliseconds=100)
    blocking_strategy: Literal["await", "interrupt"] | AwaitStrategy = "await"
    lock_extension: bool = True
    lock_extension_leeway: Duration = Duration(milliseconds=100)
