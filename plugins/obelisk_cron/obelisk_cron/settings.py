"""The ``[[cron]]`` tables of the configuration."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from obelisk.errors import InvalidNameError
from obelisk.names import parse_ffqn

UTC_NAME = "UTC"


class CronSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A schedule: it starts an execution of a function each time that it is due.

    * ``name``: what the schedule is called; letters, digits, ``_``, ``-`` and ``.``.
    * ``ffqn``: the function that is started, such as ``"shop:reports/daily.write"``.
    * ``params``: its parameters, as a list or as the text of a JSON array.
    * ``schedule``: five fields (minute, hour, day of month, month, day of week), six with seconds before them, or one of
      ``@hourly``, ``@daily``, ``@midnight``, ``@weekly``, ``@monthly``, ``@yearly``, ``@annually`` and ``@once``.
    * ``timezone``: the zone of the fields, a name of the IANA time zone database such as ``"Europe/Prague"``.
    """

    name: str
    ffqn: str
    params: str | tuple[Any, ...] = ()
    schedule: str
    timezone: str = UTC_NAME

    def __post_init__(self) -> None:
        self._check_name()
        try:
            parse_ffqn(self.ffqn)
        except InvalidNameError as error:
            raise ValueError(
                f"`ffqn`: found `{self.ffqn[:80]}`, expected a function such as `shop:reports/daily.write`"
            ) from error
        _ = self.param_list
        from obelisk_cron.schedule import parse_schedule

        parse_schedule(self.schedule, self.timezone)

    @property
    def param_list(self) -> list[Any]:
        """The parameters as plain JSON; raise ``ValueError`` for a text that is no JSON array."""
        if not isinstance(self.params, str):
            return list(self.params)
        try:
            found = msgspec.json.decode(self.params)
        except msgspec.DecodeError as error:
            raise ValueError(f"`params`: expected the text of a JSON array: {error}") from error
        if not isinstance(found, list):
            raise ValueError(f"`params`: expected the text of a JSON array, found `{self.params[:80]}`")
        return found

    def _check_name(self) -> None:
        allowed = (letter.isascii() and (letter.isalnum() or letter in "_-.") for letter in self.name)
        if not self.name or not all(allowed):
            raise ValueError(
                f"`name`: expected letters, digits, `_`, `-` and `.`, at least one of them, found `{self.name[:80]}`"
            )
