"""Guesses at passwords: counted by account, address and in all, and no way to keep somebody out for good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from werkzeug.test import TestResponse

from core import clock
from core.http.application import Application
from core.testing.chores import run_due
from core.testing.clients import ApiClient, ok, problem
from tests.core.auth.conftest import PASSWORD, Person

WRONG = "not the passphrase"


@pytest.fixture
def strict(app: Application, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets limits; without it only the account counts, because all tests come from one address."""

    def change(**limits: str) -> None:
        for name, limit in limits.items():
            monkeypatch.setattr(app.settings, f"login_failures_{name}", limit)

    return change


def guess(
    app: Application, email: str, *, ip: str = "192.0.2.1", password: str = WRONG, **headers: str
) -> TestResponse:
    body = {"email": email, "password": password}
    return ApiClient(app).post("/auth/login", body, headers=headers, environ_base={"REMOTE_ADDR": ip})


def statuses(answers: list[TestResponse]) -> list[int]:
    return [answer.status_code for answer in answers]


class TestAnAccount:
    def test_takes_ten_guesses_wherever_they_come_from(self, app: Application, person: Person) -> None:
        answers = [guess(app, person.email, ip=f"192.0.2.{number}") for number in range(12)]
        assert statuses(answers) == [401] * 10 + [429, 429]
        assert problem(answers[-1]) == (429, "too_many_attempts")
        assert 0 < int(answers[-1].headers["Retry-After"]) <= 300

    def test_that_is_guessed_at_does_not_take_the_right_password_of_a_stranger_either(
        self, app: Application, person: Person
    ) -> None:
        for number in range(10):
            guess(app, person.email, ip=f"192.0.2.{number}")
        assert guess(app, person.email, password=PASSWORD).status_code == 429

    def test_nobody_has_waits_alike(self, app: Application) -> None:
        answers = [guess(app, "nobody-is-here@example.com", ip=f"192.0.2.{number}") for number in range(12)]
        assert statuses(answers) == [401] * 10 + [429, 429]

    def test_is_one_whatever_the_capitals(self, app: Application, person: Person) -> None:
        for number in range(10):
            guess(app, person.email.upper() if number % 2 else f" {person.email}".strip(), ip=f"192.0.2.{number}")
        assert guess(app, person.email).status_code == 429

    def test_starts_anew_after_its_owner_signed_in(self, app: Application, person: Person) -> None:
        for _ in range(3):
            assert statuses([guess(app, person.email) for _ in range(9)]) == [401] * 9
            assert guess(app, person.email, password=PASSWORD).status_code == 200

    def test_is_open_again_after_the_wait(self, app: Application, person: Person) -> None:
        for _ in range(10):
            guess(app, person.email)
        wait = int(guess(app, person.email).headers["Retry-After"])
        with time_machine.travel(clock.now() + timedelta(seconds=wait + 1)):
            assert guess(app, person.email, password=PASSWORD).status_code == 200

    def test_takes_a_guess_an_hour_after_a_hundred_in_a_row(self, app: Application, person: Person) -> None:
        made = 0
        with time_machine.travel(clock.now(), tick=False) as time:
            while made < 100:
                answer = guess(app, person.email)
                if answer.status_code == 429:
                    time.shift(int(answer.headers["Retry-After"]))
                    # Long quiet eases the wait, and not what is counted in a row.
                    time.shift(timedelta(days=1))
                else:
                    made += 1
            for _ in range(3):
                assert guess(app, person.email).headers.get("Retry-After") == "3600"
                time.shift(3600)
                assert guess(app, person.email).status_code == 401


class TestAnAddress:
    def test_takes_ten_guesses_whomever_they_are_about(self, app: Application, strict: Callable[..., None]) -> None:
        strict(address="10 per 5 minutes")
        answers = [guess(app, f"nobody-{number}@example.com", ip="198.51.100.7") for number in range(11)]
        assert statuses(answers) == [401] * 10 + [429]
        assert guess(app, "nobody-11@example.com", ip="198.51.100.8").status_code == 401

    def test_of_version_6_is_the_network_of_a_subscriber(self, app: Application, strict: Callable[..., None]) -> None:
        strict(address="10 per 5 minutes")
        answers = [guess(app, f"no-{number}@example.com", ip=f"2001:db8:0:1::{number}") for number in range(11)]
        assert statuses(answers) == [401] * 10 + [429]
        assert guess(app, "no-one@example.com", ip="2001:db8:0:2::1").status_code == 401

    def test_where_people_sign_in_all_day_counts_the_failures_only(
        self, app: Application, person: Person, strict: Callable[..., None]
    ) -> None:
        strict(address="3 per 5 minutes")
        for _ in range(6):
            assert guess(app, person.email, ip="198.51.100.9", password=PASSWORD).status_code == 200
        assert guess(app, person.email, ip="198.51.100.9").status_code == 401

    def test_is_not_forgiven_for_an_account_of_the_attackers_own(
        self, app: Application, person: Person, strict: Callable[..., None]
    ) -> None:
        strict(address="4 per 5 minutes")
        answers = []
        for number in range(4):
            answers.append(guess(app, f"victim-{number}@example.com", ip="198.51.100.10"))
            guess(app, person.email, ip="198.51.100.10", password=PASSWORD)
        assert statuses(answers) == [401] * 4
        assert guess(app, "victim-5@example.com", ip="198.51.100.10").status_code == 429


class TestWhatIsTold:
    def test_of_failures_stands_in_the_audit_log_of_the_agency(
        self, app: Application, person: Person, api: ApiClient
    ) -> None:
        for _ in range(10):
            guess(app, person.email, ip="198.51.100.40")
        run_due(app, "auth.tell_of_failure")
        failed = ok(api.get(f"/audit?name=auth.sign_in_failed&subject_id={person.user_id}"))["items"]
        assert [event["ip"] for event in failed] == ["198.51.100.40"] * 10
        throttled = ok(api.get(f"/audit?name=auth.sign_ins_throttled&subject_id={person.user_id}"))["items"]
        assert throttled
