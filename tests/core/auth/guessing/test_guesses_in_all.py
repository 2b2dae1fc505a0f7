"""Guesses at passwords in the whole installation."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from core import clock
from core.http.application import Application
from core.testing.clients import ApiClient


def guess(app: Application, number: int) -> int:
    body = {"email": f"nobody-{number}@example.com", "password": "not the passphrase"}
    where = {"REMOTE_ADDR": f"203.0.113.{number}"}
    return ApiClient(app).post("/auth/login", body, environ_base=where).status_code


class TestTheWholeInstallation:
    def test_takes_so_many_guesses_and_no_more(self, app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(app.settings, "login_failures_all", "12 per 5 minutes")
        with time_machine.travel(clock.now(), tick=False) as time:
            for _ in range(3):
                assert [guess(app, number) for number in range(13)] == [401] * 12 + [429]
                # It never waits longer than its window: otherwise anybody could close it to everybody.
                time.shift(timedelta(minutes=5))
