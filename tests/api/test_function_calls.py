"""The calls of FunctionRepository over a real connection."""

from __future__ import annotations

import grpc
import pytest

from obelisk.api.convert.basics import function_message
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.api.pb.obelisk_pb2_grpc import FunctionRepositoryStub
from obelisk.names import Ffqn
from tests.api.calls import refused
from tests.api.fakes import DEPLOYMENT, DIGEST, FIBO_SUBMIT, FIBOA

Repository = FunctionRepositoryStub


async def _exported(functions: Repository, **request: object) -> list[str]:
    response = await functions.ListComponents(pb.ListComponentsRequest(**request))
    return [detail.function_name.function_name for component in response.components for detail in component.exports]


async def test_a_component_comes_with_the_signatures_of_its_functions(functions: Repository) -> None:
    (component,) = (await functions.ListComponents(pb.ListComponentsRequest())).components
    (detail,) = component.exports
    assert component.component_id.component_type == pb.COMPONENT_TYPE_WORKFLOW
    assert [(param.name, param.type.wit_type) for param in detail.params] == [("n", "u8"), ("iterations", "u32")]
    assert detail.return_type.wit_type_inline == "result<u64>"
    assert detail.submittable
    assert not detail.HasField("extension")
    assert [detail.function_name.function_name for detail in component.imports] == ["fibo"]


async def test_derived_functions_come_when_they_are_wanted(functions: Repository) -> None:
    (component,) = (await functions.ListComponents(pb.ListComponentsRequest(extensions=True))).components
    assert component.exports[1].extension == pb.FUNCTION_EXTENSION_SUBMIT


@pytest.mark.parametrize(
    ("name", "found"), [(FIBOA, ["fiboa"]), (FIBO_SUBMIT, ["fiboa"]), (Ffqn("testing:fibo/fibo.fibo"), [])]
)
async def test_components_are_filtered_by_what_they_export(functions: Repository, name: Ffqn, found: list[str]) -> None:
    assert await _exported(functions, function_name=function_message(name)) == found


@pytest.mark.parametrize(("digest", "found"), [(DIGEST, ["fiboa"]), ("sha256:0", [])])
async def test_components_are_filtered_by_digest(functions: Repository, digest: str, found: list[str]) -> None:
    assert await _exported(functions, component_digest=pb.ContentDigest(digest=digest)) == found


async def test_the_current_deployment_may_be_named(functions: Repository) -> None:
    assert await _exported(functions, deployment_id=pb.DeploymentId(id=DEPLOYMENT)) == ["fiboa"]


async def test_another_deployment_is_not_found(functions: Repository) -> None:
    request = pb.ListComponentsRequest(deployment_id=pb.DeploymentId(id="Dep_0"))
    code, details = await refused(functions.ListComponents(request))
    assert (code, DEPLOYMENT in details) == (grpc.StatusCode.NOT_FOUND, True)


async def test_the_wit_of_a_component_is_found_by_digest(functions: Repository) -> None:
    request = pb.GetWitRequest(component_digest=pb.ContentDigest(digest=DIGEST))
    assert (await functions.GetWit(request)).content == "package any:any;\n"


async def test_the_wit_of_an_unknown_component_is_not_found(functions: Repository) -> None:
    request = pb.GetWitRequest(component_digest=pb.ContentDigest(digest="sha256:0"))
    code, details = await refused(functions.GetWit(request))
    assert (code, "sha256:0" in details) == (grpc.StatusCode.NOT_FOUND, True)


async def test_the_digest_has_to_be_given(functions: Repository) -> None:
    answer = await refused(functions.GetWit(pb.GetWitRequest()))
    assert answer == (grpc.StatusCode.INVALID_ARGUMENT, "argument `component_digest` must exist")
