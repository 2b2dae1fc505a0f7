"""Rules of the house that the type checker and the linter do not know."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.testing import source
from core.testing.source import Source

ROOT = Path(__file__).parents[2]
PACKAGES = ("core", "gateway", "plugins", "migrations")
# The one place of each thing that everybody else is kept from.
ALLOWED = {
    "no-commit": {"core/db/session.py", "core/db/closing.py"},
    "no-environment": {"core/config.py", "core/testing/databases.py"},
    "no-clock": {"core/clock.py"},
}
ONLY_IN_PLUGINS = frozenset({"no-bypass"})


def every_source() -> list[Source]:
    found = [each for package in PACKAGES for each in source.sources(ROOT / package)]
    return [*found, Source(ROOT / "wsgi.py", "wsgi.py")] if (ROOT / "wsgi.py").is_file() else found


def wanted(each: Source, rule: str) -> bool:
    if rule in ONLY_IN_PLUGINS:
        return each.place.startswith("plugins/") and "/migrations/" not in each.place
    return each.place not in ALLOWED.get(rule, set())


class TestSources:
    @pytest.mark.parametrize("rule", source.RULES)
    def test_a_rule_holds_everywhere(self, rule: str) -> None:
        problems = [line for each in every_source() if wanted(each, rule) for line in source.broken(each, rule)]
        assert not problems, "\n" + "\n".join(problems)

    def test_every_exception_to_a_rule_gives_its_reason(self) -> None:
        problems = [line for each in every_source() for line in source.skips_without_reason(each)]
        assert not problems, "\n" + "\n".join(problems)

    def test_every_package_says_its_purpose(self) -> None:
        folders = {each.path.parent for each in every_source() if "migrations" not in each.path.parts}
        without = [
            str(folder.relative_to(ROOT)) for folder in folders - {ROOT} if not (folder / "__init__.py").is_file()
        ]
        assert not without

    def test_test_files_are_short_too(self) -> None:
        tests = source.sources(ROOT / "tests")
        problems = [line for each in tests for line in source.broken(each, "short")]
        assert not problems, "\n" + "\n".join(problems)


EXAMPLES = {
    "no-commit": "session.commit()",
    "no-bypass": "Lead.__table__",
    "no-environment": "os.environ['HOME']",
    "no-clock": "datetime.now()",
    "short": "x = 1\n" * 301,
    "purpose": "x = 1",
    "plain-names": "class LeadManager: ...",
    "few-doors": "__all__ = ['x']",
    "modern": "x = 1\ny = 2",
}


class TestRules:
    """Each rule finds what it is for; a rule that finds nothing would pass for ever."""

    @pytest.mark.parametrize("rule", source.RULES)
    def test_a_breach_is_found(self, rule: str, tmp_path: Path) -> None:
        file = tmp_path / "example.py"
        file.write_text(EXAMPLES[rule])
        assert source.broken(Source(file, "example.py"), rule)

    def test_a_skip_with_a_reason_is_accepted_and_one_without_is_not(self, tmp_path: Path) -> None:
        file = tmp_path / "example.py"
        file.write_text("session.commit()  # rule: no-commit - the reason\n")
        assert not source.broken(Source(file, "example.py"), "no-commit")
        file.write_text("session.commit()  # rule: no-commit\n")
        example = Source(file, "example.py")
        assert source.broken(example, "no-commit")
        assert source.skips_without_reason(example)
