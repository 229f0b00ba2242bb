"""docs/licences.md lists every runtime dependency, with the licence its metadata declares."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

# What metadata says in words, as the table has it.
CLASSIFIERS = {
    "MIT License": "MIT",
    "BSD License": "BSD",
    "Apache Software License": "Apache-2.0",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "GNU Library or Lesser General Public License (LGPL)": "LGPL",
}
ROW = re.compile(r"^\| ([A-Za-z0-9_.\-]+) \| ([^|]+) \|", re.MULTILINE)
STRONG_COPYLEFT = re.compile(r"\bA?GPL")
RUNTIME_EXCEPTION = re.compile(r"GPL-3\.0-or-later WITH GCC-exception-3\.1")
FAMILY = re.compile(r"\b(?:A?GPL|LGPL|MPL|MIT|BSD|Apache|none)")


def requirement_name(requirement: str) -> str:
    return re.split(r"[\s\[<>=!~;]", requirement, maxsplit=1)[0]


def declared(package: str) -> str:
    """The licence in a package's own metadata: expression, else classifiers, else the field."""
    info = metadata.metadata(package)
    if expression := info.get("License-Expression"):
        return expression
    classifiers = [
        c.rsplit(" :: ", maxsplit=1)[-1]
        for c in info.get_all("Classifier") or []
        if c.startswith("License ::")
    ]
    if classifiers:
        return " AND ".join(CLASSIFIERS.get(c, c) for c in classifiers)
    return info.get("License") or "none"


def families(licence: str) -> set[str]:
    """`BSD` of `BSD-3-Clause`: releases change how they spell their licence more than the licence.

    The runtime library of GCC in a wheel does not put the wheel under the GPL.
    """
    return set(FAMILY.findall(RUNTIME_EXCEPTION.sub("", licence)))


def agrees(listed: str, declared: str) -> bool:
    """Whether a table's licence is the declared one: some family in common, copyleft exactly."""
    ours, theirs = families(listed), families(declared)
    copyleft = {"GPL", "AGPL", "LGPL", "MPL"}
    return bool(ours & theirs) and ours & copyleft == theirs & copyleft


@pytest.fixture(scope="module")
def project(repository: Path) -> dict:
    return tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def listed(repository: Path) -> dict[str, str]:
    text = (repository / "docs/licences.md").read_text(encoding="utf-8")
    return {name.casefold(): licence.strip() for name, licence in ROW.findall(text)}


def packages(project: dict) -> list[str]:
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["walk"], *extras["cpu"], *extras["s3"]]
    names = [requirement_name(r) for r in wanted]
    return [n for n in names if n != project["name"]]


def test_every_runtime_dependency_is_listed_with_the_licence_it_declares(
    project: dict, listed: dict[str, str]
) -> None:
    stated = {name: listed.get(name.casefold(), "not listed") for name in packages(project)}
    wrong = {
        name: f"{licence} is listed, {declared(name)} is declared"
        for name, licence in stated.items()
        if not agrees(licence, declared(name))
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("listed", "declared", "expected"),
    [
        ("BSD", "BSD-3-Clause", True),
        ("BSD", "BSD-3-Clause AND GPL-3.0-or-later WITH GCC-exception-3.1", True),
        ("MIT", "GPL-3.0-or-later", False),
        ("MIT", "MIT AND GPL-3.0-or-later", False),
        ("LGPL", "GPL-3.0-or-later", False),
        ("none", "MIT", False),
        ("not listed", "MIT", False),
    ],
)
def test_a_licence_that_is_another_one_is_seen(listed: str, declared: str, expected: bool) -> None:
    assert agrees(listed, declared) is expected


def test_the_base_install_brings_nothing_under_the_gpl(project: dict) -> None:
    """Not only the four packages: everything they bring along."""
    seen: set[str] = set()
    waiting = [requirement_name(r) for r in project["dependencies"]]
    while waiting:
        name = waiting.pop()
        if name.casefold() in seen:
            continue
        seen.add(name.casefold())
        assert not re.search(r"GPL", declared(name)), f"{name} is {declared(name)}"
        needs = metadata.requires(name) or []
        waiting += [requirement_name(r) for r in needs if ";" not in r]
    assert len(seen) > len(project["dependencies"])


def test_every_gpl_package_is_named_in_the_notice(project: dict, repository: Path) -> None:
    notice = (repository / "NOTICE").read_text(encoding="utf-8")
    gpl = [n for n in packages(project) if STRONG_COPYLEFT.search(declared(n))]
    assert {"phonemizer", "praat-parselmouth"} <= set(gpl)
    assert [n for n in [*gpl, "espeakng-loader"] if n not in notice] == []


def test_the_licence_file_is_the_apache_license(repository: Path) -> None:
    text = (repository / "LICENSE").read_text(encoding="utf-8")
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
