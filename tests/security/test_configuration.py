"""What does not start outside of embedded mode: guessable secrets, debugging, and doors open to everybody."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from core import secrecy
from core.app import create_app
from core.config import Settings, load
from core.db.session import dispose
from core.http.application import Application

GOOD = secrets.token_hex(32)
PASSWORD = secrets.token_urlsafe(18)
SOUND: dict[str, Any] = {
    "mode": "production",
    "jwt_secret": GOOD,
    "base_url": "https://trips.example.com",
    "trusted_hosts": "trips.example.com",
    "database_url": f"postgresql://trips_app:{PASSWORD}@db.internal/trips",
    "database_system_url": f"postgresql://trips_system:{PASSWORD}@db.internal/trips",
    "cors_origin": "https://app.example.com,capacitor://localhost",
}
NAMES = {"mode": "TRIPFILE_MODE"}


def settings(**changes: Any) -> Settings:
    values = {NAMES.get(name, name): value for name, value in (SOUND | changes).items() if value is not None}
    return load(_env_file=None, **values)


def keys(**changes: Any) -> set[str]:
    """The keys that problems name."""
    return {problem.split()[0].split("=")[0].rstrip(":") for problem in settings(**changes).problems()}


class TestProduction:
    def test_starts_with_what_is_sound(self) -> None:
        assert settings().problems() == []

    @pytest.mark.parametrize(
        "secret",
        [
            "short",
            "x" * 64,
            "abababab" * 8,
            "0123456789" * 7,
            "change-me-change-me-change-me-change-me",
            "please_CHANGE_ME_please_4f8a9b2c7d1e6350",
            "your-secret-key-goes-here-0987654321",
            "supersecretsupersecretsupersecret",
            "a secret that only tests may ever use",
            "tripfile-tripfile-tripfile-tripfile-x",
            "My password is quite long, is it not? 42",
            "my-company-production-jwt-key-2024-lisbon",
            "correct.horse.battery.staple.and.nine.more",
            None,
        ],
    )
    def test_does_not_with_a_secret_that_is_none(self, secret: str | None) -> None:
        assert keys(jwt_secret=secret) == {"JWT_SECRET"}

    @pytest.mark.parametrize("make", [secrets.token_hex, secrets.token_urlsafe])
    def test_does_with_what_was_drawn_at_random(self, make: Any) -> None:
        assert not [
            drawn for drawn in (make(size) for size in (24, 32, 48) for _ in range(500)) if secrecy.weakness(drawn)
        ]

    def test_does_not_with_a_pepper_that_could_be_guessed(self) -> None:
        assert keys(password_pepper=f"2:{secrets.token_hex(32)},1:{secrets.token_hex(32)}") == set()
        for guessed in ("x" * 40, "a-long-pepper-that-somebody-thought-of-2024"):
            assert keys(password_pepper=f"2:{secrets.token_hex(32)},1:{guessed}") == {"PASSWORD_PEPPER"}

    @pytest.mark.parametrize("key", ["smtp_password", "files_s3_secret_key"])
    def test_does_not_with_what_everybody_tries_at_a_provider(self, key: str) -> None:
        for tried in ("changeme", "secret", "your-secret"):
            assert keys(**{key: tried}) == {key.upper()}
        assert keys(**{key: "wJalrXUtnFEMI/K7MDENG"}) == set()

    @pytest.mark.parametrize(
        "password",
        [
            "postgres",
            "password",
            "trips_app",
            "TRIPS_APP",
            "tripfile",
            "secret",
            "changeme",
            "eleven-lett",
            "p%6Fstgres",
        ],
    )
    @pytest.mark.parametrize(
        "key", ["database_url", "database_owner_url", "database_system_url", "database_direct_url"]
    )
    def test_does_not_with_a_database_password_that_everybody_tries(self, key: str, password: str) -> None:
        url = f"postgresql://trips_app:{password}@db.internal/trips"
        assert keys(**{key: url}) == {key.upper()}

    def test_does_without_a_database_password_where_the_database_knows_its_people(self) -> None:
        assert keys(database_url="postgresql://trips_app@/trips?host=/run/postgresql") == set()

    def test_does_not_with_a_guessable_redis_password(self) -> None:
        assert keys(redis_host="redis.internal", redis_password="redis") == {"REDIS_PASSWORD"}
        assert keys(redis_host="redis.internal", redis_password=PASSWORD) == set()

    @pytest.mark.parametrize(
        "origin",
        ["*", "null", "https://*.example.com", "https://app.example.com/", "app.example.com", "https://a.example/path"],
    )
    def test_does_not_with_a_door_for_every_page(self, origin: str) -> None:
        assert keys(cors_origin=f"https://app.example.com,{origin}") == {"CORS_ORIGIN"}

    @pytest.mark.parametrize("value", ["1", "true", "yes"])
    def test_does_not_debug(self, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
        monkeypatch.setenv("FLASK_DEBUG", value)
        assert keys() == {"FLASK_DEBUG"}

    def test_does_not_without_knowing_its_own_name(self) -> None:
        assert keys(base_url="http://trips.example.com", trusted_hosts="") == {"BASE_URL", "TRUSTED_HOSTS"}

    def test_never_says_what_the_secret_is(self) -> None:
        told = str(settings(jwt_secret="changeme-0f9e8d7c", database_url="postgresql://a:postgres@h/d").problems())
        assert "0f9e8d7c" not in told
        assert "a:postgres" not in told


class TestEmbedded:
    def test_starts_with_nothing_set(self) -> None:
        assert load(_env_file=None).problems() == []

    def test_does_not_take_a_short_secret_either(self) -> None:
        assert load(_env_file=None, jwt_secret="short").problems() == [
            "JWT_SECRET is too short: use at least 32 random characters"
        ]

    def test_never_debugs(self, app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FLASK_DEBUG", "1")
        other = create_app(app.settings)
        try:
            assert other.config["PROPAGATE_EXCEPTIONS"] is False
        finally:
            with other.app_context():
                dispose()
