"""Rules of the house that the type checker and the linter do not know."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatch
from functools import cache
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
    # Names of tables and roles, quoted by the dialect; no value of a row.
    "no-sql-from-text": {
        "core/db/migrate.py",
        "core/db/ownership.py",
        "core/plugins/removal.py",
        "core/sdk/migrations.py",
    },
    # Asks its own health over the loopback.
    "no-other-http": {"core/checks.py", "core/testing/servers.py"},
    "no-session-setting": {"core/testing/dangers.py"},
    # Signs and reads them; and reads those of identity providers, by rules as strict.
    "no-tokens-by-hand": {"core/auth/tokens/access.py", "core/extensions.py"},
    # A template of ours, and text that was escaped in the line above.
    "no-raw-markup": {"core/http/events_page.py"},
}
ALLOWED_BELOW = {
    # Names of tables; a migration knows no stranger's words.
    "no-sql-from-text": ("migrations/", *(f"plugins/{each.name}/migrations/" for each in (ROOT / "plugins").iterdir())),
    "no-tokens-by-hand": ("core/auth/tokens/", "core/oidc/"),
}
ONLY_IN_PLUGINS = frozenset({"no-bypass"})


@cache
def every_source() -> list[Source]:
    found = [each for package in PACKAGES for each in source.sources(ROOT / package)]
    return [*found, Source(ROOT / "wsgi.py", "wsgi.py")] if (ROOT / "wsgi.py").is_file() else found


def wanted(each: Source, rule: str) -> bool:
    if rule in ONLY_IN_PLUGINS:
        return each.place.startswith("plugins/") and "/migrations/" not in each.place
    return each.place not in ALLOWED.get(rule, set()) and not each.place.startswith(ALLOWED_BELOW.get(rule, ("-",)))


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

    def test_every_file_beside_the_sources_is_installed_with_them(self) -> None:
        with (ROOT / "pyproject.toml").open("rb") as file:
            declared = tomllib.load(file)["tool"]["setuptools"]["package-data"]
        left_behind = []
        for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*")):
            if path.is_file() and path.suffix not in {".py", ".pyc"}:
                home = next(each for each in path.parents if (each / "__init__.py").is_file() or each.parent == ROOT)
                patterns = [*declared["*"], *declared.get(".".join(home.relative_to(ROOT).parts), ())]
                if not any(fnmatch(path.relative_to(home).as_posix(), each) for each in patterns):
                    left_behind.append(str(path.relative_to(ROOT)))
        assert not left_behind

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
    "no-sql-from-text": "session.execute(text(f'SELECT * FROM core_user WHERE id = {user_id}'))",
    "no-other-http": "import httpx",
    "no-session-setting": "connection.execute(\"select set_config('app.agency_id', %s, false)\")",
    "no-unpickling": "import pickle",
    "no-running-text": "eval(body)",
    "no-shell": "subprocess.run(command, shell=True)",
    "no-tokens-by-hand": "from jwt import decode",
    "no-unchecked-tls": "requests.get(url, verify=False)",
    "no-debug": "app.run(debug=True)",
    "no-raw-markup": "Markup(note)",
}
MORE_EXAMPLES = {
    "no-sql-from-text": (
        "cursor.execute('SELECT * FROM x WHERE y = %s' % name)",
        "session.execute('SELECT ' + column)",
        "session.scalar('SELECT {}'.format(name))",
        "sa.text(f'DROP TABLE {name}')",
        "connection.exec_driver_sql(f'SET {name}')",
    ),
    "no-other-http": (
        "from urllib.request import urlopen",
        "import urllib.request",
        "from requests import get",
        "from http import client as x\nimport http.client",
    ),
    "no-session-setting": (
        "text('SET app.agency_id = 1')",
        "text('set session statement_timeout to 0')",
        "func.set_config('app.agency_id', x, False)",
    ),
    "no-unpickling": ("from marshal import loads", "yaml.load(body)", "import shelve"),
    "no-running-text": ("exec(body)", "__import__(name)", "compile(body, '', 'exec')"),
    "no-shell": ("os.system('ls ' + name)", "os.popen(name)", "Popen(name, shell=flag)"),
    "no-tokens-by-hand": ("import jwt", "from flask_jwt_extended import decode_token", "from authlib.jose import jwt"),
    "no-unchecked-tls": ("ssl._create_unverified_context()", "context.check_hostname = False", "x = ssl.CERT_NONE"),
    "no-raw-markup": ("Environment(autoescape=False)", "markupsafe.Markup('<b>' + name)"),
}
HARMLESS = {
    "no-sql-from-text": (
        "session.execute(text('SELECT 1'), {'name': name})",
        "connection.execute(_COLUMNS + ' WHERE id = :id')",
        "frames.text('0' + opening)",
        "session.execute(select(User).where(User.id == user_id))",
    ),
    "no-session-setting": (
        "text(\"select set_config('app.agency_id', :id, true)\")",
        "text('SET LOCAL lock_timeout = 3')",
        "text('UPDATE x SET y = 1')",
    ),
    "no-shell": ("subprocess.run(['ls'], shell=False)", "os.path.join(a, b)"),
    "no-unpickling": ("yaml.safe_load(body)",),
    "no-other-http": ("from urllib.parse import quote", "from http import HTTPStatus"),
}


class TestRules:
    """Each rule finds what it is for; a rule that finds nothing would pass for ever."""

    @pytest.mark.parametrize("rule", source.RULES)
    def test_a_breach_is_found(self, rule: str, tmp_path: Path) -> None:
        file = tmp_path / "example.py"
        file.write_text(EXAMPLES[rule])
        assert source.broken(Source(file, "example.py"), rule)

    @pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, each in MORE_EXAMPLES.items() for text in each])
    def test_each_form_of_a_breach_is_found(self, rule: str, text: str, tmp_path: Path) -> None:
        file = tmp_path / "example.py"
        file.write_text(text)
        assert source.broken(Source(file, "example.py"), rule)

    @pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, each in HARMLESS.items() for text in each])
    def test_what_is_harmless_passes(self, rule: str, text: str, tmp_path: Path) -> None:
        file = tmp_path / "example.py"
        file.write_text(text)
        assert not source.broken(Source(file, "example.py"), rule)

    def test_a_skip_with_a_reason_is_accepted_and_one_without_is_not(self, tmp_path: Path) -> None:
        file = tmp_path / "example.py"
        file.write_text("session.commit()  # rule: no-commit - the reason\n")
        assert not source.broken(Source(file, "example.py"), "no-commit")
        file.write_text("session.commit()  # rule: no-commit\n")
        example = Source(file, "example.py")
        assert source.broken(example, "no-commit")
        assert source.skips_without_reason(example)
