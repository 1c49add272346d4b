"""Packages of components as files."""

from __future__ import annotations

from obelisk.wit.model import Field, Function, Interface, Param, Primitive, RecordType, TypeDef
from obelisk.wit.packages import component_files
from obelisk.wit.resolve import resolve_packages

POINT = RecordType((Field("x", Primitive.U8),), "point")
SHAPES = Interface("a:shapes/plane", (), (TypeDef("point", POINT),))
USER = Interface(
    "a:user/api",
    (Function("move", (Param("to", POINT),), None),),
    (TypeDef("point", POINT, "a:shapes/plane", "point"),),
)
SPEAK = Function("speak", (), Primitive.STRING)
COUNT = Function("count", (), Primitive.U8)


def packages(*interfaces: Interface) -> list[str]:
    return [file.package for file in component_files(interfaces)]


def test_interfaces_of_a_package_are_in_one_file():
    (file,) = component_files([Interface("a:b/c", (SPEAK,)), Interface("a:b/d", (COUNT,))])
    assert [interface.name for interface in resolve_packages([file.text]).interfaces] == ["a:b/c", "a:b/d"]


def test_versions_are_packages_of_their_own():
    assert packages(Interface("a:b/c@1.0.0", (SPEAK,)), Interface("a:b/c@2.0.0", (SPEAK,))) == [
        "a:b@1.0.0",
        "a:b@2.0.0",
    ]


def test_of_an_interface_that_is_offered_twice_the_first_is_taken():
    (file,) = component_files([Interface("a:b/c", (SPEAK,)), Interface("a:b/c", (COUNT,))])
    assert "speak" in file.text
    assert "count" not in file.text


def test_an_interface_whose_types_are_used_comes_along():
    assert [file.package for file in component_files([USER], [SHAPES, Interface("a:other/api", (SPEAK,))])] == [
        "a:shapes", "a:user",
    ]  # fmt: skip


def test_a_type_of_an_interface_that_nobody_describes_is_defined_in_place():
    (file,) = component_files([USER])
    assert "record point" in file.text


def test_interfaces_of_the_engine_and_of_wasi_are_no_components():
    assert packages(Interface("wasi:http/incoming-handler@0.2.10"), Interface("obelisk:log/log@1.0.0")) == []


def test_what_is_no_interface_of_a_package_is_left_out():
    assert packages(Interface("exports", (SPEAK,))) == []
