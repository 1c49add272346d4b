"""The environment that a component is given."""

from __future__ import annotations

import pytest

from obelisk.errors import ComponentError
from obelisk.interfaces.environment import component_environment
from obelisk.interfaces.sandbox import EnvVar

SERVER = {"HOME": "/home/me", "EMPTY": ""}


def test_variables_are_forwarded_and_set():
    found = component_environment(["EMPTY", EnvVar("A", "1"), EnvVar("HOME", "/")], SERVER)
    assert found == {"EMPTY": "", "A": "1", "HOME": "/"}


def test_every_variable_that_is_missing_is_named():
    with pytest.raises(ComponentError) as caught:
        component_environment(["ONE", "HOME", "TWO"], SERVER)
    assert "`env_vars` forwards `ONE`, `TWO` from the server's environment, where it is not set" in str(caught.value)


def test_of_a_variable_that_is_named_twice_the_last_counts():
    assert component_environment([EnvVar("HOME", "/"), "HOME"], SERVER) == {"HOME": "/home/me"}


@pytest.mark.parametrize("variable", [EnvVar("A=B", "1"), EnvVar("", "1"), EnvVar("A\0", "1"), EnvVar("A", "1\0")])
def test_what_no_environment_holds_is_refused(variable: str | EnvVar):
    with pytest.raises(ComponentError, match="`env_vars`: "):
        component_environment([variable], SERVER)
