"""The ``[[activity_exec]]`` tables of the configuration."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import force_setattr

from obelisk.interfaces.sandbox import EnvVar
from obelisk.interfaces.settings import ActivitySettings, Size
from obelisk.interfaces.signature import FunctionParam, default_name, written_signature

RESULT = "result"
SHEBANG = "#!"


class ExecActivitySettings(ActivitySettings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An activity that is a script or a program of the machine, once `allow_exec_activities` allows it.

    * ``name``: what the component is called; left out, `interface.function`.
    * ``ffqn``: the function, such as ``"tools:text/words.count"``.
    * ``params``: the function's parameters, each as ``{ name = "text", type = "string" }``.
    * ``return_type``: the WIT type of what the function returns.
    * ``wit``: a directory with WIT files that define the function, in place of ``params`` and ``return_type``.
    * ``location``: the script or program: a path that starts at the configuration's directory. Either this or ``content`` is
      needed.
    * ``content``: a script; it begins with ``#!`` and its interpreter. In it ``$${`` stands for a plain ``${``.
    * ``env_vars``: the program's whole environment: ``"NAME"`` forwards a variable of the server,
      ``{ key = "NAME", value = "..." }`` sets one.
    * ``max_output_bytes``: how much the program may write to its standard output.
    * ``params_via_stdin``: whether parameters come as JSON on standard input instead of as arguments.
    * ``secrets``: names of ``[secrets]`` that the program is given on standard input.
    """

    name: str = ""
    ffqn: str
    params: tuple[FunctionParam, ...] = ()
    return_type: str = RESULT
    wit: Path | None = None
    location: str | None = None
    content: str | None = None
    env_vars: tuple[str | EnvVar, ...] = ()
    max_output_bytes: Size = Size(4096)
    params_via_stdin: bool = False
    secrets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._check_program()
        self._check_function()
        if self.max_output_bytes < 1:
            raise ValueError(f"`max_output_bytes`: expected at least 1, found {self.max_output_bytes}")
        super().__post_init__()

    @property
    def uses_stdin(self) -> bool:
        """Whether anything is written to the program's standard input."""
        return self.params_via_stdin or bool(self.secrets)

    def _check_program(self) -> None:
        if (self.location is None) == (self.content is None):
            found = "neither" if self.location is None else "both"
            raise ValueError(f"expected either `location` or `content`, found {found}")
        if self.content is not None and not self.content.startswith(SHEBANG):
            raise ValueError(
                "`content`: expected a script that begins with `#!` and its interpreter, such as `#!/bin/sh`"
            )

    def _check_function(self) -> None:
        name = default_name(self.ffqn)
        if self.wit is None:
            written_signature(self.ffqn, self.params, self.return_type)
        elif self.params or self.return_type != RESULT:
            raise ValueError("`wit`: found beside `params` or `return_type`, expected one way to write the function")
        if not self.name:
            force_setattr(self, "name", name)
