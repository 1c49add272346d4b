"""Reading secrets when an engine opens.

They come from the environment, and are taken out of it: what is started later, and a component that is given a variable
of the server, does not find them there. On Linux the environment that a process was *started* with stays readable for
processes of the same user in ``/proc/PID/environ``, whatever the process does to its own copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager

from obelisk.config.model import SecretSettings
from obelisk.errors import ConfigError
from obelisk.interfaces.secrets import Secrets


@contextmanager
def taken_secrets(table: Mapping[str, SecretSettings], environ: MutableMapping[str, str]) -> Iterator[Secrets]:
    """Read the secrets of ``[secrets]`` and take their variables out of ``environ`` until the context is left.

    Raises ``ConfigError`` that names every variable that is not set, is empty or is not UTF-8 text.
    """
    problems = [problem for name, secret in table.items() if (problem := _problem(name, secret.env, environ))]
    if problems:
        raise ConfigError("\n".join(problems))
    secrets = Secrets({name: environ[secret.env] for name, secret in table.items()})
    taken = {secret.env: environ.pop(secret.env) for secret in table.values() if secret.env in environ}
    try:
        yield secrets
    finally:
        environ.update(taken)


def _problem(name: str, variable: str, environ: Mapping[str, str]) -> str | None:
    value = environ.get(variable)
    if value is None:
        return f"`secrets.{name}.env`: the variable `{variable}` is not set"
    if not value:
        return f"`secrets.{name}.env`: the variable `{variable}` is empty, expected the secret"
    try:
        value.encode()
    except UnicodeEncodeError:
        return f"`secrets.{name}.env`: the variable `{variable}` is not UTF-8 text"
    return None
