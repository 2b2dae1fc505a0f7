"""Nobody learns who has an account: the same answers, the same statements, the same hashes, and the same time."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, update
from werkzeug.test import TestResponse

from core import clock, native
from core.auth.accounts import identities
from core.auth.passwords import hashing
from core.db import closing, read
from core.db.session import apart, unit_of_work
from core.extensions import db
from core.http.application import Application
from core.testing.clients import ApiClient
from core.users.models import User

PASSWORD = "a long and quiet passphrase"
PAIRS = int(os.environ.get("ENUMERATION_TIMED_PAIRS", "0"))
"""How many pairs are timed, as 200; a machine that does other work meanwhile cannot tell."""
# The same for every request, so that answers can be compared to the last byte.
SAME = {"X-Request-ID": "the-same-request", "traceparent": f"00-{'1' * 32}-{'2' * 16}-01"}
Ask = Callable[[Application, str], TestResponse]


def log_in(app: Application, email: str) -> TestResponse:
    return ApiClient(app).post("/auth/login", {"email": email, "password": "not the passphrase"}, headers=SAME)


def forget(app: Application, email: str) -> TestResponse:
    return ApiClient(app).post("/auth/password/forgotten", {"email": email}, headers=SAME)


def register(app: Application, email: str) -> TestResponse:
    body = {"email": email, "name": "Ana", "agency": "Way Out"}
    return ApiClient(app).post("/auth/register", body, headers=SAME)


ENTRANCES = pytest.mark.parametrize("ask", [log_in, forget, register])


@pytest.fixture(scope="module")
def known(app: Application) -> str:
    """Somebody with an account."""
    return made(app, "known@example.com")


@pytest.fixture(scope="module")
def disabled(app: Application) -> str:
    """Somebody whose account was closed."""
    email = made(app, "disabled@example.com")
    with app.app_context(), apart() as session:
        session.execute(update(User).where(User.email == email).values(disabled_at=clock.now()))
    return email


def made(app: Application, email: str) -> str:
    with app.app_context(), unit_of_work():
        identities.create(email=email, name="Ana", password=PASSWORD, language="en", zone="UTC")
    return email


@pytest.fixture(autouse=True)
def _open(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.settings, "registration", "open")
    monkeypatch.setattr(app.settings, "login_failures_account", "100000/minute")
    monkeypatch.setattr(app.settings, "login_failures_all", "100000/minute")


@contextmanager
def noted(app: Application, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is asked of the database and how often a hash is computed, in order."""
    steps: list[str] = []
    fetch, in_lane, write = read.Reader.fetch, native.in_lane, closing.Closing.write

    def counted_fetch(self: Any, agency_id: str, name: bytes, *rest: Any, **more: Any) -> Any:
        steps.append(f"read {name.decode()}")
        return fetch(self, agency_id, name, *rest, **more)

    def counted_lane(work: Any, **more: str) -> Any:
        steps.append("hash")
        return in_lane(work, **more)

    def counted_write(self: closing.Closing, raw: Any) -> None:
        # What goes with the COMMIT passes SQLAlchemy by.
        steps.append(f"commit {[row.table.name for row in self._rows]}")
        write(self, raw)

    def counted_statement(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        steps.append(" ".join(statement.split()))

    with app.app_context():
        engines = list(db.engines.values())
    for engine in engines:
        event.listen(engine, "before_cursor_execute", counted_statement)
    with monkeypatch.context() as patch:
        patch.setattr(read.Reader, "fetch", counted_fetch)
        patch.setattr(hashing, "in_lane", counted_lane)
        patch.setattr(closing.Closing, "write", counted_write)
        yield steps
    for engine in engines:
        event.remove(engine, "before_cursor_execute", counted_statement)


def told(answer: TestResponse) -> tuple[Any, ...]:
    """All of an answer but how much of the limits is left."""
    headers = sorted((name, value) for name, value in answer.headers.items() if name != "RateLimit")
    return answer.status_code, answer.data, headers


class TestAnUnknownAddress:
    @ENTRANCES
    def test_is_answered_byte_for_byte_like_a_known_one(self, app: Application, known: str, ask: Ask) -> None:
        assert told(ask(app, "nobody@example.com")) == told(ask(app, known))

    @ENTRANCES
    def test_costs_the_same_statements_and_hashes(
        self, app: Application, known: str, ask: Ask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Once unseen: whatever is made at the first time, as a decoy, is made.
        ask(app, "warm@example.com")
        with noted(app, monkeypatch) as steps:
            ask(app, known)
            for_known = steps.copy()
            steps.clear()
            ask(app, "nobody@example.com")
            for_unknown = steps.copy()
        assert for_known == for_unknown
        assert for_known.count("hash") == (1 if ask is log_in else 0)


class TestADisabledPerson:
    @ENTRANCES
    def test_is_told_no_more(self, app: Application, disabled: str, ask: Ask) -> None:
        assert told(ask(app, "nobody@example.com")) == told(ask(app, disabled))

    def test_is_told_no_more_with_the_right_password(
        self, app: Application, disabled: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        log_in(app, "warm@example.com")
        with noted(app, monkeypatch) as steps:
            right = ApiClient(app).post("/auth/login", {"email": disabled, "password": PASSWORD}, headers=SAME)
            for_right = steps.copy()
            steps.clear()
            wrong = log_in(app, "nobody@example.com")
            assert for_right == steps
        assert told(right) == told(wrong)


if PAIRS:  # The short form compares what is done; a test that never runs there is not one that was skipped.

    class TestTheTime:
        @ENTRANCES
        def test_tells_nothing(self, app: Application, known: str, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
            monkeypatch.setattr(app.settings, "argon2_memory_kib", 1024)
            ask(app, known)
            ask(app, "warm@example.com")
            # In turns, and every other time the other way round: a machine grows slower or quicker as it goes.
            times: dict[bool, list[float]] = {True: [], False: []}
            for number in range(PAIRS):
                for is_known in (True, False) if number % 2 else (False, True):
                    email = known if is_known else f"nobody-{number}@example.com"
                    times[is_known].append(timed(app, ask, email))
            assert mann_whitney(times[True], times[False]) > 0.01


def timed(app: Application, ask: Ask, email: str) -> float:
    begun = time.perf_counter()
    ask(app, email)
    return time.perf_counter() - begun


def mann_whitney(one: list[float], other: list[float]) -> float:
    """The two-sided p of the rank-sum test, by its normal approximation (no ties among durations)."""
    ranks = {place: rank for rank, (_, place) in enumerate(sorted((t, i) for i, t in enumerate(one + other)), 1)}
    n, m = len(one), len(other)
    u = sum(ranks[place] for place in range(n)) - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2))
