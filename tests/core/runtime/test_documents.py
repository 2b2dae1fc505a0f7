"""Files that describe the installation are true: .env.example, the image, compose, nginx, Kubernetes, the locks."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from core import cli
from core.config import Settings, load
from core.plugins import manager

ROOT = Path(__file__).parents[3]
LINES = re.findall(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
EXAMPLE = dict(LINES)


def key_of(name: str) -> str:
    alias = Settings.model_fields[name].validation_alias
    return str(alias or name.upper())


def plugin_settings() -> dict[str, tuple[str, type[BaseModel], str]]:
    plugins = manager.load(load(_env_file=None)).plugins.values()
    return {
        f"{plugin.name}__{field}".upper(): (plugin.name, plugin.settings, field)
        for plugin in plugins
        if plugin.settings
        for field in plugin.settings.model_fields
    }


class TestEnvironmentExample:
    def test_it_documents_every_setting_and_no_other_once(self) -> None:
        expected = {key_of(name) for name in Settings.model_fields} | set(plugin_settings())
        assert sorted(key for key, _ in LINES) == sorted(expected)

    def test_nothing_in_it_is_switched_on(self) -> None:
        assert not re.findall(r"^[^#\s].*", (ROOT / ".env.example").read_text(), re.MULTILINE)

    @pytest.mark.parametrize("name", Settings.model_fields)
    def test_it_shows_the_default(self, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(key_of(name), raising=False)
        file = tmp_path / ".env"
        file.write_text(f"{key_of(name)}={EXAMPLE[key_of(name)]}\n")
        assert getattr(load(_env_file=file), name) == Settings.model_fields[name].get_default()

    @pytest.mark.parametrize("key", plugin_settings())
    def test_it_shows_the_default_of_a_plugins_setting(self, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
        name, model, field = plugin_settings()[key]
        monkeypatch.setenv(key, EXAMPLE[key])
        found = manager.load(load(_env_file=None)).settings[name]
        assert getattr(found, field) == model.model_fields[field].get_default()


def documents(name: str) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all((ROOT / name).read_text()) if document]


def exists(command: list[str]) -> bool:
    """Whether `tripfile WORDS` is a command."""
    found: Any = cli.tripfile
    for word in command:
        found = found.get_command(None, word)
        if found is None:
            return False
    return True


def environment(service: dict[str, Any], file: dict[str, str]) -> dict[str, str]:
    """What compose gives a container where `.env` has these lines: the file, and over it what the service says."""

    def filled(match: re.Match[str]) -> str:
        return file.get(match[1]) or match[2]

    stated = {key: re.sub(r"\$\{(\w+):-([^}]*)\}", filled, value) for key, value in service["environment"].items()}
    return {**(file if service["env_file"] == [".env"] else {}), **stated}


class TestImage:
    TEXT = (ROOT / "Dockerfile").read_text()

    def test_what_it_copies_exists_and_is_let_through(self) -> None:
        let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().split("\n") if line.startswith("!")}
        for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", self.TEXT, re.MULTILINE):
            for source in sources.split():
                assert (ROOT / source).exists(), source
                assert source.split("/")[0] in let_through, source

    def test_it_does_not_run_as_root(self) -> None:
        assert re.findall(r"^USER (\S+)", self.TEXT, re.MULTILINE) == ["10001:10001"]

    def test_its_commands_and_keys_exist(self) -> None:
        assert 'ENTRYPOINT ["tripfile"]' in self.TEXT
        assert exists(["api"])
        assert exists(["alive"])
        for key in re.findall(r"\b(TRIPFILE_\w+|HOST|PORT|LOG_\w+)=", self.TEXT):
            assert key in EXAMPLE


class TestCompose:
    SERVICES: dict[str, Any] = documents("compose.yaml")[0]["services"]

    def ours(self) -> Iterator[tuple[str, dict[str, Any]]]:
        return ((name, service) for name, service in self.SERVICES.items() if service["image"] == "tripfile")

    def test_commands_exist(self) -> None:
        assert {name for name, _ in self.ours()} == {"api", "gateway", "migrate", "worker"}
        for _, service in self.ours():
            assert exists(service["command"])

    def test_keys_exist_and_only_migrations_know_the_owner(self) -> None:
        operators = {**dict.fromkeys(EXAMPLE, "as the operator says"), "POSTGRES_PASSWORD": "the superuser's"}
        for name, service in self.ours():
            assert set(service["environment"]) <= set(operators)
            told = environment(service, operators)
            assert bool(told["DATABASE_OWNER_URL"]) == (name == "migrate")
            assert told["POSTGRES_PASSWORD"] == ""

    @pytest.mark.parametrize("name", ["api", "gateway", "worker"])
    def test_every_setting_of_the_operator_reaches_it(self, name: str) -> None:
        fixed = {"TRIPFILE_MODE", "TRIPFILE_VAR", "HOST", "PORT", "FILES_DIR", "REDIS_HOST", "REDIS_PORT"}
        told = environment(self.SERVICES[name], dict.fromkeys(EXAMPLE, "as the operator says"))
        assert {key for key in EXAMPLE if told.get(key) != "as the operator says"} == fixed | {"DATABASE_OWNER_URL"}

    def test_no_secret_has_a_working_default(self) -> None:
        text = (ROOT / "compose.yaml").read_text()
        assert not re.findall(r"\$\{\w*(?:PASSWORD|SECRET|URL)\w*:-[^}]+\}", text)

    def test_mounted_files_exist_and_services_are_closed(self) -> None:
        for service in self.SERVICES.values():
            for volume in service.get("volumes", ()):
                source = volume.split(":")[0]
                assert not source.startswith(".") or (ROOT / source).is_file()
        for _, service in self.ours():
            assert service["read_only"]
            assert service["cap_drop"] == ["ALL"]


class TestKubernetes:
    ALL = [each for name in ("tripfile", "migrate") for each in documents(f"deploy/kubernetes/{name}.yaml")]

    def test_commands_exist(self) -> None:
        pods = [each["spec"]["template"]["spec"] for each in self.ALL if each["kind"] in {"Deployment", "Job"}]
        assert len(pods) == 4
        for pod in pods:
            assert pod["securityContext"]["runAsNonRoot"]
            for container in pod["containers"]:
                assert exists(container["args"])
                assert container["securityContext"]["readOnlyRootFilesystem"]

    def test_keys_exist(self) -> None:
        [config] = [each for each in self.ALL if each["kind"] == "ConfigMap"]
        assert set(config["data"]) <= set(EXAMPLE)

    def test_every_setting_of_the_operator_reaches_what_serves(self) -> None:
        for each in self.ALL:
            if each["kind"] == "Deployment":
                [container] = each["spec"]["template"]["spec"]["containers"]
                sources = [{"configMapRef": {"name": "tripfile"}}, {"secretRef": {"name": "tripfile"}}]
                assert container["envFrom"] == sources
                assert {one["name"] for one in container.get("env", ())} <= {"WORKER_METRICS_PORT"}

    def test_services_reach_deployments(self) -> None:
        labels = [each["spec"]["template"]["metadata"]["labels"] for each in self.ALL if each["kind"] == "Deployment"]
        services = {each["metadata"]["name"]: each["spec"] for each in self.ALL if each["kind"] == "Service"}
        assert all(service["selector"] in labels for service in services.values())
        [ingress] = [each for each in self.ALL if each["kind"] == "Ingress"]
        for path in ingress["spec"]["rules"][0]["http"]["paths"]:
            assert path["backend"]["service"]["name"] in services


class TestNginx:
    def test_it_names_the_services_of_compose(self) -> None:
        servers = re.findall(r"server (\w+):(\d+)[ ;]", (ROOT / "deploy/nginx.conf").read_text())
        assert {name for name, _ in servers} == {"api", "gateway"}
        assert {port for _, port in servers} == {EXAMPLE["PORT"]}

    @pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed (apt install nginx)")
    def test_nginx_accepts_it(self, tmp_path: Path) -> None:
        text = (ROOT / "deploy/nginx.conf").read_text()
        file = tmp_path / "nginx.conf"
        file.write_text(f"pid {tmp_path}/pid;\n" + re.sub(r"server \w+:3000\b", "server 127.0.0.1:3000", text))
        command = ["nginx", "-t", "-c", str(file), "-p", str(tmp_path), "-e", str(tmp_path / "error.log")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "syntax is ok" in done.stderr, done.stderr


class TestLocks:
    NAMES = ("base", "build", "dev", "embedded", "server")

    @pytest.mark.parametrize("name", NAMES)
    def test_every_line_is_pinned_and_hashed_and_no_address_is_in_it(self, name: str) -> None:
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        assert "://" not in text
        for entry in re.split(r"\n(?=\S)", text.strip()):
            assert re.match(r"[a-z0-9._-]+==\S+ \\\n", entry), entry[:80]
            assert "--hash=sha256:" in entry

    def test_what_is_tested_is_what_is_shipped(self) -> None:
        tested = self.versions("dev")
        for name in ("base", "embedded", "server"):
            differing = {key for key, version in self.versions(name).items() if tested.get(key, version) != version}
            assert not differing, name

    def versions(self, name: str) -> dict[str, str]:
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", text, re.MULTILINE))
