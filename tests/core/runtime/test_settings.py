"""Where settings come from, and what is made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import redis
from argon2.exceptions import Argon2Error
from flask import Flask

from core import native, processes
from core.auth.passwords import hashing
from core.config import Settings, load
from core.errors import Unavailable
from core.supervisor import Supervisor

OWNER = "postgresql://owner@localhost/trips"


class TestSources:
    def test_an_empty_variable_takes_back_what_the_files_say(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / ".env").write_text(f"DATABASE_OWNER_URL={OWNER}\n")
        (tmp_path / "tripfile.toml").write_text("port = 3111\n")
        found = load()
        assert found.database_owner_url is not None
        assert found.port == 3111
        monkeypatch.setenv("DATABASE_OWNER_URL", "")
        monkeypatch.setenv("PORT", "")
        found = load()
        assert found.database_owner_url is None
        assert found.port == 3000

    def test_the_web_process_is_not_told_of_the_owner(self, monkeypatch: pytest.MonkeyPatch) -> None:
        given: list[Any] = []
        monkeypatch.setattr(processes, "spawn", lambda *_, env, **__: given.append(env))
        supervisor = Supervisor(load(_env_file=None, database_owner_url=OWNER, jwt_secret="x" * 32))
        supervisor.listener = _Listener()  # type: ignore[assignment]
        supervisor._start_web()
        assert given[0]["DATABASE_OWNER_URL"] == ""


class TestProblems:
    def test_a_database_without_the_systems_role_is_one(self) -> None:
        found = load(_env_file=None, database_url="postgresql://app@localhost/trips", jwt_secret="x" * 32).problems()
        assert [problem.split()[0] for problem in found] == ["DATABASE_SYSTEM_URL"]


class TestRedis:
    @pytest.mark.parametrize("host", ["cache.internal", "::1", "unix:///run/redis.sock"])
    def test_any_password_arrives(self, host: str) -> None:
        settings = Settings(_env_file=None, redis_host=host, redis_password="a/b@c:d#e?f%20 g")  # type: ignore[call-arg,arg-type]
        options = redis.Redis.from_url(settings.redis_url or "").connection_pool.connection_kwargs
        assert options["password"] == "a/b@c:d#e?f%20 g"
        assert options.get("host", options.get("path")) in {host, "/run/redis.sock"}


class TestTheLane:
    def test_that_is_full_says_what_there_is_too_much_of(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(native, "_room", _Full())
        with pytest.raises(Unavailable, match="Too many documents"):
            native.in_lane(int, busy="Too many documents")

    def test_takes_the_hash_that_an_unknown_person_costs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        app = Flask("bare")
        app.extensions["tripfile.settings"] = load(_env_file=None, argon2_time_cost=1, argon2_memory_kib=64)
        waiting: list[Any] = []
        monkeypatch.setattr(hashing, "in_lane", lambda work, **_: waiting.append(work))
        with app.app_context():
            assert not hashing.matches(None, "a password")
        assert app.extensions["tripfile.decoy_hashes"] == {}
        with pytest.raises(Argon2Error):
            waiting[0]()
        assert len(app.extensions["tripfile.decoy_hashes"]) == 1


class _Listener:
    def fileno(self) -> int:
        return 0


class _Full:
    def acquire(self, *, blocking: bool) -> bool:
        return blocking
