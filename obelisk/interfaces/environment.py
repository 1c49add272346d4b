"""The environment that a component is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from obelisk.errors import ComponentError
from obelisk.interfaces.sandbox import EnvVar


def component_environment(env_vars: Iterable[str | EnvVar], environ: Mapping[str, str]) -> dict[str, str]:
    """Return what ``env_vars`` sets, and what it forwards from ``environ``, the server's; of a name twice, the last.

    Raises ``ComponentError`` that names every variable that is to be forwarded and is not set, and for what no environment
    can hold.
    """
    entries = tuple(env_vars)
    for entry in entries:
        _check_name(entry if isinstance(entry, str) else entry.key)
    missing = [name for name in entries if isinstance(name, str) and name not in environ]
    if missing:
        names = ", ".join(f"`{name}`" for name in missing)
        raise ComponentError(
            f"`env_vars` forwards {names} from the server's environment, where it is not set; set it, or write "
            f'{{ key = "{missing[0]}", value = "${{{missing[0]}:-default}}" }}; the variables of `[secrets]` are not there'
        )
    pairs = [(each, environ[each]) if isinstance(each, str) else (each.key, each.value) for each in entries]
    for name, value in pairs:
        if "\0" in value:
            raise ComponentError(f"`env_vars`: the value of `{name}` holds a NUL, which no environment can hold")
    return dict(pairs)


def _check_name(name: str) -> None:
    if not name or "=" in name or "\0" in name:
        raise ComponentError(f"`env_vars`: found the variable `{name}`, expected a name without `=` and NUL")
