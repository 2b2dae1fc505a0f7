"""A stranger's day: make a plugin, or install one from a wheel; enable, migrate, serve and remove it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from core.plugins import scaffold
from core.plugins.cli import plugins
from core.testing import schema
from core.testing.databases import Server

ROOT = Path(__file__).parents[3]
PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input")
# Builds with what is installed here: no index is asked.
OFFLINE = ("--no-deps", "--no-build-isolation", "--no-index")
RUN = "from core.plugins.cli import plugins; from core.db.cli import db; import sys; {}(sys.argv[1:])"

SERVE = """
from core.app import create_app
from core.config import load
from core.testing.clients import ok
from core.testing.factories import agency_maker
app = create_app(load())
api = agency_maker(app)().member("owner")
print(ok(api.post("/visas", {"country": "VN", "body": "Ask three weeks ahead."}), 201)["country"])
"""


def run(*command: str, where: Path, **environment: str) -> str:
    done = subprocess.run(
        command, cwd=where, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def surroundings(database_server: Server, tmp_path: Path) -> Iterator[dict[str, str]]:
    """An empty installation: a database of its own, and a folder of installed packages."""
    with schema.scratch(database_server) as settings:
        assert settings.database_url
        assert settings.database_owner_url
        assert settings.database_system_url
        yield {
            "DATABASE_URL": settings.database_url.get_secret_value(),
            "DATABASE_OWNER_URL": settings.database_owner_url.get_secret_value(),
            "DATABASE_SYSTEM_URL": settings.database_system_url.get_secret_value(),
            "JWT_SECRET": "a secret that only tests may ever use",
            "LOG_LEVEL": "ERROR",
            "TRIPFILE_VAR": str(tmp_path / "var"),
            "PYTHONPATH": os.pathsep.join([str(tmp_path / "packages"), str(ROOT)]),
        }


@pytest.mark.slow
class TestNewPlugin:
    def test_it_is_green_before_its_first_line(self, tmp_path: Path) -> None:
        made = CliRunner().invoke(plugins, ["new", "river_cruises", "--into", str(tmp_path)])
        assert made.exit_code == 0, made.output
        project = tmp_path / "river-cruises"
        packages = tmp_path / "packages"
        programs = Path(sys.executable).parent
        assert f"{programs}/python -m pip install -e {project}" in made.output
        assert f"{programs}/tripfile plugins check" in made.output
        run(*PIP, "install", *OFFLINE, "--target", str(packages), ".", where=project)
        shutil.rmtree(project / "build", ignore_errors=True)
        path = os.pathsep.join([str(packages), str(ROOT)])
        output = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", where=project, PYTHONPATH=path)
        assert "passed" in output

    def test_nothing_of_the_template_is_left_in_it(self, tmp_path: Path) -> None:
        project = scaffold.create("river_cruises", into=tmp_path)
        for file in project.rglob("*.*"):
            assert "visa" not in file.name.lower()
            assert "visa" not in file.read_text().lower(), file

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("River", "use 2 to 31 lower-case letters"),
            ("core", "belongs to the core"),
            ("users", "belongs to the core"),
            ("contacts", "there is already a plugin called 'contacts'"),
        ],
    )
    def test_a_name_that_cannot_be_used_is_refused(self, name: str, reason: str, tmp_path: Path) -> None:
        refused = CliRunner().invoke(plugins, ["new", name, "--into", str(tmp_path)])
        assert refused.exit_code == 1
        assert reason in refused.output


@pytest.mark.slow
class TestPluginFromAWheel:
    def test_it_is_discovered_migrated_served_and_removed(self, tmp_path: Path, surroundings: dict[str, str]) -> None:
        self.install(tmp_path)
        listed = self.tripfile("plugins", "list", where=tmp_path, **surroundings)
        assert "visas                    available  the package tripfile-visas 0.1.0" in listed

        enabled = {**surroundings, "PLUGINS": "built-in,visas"}
        assert "visas" in self.tripfile("plugins", "check", where=tmp_path, **enabled)
        assert "visas to 0001: Notes." in self.tripfile("db", "upgrade", where=tmp_path, **enabled)
        assert "Models and database agree." in self.tripfile("db", "check", where=tmp_path, **enabled)
        assert "The database is well." in self.tripfile("db", "doctor", where=tmp_path, **enabled)
        assert run(sys.executable, "-c", SERVE, where=tmp_path, **enabled).strip() == "VN"

        removed = self.tripfile("plugins", "remove", "visas", "--drop-data", "--yes", where=tmp_path, **surroundings)
        assert "1 tables exported" in removed
        (exported,) = (tmp_path / "var" / "exports").rglob("visas_note.jsonl")
        assert json.loads(exported.read_text())["body"] == "Ask three weeks ahead."
        assert "visas" not in self.tripfile("db", "current", where=tmp_path, **surroundings)
        # Its package may go at any time: nobody else's migrations need it.
        shutil.rmtree(tmp_path / "packages")
        assert "up to date" in self.tripfile("db", "upgrade", where=tmp_path, **surroundings)

    def install(self, folder: Path) -> None:
        project = shutil.copytree(ROOT / "plugin_template", folder / "project")
        run(*PIP, "wheel", *OFFLINE, "--wheel-dir", str(folder / "wheels"), ".", where=project)
        (wheel,) = (folder / "wheels").glob("*.whl")
        run(*PIP, "install", *OFFLINE, "--target", str(folder / "packages"), str(wheel), where=folder)

    def tripfile(self, group: str, *arguments: str, where: Path, **environment: str) -> str:
        return run(sys.executable, "-c", RUN.format(group), *arguments, where=where, **environment)
