"""The checks of dependencies and patterns find what they are for, and never say `passed` where they did not look."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 23)
BAD: dict[str, str] = {
    "S301": "import pickle\npickle.loads(body)",
    "S307": "eval(body)",
    "S102": "exec(body)",
    "S602": "import subprocess\nsubprocess.run(f'ls {name}', shell=True)",
    "S506": "import yaml\nyaml.load(body, Loader=yaml.Loader)",
    "S311": "import random\ntoken = random.choice('abc')",
    "S501": "import requests\nrequests.get('https://example.com', verify=False, timeout=3)",
    "S324": "import hashlib\nhashlib.md5(body)",
    "S201": "import flask\napp = flask.Flask('x')\napp.run(debug=True)",
    "S608": "query = f'SELECT name FROM people WHERE id = {number}'\ncursor.execute(query)",
    "S701": "import jinja2\njinja2.Environment(autoescape=False)",
    "S704": "import markupsafe\nmarkupsafe.Markup(f'<b>{name}</b>')",
}


def loaded(name: str) -> Any:
    """A script of .ci as a module."""
    spec = importlib.util.spec_from_file_location(f"ci_{name}", ROOT / ".ci" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    # Its dataclasses look themselves up there.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def advisories() -> Any:
    return loaded("advisories")


def passed(**changes: Any) -> dict[str, Any]:
    """An entry of the list of advisories that are let pass."""
    entry = {
        "id": "GHSA-1", "package": "thing", "severity": "high", "since": TODAY, "until": date(2026, 11, 30),
        "reason": "Nobody can reach it: the part is not used.",
    }  # fmt: skip
    return entry | changes


class TestAdvisories:
    def test_a_known_fault_is_told(self, advisories: Any) -> None:
        fault = advisories.Advisory("GHSA-1", frozenset({"GHSA-1", "CVE-1"}), "thing", "1.0")
        assert advisories.judged(advisories.Answer((fault,)), []) == ["thing 1.0: GHSA-1"]
        assert advisories.judged(advisories.Answer((fault,)), [passed(id="CVE-1")]) == []
        assert advisories.judged(advisories.Answer((fault,)), [passed(id="CVE-2")]) == ["thing 1.0: GHSA-1"]

    def test_what_is_let_pass_ends_by_itself(self, advisories: Any) -> None:
        assert advisories.wrong([passed()], TODAY) == []
        assert advisories.wrong([passed()], date(2026, 12, 1)) == [
            "GHSA-1 was let pass until 2026-11-30: mend thing now"
        ]

    def test_high_ones_are_let_pass_for_a_week_at_most(self, advisories: Any) -> None:
        (line,) = advisories.wrong([passed(until=date(2026, 12, 1))], TODAY)
        assert "7 days are the most" in line
        assert advisories.wrong([passed(severity="low", until=date(2027, 2, 20))], TODAY) == []

    def test_one_is_not_let_pass_as_less_than_it_is(self, advisories: Any) -> None:
        fault = advisories.Advisory("GHSA-1", frozenset({"GHSA-1"}), "thing", "1.0", "critical")
        answer = advisories.Answer((fault,))
        assert advisories.judged(answer, [passed(severity="low")]) == ["thing 1.0: GHSA-1 is critical, not low"]
        assert advisories.judged(answer, [passed(severity="critical")]) == []
        assert advisories.judged(answer, [passed(package="other")]) == ["thing 1.0: GHSA-1"]

    def test_a_reason_and_dates_are_needed(self, advisories: Any) -> None:
        for entry in (passed(reason="later"), passed(severity="unknown"), {"id": "GHSA-1"}):
            assert advisories.wrong([entry], TODAY)

    def test_the_list_there_is_is_sound(self, advisories: Any) -> None:
        import tomllib

        entries = tomllib.loads(advisories.IGNORED.read_text()).get("ignored", [])
        for entry in entries:
            assert advisories.wrong([entry], entry["since"]) == []

    @pytest.mark.parametrize(
        ("stdout", "stderr"), [("", "Failed to resolve 'api.osv.dev'"), ('{"message": "405"}', ""), ("{}", "")]
    )
    def test_a_source_out_of_reach_is_not_a_pass(
        self,
        advisories: Any,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        stdout: str,
        stderr: str,
    ) -> None:
        done = subprocess.CompletedProcess([], 1, stdout, stderr)
        monkeypatch.setattr(advisories.subprocess, "run", lambda *_, **__: done)
        assert advisories.main() == 0
        told = capsys.readouterr().out
        assert told.count("not run: ") == 2
        assert "passed" not in told

    def test_one_that_hangs_is_not_a_pass_either(
        self, advisories: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def hang(*_: Any, **__: Any) -> None:
            raise subprocess.TimeoutExpired("pip-audit", 120)

        monkeypatch.setattr(advisories.subprocess, "run", hang)
        assert advisories.main() == 0
        assert "passed" not in capsys.readouterr().out

    def test_what_the_sources_say_is_read(
        self, advisories: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        faults = [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": []}]
        python = json.dumps({"dependencies": [{"name": "thing", "version": "1.0", "vulns": faults}]})
        via = {"url": "https://github.com/advisories/GHSA-9", "severity": "high"}
        npm = json.dumps({"vulnerabilities": {"other": {"range": "<2", "via": [via, "thing"]}}})

        def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
            return subprocess.CompletedProcess(command, 1, npm if "audit" in command else python, "")

        monkeypatch.setattr(advisories.subprocess, "run", run)
        assert advisories.main() == 1
        told = capsys.readouterr()
        assert told.out == "pip-audit: failed\nnpm audit: failed\n"
        assert "thing 1.0: PYSEC-1" in told.err
        assert "other <2: GHSA-9" in told.err


class TestLocks:
    PROJECT: Any = {
        "project": {
            "dependencies": ["flask>=3.1"],
            "optional-dependencies": {
                **{extra: [] for extra in ("embedded", "server", "compiled", "s3", "bench")},
                "dev": ["pytest>=9"],
            },
        }
    }
    GOOD = "flask==3.1.2 \\\n    --hash=sha256:aa\npytest==9.0 --hash=sha256:bb\n"

    def problems(self, lock: str) -> list[str]:
        script = loaded("locks")
        found: list[str] = script.problems(self.PROJECT, {**dict.fromkeys(script.LOCKS, self.GOOD), "dev": lock})
        return found

    def test_good_ones_pass(self) -> None:
        assert self.problems(self.GOOD) == []

    @pytest.mark.parametrize(
        ("lock", "problem"),
        [
            ("flask==3.1.2 --hash=sha256:aa\n", "pytest is missing"),
            (GOOD.replace("3.1.2", "2.0"), "flask is 2.0"),
            (GOOD.replace(" --hash=sha256:bb", ""), "pytest has no hash"),
            (GOOD + "x @ git+https://example.com/x\n", "names an address"),
            (GOOD + "--extra-index-url https://example.com\n", "names an address"),
        ],
    )
    def test_a_fault_is_named(self, lock: str, problem: str) -> None:
        assert any(problem in line for line in self.problems(lock))


class TestPatterns:
    def test_each_seeded_fault_is_found_by_ruff(self, tmp_path: Path) -> None:
        for code, text in BAD.items():
            (tmp_path / f"{code.lower()}.py").write_text(f"{text}\n")
        command = [str(Path(sys.executable).with_name("ruff")), "check", "--no-cache", "--output-format=json"]
        done = subprocess.run(
            [*command, f"--config={ROOT / 'pyproject.toml'}", str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
        )
        found = {(Path(each["filename"]).stem, each["code"]) for each in json.loads(done.stdout)}
        assert {(code.lower(), code) for code in BAD} <= found

    def test_seeded_faults_are_found_by_bandit_and_refused(self, tmp_path: Path) -> None:
        for code, text in BAD.items():
            (tmp_path / f"{code.lower()}.py").write_text(f"{text}\n")
        script = loaded("bandit")
        problems = script.unseen(script.findings(str(tmp_path)), [])
        assert len({line.split(":")[0] for line in problems}) >= len(BAD) - 1, problems

    def test_what_was_looked_at_passes_until_there_is_more_or_less_of_it(self, tmp_path: Path) -> None:
        script = loaded("bandit")
        (tmp_path / "x.py").write_text("good\nbad()\n    worse()\n")
        [bad, worse] = [
            {"filename": "./x.py", "test_id": "B1", "line_number": number, "issue_text": "Bad."} for number in (2, 3)
        ]
        seen = [{"file": "x.py", "test": "B1", "lines": [script.place(bad, tmp_path)[2]], "reason": "Fine."}]
        assert script.unseen([bad], seen, tmp_path) == []
        [line] = script.unseen([bad, worse], seen, tmp_path)
        assert line.startswith("x.py:3: Bad. (B1, line ")
        # As often as it was, and another one.
        assert len(script.unseen([worse], seen, tmp_path)) == 2
        [line] = script.unseen([], seen, tmp_path)
        assert line.startswith("x.py: B1 is listed and not there")

    def test_every_acceptance_gives_its_reason(self) -> None:
        import tomllib

        for each in tomllib.loads((ROOT / ".ci/bandit.toml").read_text())["seen"]:
            assert len(each["reason"].split()) > 4, each


class TestBillOfMaterials:
    def test_names_every_locked_package_with_its_hashes(self, tmp_path: Path) -> None:
        file = tmp_path / "sbom.json"
        subprocess.run([str(ROOT / ".ci/sbom"), str(file)], check=True, capture_output=True, timeout=120)
        bill = json.loads(file.read_text())
        assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
        assert bill["metadata"]["component"]["name"] == "tripfile"
        listed = {each["name"].lower().replace("_", "-") for each in bill["components"]}
        pinned = {name for name, _, _ in loaded("locks").pins((ROOT / "requirements/server.txt").read_text())}
        assert pinned <= {name.replace(".", "-") for name in listed} | listed
        assert all(each.get("externalReferences") for each in bill["components"])


@pytest.fixture
def steps() -> list[list[str]]:
    """The instructions of the Dockerfile."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    return [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]


