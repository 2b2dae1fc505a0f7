"""The PostgreSQL of the wheel: started, joined, killed and started again."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from core import processes
from core.config import Settings
from core.db import binaries
from core.db.attachment import attach
from core.db.binaries import CannotStart
from core.db.embedded import AlreadyRunning, EmbeddedPostgres


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(tmp_path / "postgres", durable=False) as running:
        yield running


def ask(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return row[0]


def wait_until_ended(server: EmbeddedPostgres) -> None:
    while server.pid is not None:
        time.sleep(0.02)


def settings(folder: Path, **values: object) -> Settings:
    return Settings(_env_file=None, TRIPFILE_VAR=folder, **values)  # type: ignore[call-arg,arg-type]


class TestStart:
    def test_it_is_a_recent_postgresql_that_sorts_alike_everywhere(self, server: EmbeddedPostgres) -> None:
        assert str(ask(server.superuser_url, "show server_version")).startswith("18")
        assert ask(server.superuser_url, "select datlocale from pg_database where datname = 'template1'") == "C.UTF-8"
        assert ask(server.superuser_url, "show listen_addresses") == ""

    def test_what_it_keeps_secret_is_readable_for_its_user_only(self, server: EmbeddedPostgres) -> None:
        for name in ("password", "connection.json", "server.log", "data"):
            assert stat.S_IMODE((server.folder / name).stat().st_mode) & 0o077 == 0, name

    def test_parent_folders_stay_as_closed_as_they_were(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o700)
        with EmbeddedPostgres(tmp_path / "deep" / "postgres", durable=False) as server:
            assert ask(server.superuser_url, "select 1") == 1
        assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700

    def test_a_second_one_in_the_same_folder_is_refused(self, server: EmbeddedPostgres) -> None:
        with pytest.raises(AlreadyRunning, match="stop that one first"):
            EmbeddedPostgres(server.folder).start()
        assert ask(server.superuser_url, "select 1") == 1

    def test_data_of_another_version_is_refused_in_a_sentence(self, tmp_path: Path) -> None:
        data = tmp_path / "data"
        data.mkdir()
        (data / "PG_VERSION").write_text("9.6\n")
        (tmp_path / "password").write_text("x")
        with pytest.raises(CannotStart, match=r"written by PostgreSQL 9.6, this is 18"):
            EmbeddedPostgres(tmp_path).start()

    def test_a_half_made_cluster_is_made_again(self, tmp_path: Path) -> None:
        (tmp_path / "data.new" / "base").mkdir(parents=True)
        with EmbeddedPostgres(tmp_path, durable=False) as server:
            assert ask(server.superuser_url, "select 1") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root steps down to another user")
class TestPrivateFolder:
    def test_programs_the_account_cannot_reach_are_copied_to_where_it_can(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            monkeypatch.setattr(binaries, "SHARED", Path(folder))
            monkeypatch.setattr(processes, "reachable_by_others", lambda _path: False)
            with EmbeddedPostgres(tmp_path, durable=False) as server:
                assert ask(server.superuser_url, "select 1") == 1
                assert str(Path(f"/proc/{server.pid}/exe").readlink()).startswith(folder)
            assert len(list(Path(folder).iterdir())) == 1


class TestStop:
    def test_nothing_is_left_behind_and_the_data_stays(self, tmp_path: Path) -> None:
        with EmbeddedPostgres(tmp_path, durable=False) as server:
            sockets = Path(str(server.superuser_url).split("host=")[1])
            with psycopg.connect(server.superuser_url) as connection:
                connection.execute("create table kept as select 7 as seven")
        assert not sockets.exists()
        assert not (tmp_path / "connection.json").exists()
        with EmbeddedPostgres(tmp_path, durable=False) as server:
            assert ask(server.superuser_url, "select seven from kept") == 7


@pytest.mark.skipif(not processes.LINUX, reason="only Linux ends children with their parent")
class TestKilled:
    SCRIPT = """
import sys, time
from pathlib import Path
from core.db.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
server.start()
print(server.pid, flush=True)
time.sleep(60)
"""

    def test_it_dies_with_its_parent_and_starts_again(self, tmp_path: Path) -> None:
        parent = subprocess.Popen(
            [sys.executable, "-c", self.SCRIPT, tmp_path], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
        )
        assert parent.stdout is not None
        with parent.stdout as output:
            pid = int(output.readline())
        parent.kill()
        parent.wait()
        with EmbeddedPostgres(tmp_path, durable=False) as server:
            assert ask(server.superuser_url, "select 1") == 1
            assert server.pid != pid

    def test_a_stale_pid_file_that_names_a_living_process_does_not_matter(self, tmp_path: Path) -> None:
        with EmbeddedPostgres(tmp_path, durable=False) as server:
            left = (server.data / "postmaster.pid").read_text().split("\n")
        (tmp_path / "data" / "postmaster.pid").write_text("\n".join([str(os.getppid()), *left[1:]]))
        with EmbeddedPostgres(tmp_path, durable=False) as server:
            assert ask(server.superuser_url, "select 1") == 1

    def test_a_killed_server_is_revived_at_the_same_address(self, server: EmbeddedPostgres) -> None:
        address = server.superuser_url
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        wait_until_ended(server)
        server.revive()
        assert server.superuser_url == address
        assert ask(address, "select 1") == 1


class TestAttach:
    def test_a_second_process_joins_the_one_that_runs(self, tmp_path: Path) -> None:
        with attach(settings(tmp_path)) as first, attach(settings(tmp_path)) as second:
            assert first.database_url == second.database_url
            assert first.database_url is not None
            assert ask(first.database_url.get_secret_value(), "select current_user") == "tripfile_app"

    def test_secrets_are_made_once_and_kept_closed(self, tmp_path: Path) -> None:
        given = "postgresql://nobody@localhost/nothing"
        with attach(settings(tmp_path, database_url=given)) as first:
            assert first.database_url is not None
            assert first.database_url.get_secret_value() == given
        with attach(settings(tmp_path, database_url=given)) as second:
            assert first.jwt_secret == second.jwt_secret
            assert second.jwt_secret is not None
            assert len(second.jwt_secret.get_secret_value()) >= 32
        assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600

    def test_production_gets_no_secret_and_no_database(self, tmp_path: Path) -> None:
        with attach(settings(tmp_path, TRIPFILE_MODE="production")) as production:
            assert production.jwt_secret is None
            assert production.database_url is None
        assert not list(tmp_path.iterdir())
