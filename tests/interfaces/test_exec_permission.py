"""What the operator allows."""

from __future__ import annotations

import pytest

from obelisk.errors import ComponentError
from obelisk.interfaces.exec_permission import ExecPermission

DIGEST, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64


@pytest.mark.parametrize("allowed", [True, {"tool": DIGEST}, {"tool": DIGEST, "other": OTHER}])
def test_what_is_allowed_passes(allowed):
    ExecPermission(allowed).check("tool", DIGEST)


@pytest.mark.parametrize("allowed", [False, {}])
def test_nothing_is_allowed_by_itself(allowed):
    with pytest.raises(
        ComponentError, match=f'write `allow_exec_activities."tool" = "{DIGEST}"` above the first table'
    ):
        ExecPermission(allowed).check("tool", DIGEST)


def test_a_digest_belongs_to_a_name():
    with pytest.raises(ComponentError, match=f'write `"tool" = "{DIGEST}"` into `allow_exec_activities`'):
        ExecPermission({"other": DIGEST}).check("tool", DIGEST)


def test_another_digest_is_told_with_both():
    with pytest.raises(ComponentError) as caught:
        ExecPermission({"tool": OTHER}).check("tool", DIGEST)
    assert DIGEST in str(caught.value)
    assert OTHER in str(caught.value)