class TestImage:
    def test_runs_as_nobody_in_particular(self, steps: list[list[str]]) -> None:
        users = [step[1] for step in steps if step[0] == "USER"]
        assert users
        assert users[-1].split(":")[0].isdigit()
        assert users[-1].split(":")[0] != "0"
        # Nothing is installed after that.
        last = max(number for number, step in enumerate(steps) if step[0] == "USER")
        assert not [step for step in steps[last:] if step[0] in {"RUN", "COPY", "ADD"}]

    def test_takes_in_only_what_is_named(self, steps: list[list[str]]) -> None:
        lines = (ROOT / ".dockerignore").read_text().splitlines()
        assert "*" in lines
        assert not [line for line in lines if line.startswith(("!.git", "!var", "!.env", "!.secrets", "!*"))]
        copied = [word for step in steps if step[0] in {"COPY", "ADD"} for word in step[1:-1]]
        assert copied
        assert not {".", "./", "*"} & set(copied)
        assert not [word for word in copied if ".git" in word or word.startswith(".env")]

    def test_installs_what_is_locked_with_its_hashes(self, steps: list[list[str]]) -> None:
        installs = [" ".join(step) for step in steps if step[0] == "RUN" and "pip" in step and "install" in step]
        assert installs
        assert all("--require-hashes" in line or "--no-deps" in line for line in installs)

    def test_holds_no_secret(self, steps: list[list[str]]) -> None:
        said = " ".join(" ".join(step) for step in steps if step[0] in {"ENV", "ARG"})
        assert not [word for word in ("SECRET", "PASSWORD", "TOKEN", "DATABASE_URL") if word in said]

    def test_its_containers_may_write_and_do_little(self) -> None:
        compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
        ours = [each for each in compose["services"].values() if each.get("image") == "tripfile"]
        assert len(ours) >= 4
        for service in ours:
            assert service["read_only"] is True
            assert service["cap_drop"] == ["ALL"]
            assert "no-new-privileges:true" in service["security_opt"]
            assert "privileged" not in service
            assert "ports" not in service

    def test_secrets_in_the_repository_are_looked_for(self) -> None:
        check = (ROOT / ".ci/check").read_text()
        for name in (".ci/secrets.py", ".ci/bandit.py", ".ci/locks.py", ".ci/advisories.py", ".ci/sbom", "ruff check"):
            assert name in check
