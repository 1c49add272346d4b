"""A project of components: of which kind, in which language, and under which name; and all of its files.

Every project has an activity; those of workflows and webhooks have it for something to call.
"""

from __future__ import annotations

import re
from enum import Enum
from importlib.resources import files as resources
from pathlib import PurePosixPath
from typing import Final

from msgspec import Struct

from obelisk.core.events import ComponentRole
from obelisk.errors import InputError, InvalidNameError
from obelisk.names import Ffqn
from obelisk.scaffold.components.language import LANGUAGES, Language
from obelisk.scaffold.writing import ProjectFile, files_of
from obelisk.wit.extensions import extension_interfaces
from obelisk.wit.hosts import host_interfaces
from obelisk.wit.keywords import KEYWORDS, NEWER_KEYWORDS
from obelisk.wit.lexer import Source
from obelisk.wit.packages import PackageFile, component_files, host_files, placed, wasi_files
from obelisk.wit.resolve import resolve_packages
from obelisk.wit.wasi import WASI_VERSION

MAX_NAME: Final = 64
RESERVED: Final = frozenset({"obelisk", "wasi"})
"""Namespaces of WIT that belong to others."""
_TEMPLATES: Final = "templates"
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z][a-z0-9]*)*")
_ACTIVITY_WIT: Final = PurePosixPath("activity", "wit", "world.wit")


class ProjectKind(Enum):
    """What a project is about; the value is the name of its main component, too."""

    ACTIVITY = "activity"
    WORKFLOW = "workflow"
    WEBHOOK = "webhook"

    @property
    def components(self) -> tuple[str, ...]:
        """The project's components, which are directories of it too."""
        return ("activity",) if self is ProjectKind.ACTIVITY else ("activity", self.value)


class Project(Struct, frozen=True):
    """A project that can be written. ``name`` is the namespace of its WIT packages."""

    name: str
    kind: ProjectKind
    language: Language

    @property
    def example(self) -> tuple[Ffqn, str] | None:
        """A function to call, with its params as JSON; ``None`` for a webhook, which is called over HTTP."""
        return {
            ProjectKind.ACTIVITY: (Ffqn(f"{self.name}:activity/greeting.greet"), '["World"]'),
            ProjectKind.WORKFLOW: (Ffqn(f"{self.name}:workflow/greetings.greet-all"), '[["Ann", "Ben"]]'),
        }.get(self.kind)

    @property
    def files(self) -> tuple[ProjectFile, ...]:
        """All files of the project, with the WIT packages that its main component may import."""
        templates = resources(__package__) / _TEMPLATES
        values = _values(self)
        own = [templates / "project" / self.kind.value, templates / self.language.name / "common"]
        parts = [templates / self.language.name / component for component in self.kind.components]
        found = [file for part in (*own, *parts) for file in files_of(part, values)]
        return (*found, *_dependencies(self, found))


def project(name: str, kind: ProjectKind, language: str) -> Project:
    """Return a project. Raises ``InputError`` for a language that is not known, ``InvalidNameError`` for no good name."""
    if language not in LANGUAGES:
        known = ", ".join(f"`{each}`" for each in LANGUAGES)
        raise InputError(f"there are no projects in `{language[:MAX_NAME]}`; expected one of {known}")
    _check_name(name)
    return Project(name, kind, LANGUAGES[language])


def _check_name(name: str) -> None:
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        raise InvalidNameError(
            f"`{name[:MAX_NAME]}` cannot be the name of a project: expected words of small letters and digits with `-` "
            f"between them, each beginning with a letter, such as `my-shop`, and at most {MAX_NAME} characters"
        )
    if name in RESERVED | KEYWORDS | NEWER_KEYWORDS:
        raise InvalidNameError(
            f"`{name}` cannot be the name of a project: it is a word of WIT or a namespace that is taken; "
            f"choose another, such as `my-{name}`"
        )


def _values(project: Project) -> dict[str, str]:
    language, components = project.language, project.kind.components
    return {
        "name": project.name,
        "snake": project.name.replace("-", "_"),
        "components": " ".join(components),
        "environments": "\n".join(
            f'  {{ root = "{component}", extraPaths = ["build/bindings/{component}"] }},' for component in components
        ),
        "wasi_version": language.wasi_version,
        "workflow_keys": language.workflow_keys,
        "language_name": language.title,
        "needs": language.needs,
        "toolchain": f"`{language.toolchain}`",
        "source": f"`{language.source}`",
        "bindings": f"`{language.bindings}`",
    }


def _dependencies(project: Project, files: list[ProjectFile]) -> list[ProjectFile]:
    """Return the files of ``wit/deps`` of the main component, as ``obelisk generate wit-deps`` would write them."""
    if project.kind is ProjectKind.ACTIVITY:
        return []
    text = next(file.text for file in files if file.path == _ACTIVITY_WIT)
    packages = [*host_files(), *_packages_of_activity(text)]
    if project.kind is ProjectKind.WEBHOOK:
        packages += _wasi_packages(project.language.wasi_version)
    deps = PurePosixPath(project.kind.value, "wit", "deps")
    return [ProjectFile(deps / path, package.content) for path, package in placed(packages)]


def _wasi_packages(version: str) -> list[PackageFile]:
    return [
        PackageFile(file.package.replace(WASI_VERSION, version), file.text.replace(f"@{WASI_VERSION}", f"@{version}"))
        for file in wasi_files()
    ]


def _packages_of_activity(text: str) -> list[PackageFile]:
    exported = resolve_packages([Source(text, str(_ACTIVITY_WIT))], known=host_interfaces().values()).interfaces
    derived = [each for own in exported for each in extension_interfaces(own, role=ComponentRole.ACTIVITY)]
    return component_files([*exported, *derived])
