"""What docs/security.md claims: every control and every requirement has tests, and those tests exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs/security.md").read_text()
ASVS = dict(line.split() for line in (Path(__file__).parent / "asvs_5_0.txt").read_text().splitlines())
"""The requirements of OWASP ASVS 5.0.0 up to level 2, each with its level."""
LATER = {"S49": "communications", "S51": "documents", "S53": "AI"}
"""Controls of parts that do not exist yet."""
COUNT = 68
_NOT_APPLICABLE = "Not applicable:"


class Row(msgspec.Struct, frozen=True):
    """A line of one of the document's tables."""

    id: str
    words: str
    evidence: tuple[str, ...]


def rows(pattern: str) -> Iterator[Row]:
    """The lines whose first cell is like this; the last cell is the evidence."""
    for line in DOCUMENT.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if cells and re.fullmatch(pattern, cells[0]):
            yield Row(cells[0], " ".join(cells[1:-1]), _evidence(cells[-1]))


def _evidence(cell: str) -> tuple[str, ...]:
    return tuple(quoted or control for quoted, control in re.findall(r"`([^`]+)`|\b(S\d\d)\b", cell))


CONTROLS = {row.id: row for row in rows(r"S\d\d")}
REQUIREMENTS = {row.id: row for row in rows(r"\d+\.\d+\.\d+")}


@cache
def names_in(file: Path) -> frozenset[str]:
    """The tests of a file, `TestClass`, `TestClass::test_it` and `test_it`."""
    found = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.ClassDef):
            found.add(node.name)
            found |= {f"{node.name}::{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
        elif isinstance(node, ast.FunctionDef):
            found.add(node.name)
    return frozenset(found)


def exists(evidence: str) -> bool:
    """Whether a test, a file of tests, a document or a control with tests of its own is there."""
    if evidence in CONTROLS:
        return bool(CONTROLS[evidence].evidence)
    file, _, name = evidence.partition("::")
    path = ROOT / file.partition("#")[0]
    if not name:
        return path.is_file()
    return path.is_file() and name in names_in(path)


class TestControls:
    def test_are_all_there_once(self) -> None:
        listed = [row.id for row in rows(r"S\d\d")]
        assert listed == [f"S{number:02}" for number in range(1, COUNT + 1)]

    @pytest.mark.parametrize("control", CONTROLS)
    def test_have_tests_that_exist(self, control: str) -> None:
        row = CONTROLS[control]
        if control in LATER:
            assert row.evidence == ()
            assert "Comes with" in row.words
            return
        tests = [each for each in row.evidence if each.startswith("tests/")]
        assert tests
        assert [each for each in row.evidence if not exists(each)] == []


class TestRequirements:
    def test_of_both_levels_are_all_there(self) -> None:
        assert list(ASVS.values()).count("1") == 70
        assert list(ASVS.values()).count("2") == 183
        assert [row.id for row in rows(r"\d+\.\d+\.\d+")] == list(ASVS)

    @pytest.mark.parametrize("requirement", REQUIREMENTS)
    def test_are_met_by_something_that_exists(self, requirement: str) -> None:
        row = REQUIREMENTS[requirement]
        if row.words.startswith(f"{ASVS[requirement]} {_NOT_APPLICABLE}"):
            assert row.evidence == ()
            return
        assert row.evidence
        assert [each for each in row.evidence if not exists(each)] == []
