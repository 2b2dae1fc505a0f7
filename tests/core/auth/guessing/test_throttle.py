"""Throttles: what is free, what waits cost, and how they ease."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from core import clock
from core.auth.errors import TooManyAttempts
from core.auth.guessing import throttle
from core.auth.guessing.throttle import Rule, Throttle
from core.auth.models import ThrottleCount
from core.db.session import apart
from core.http.application import Application

_numbers = itertools.count()
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _context(app: Application) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def key() -> str:
    return f"somebody-{next(_numbers)}@example.com"


@pytest.fixture
def time() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        yield traveller


def make(*rules: Rule) -> Throttle:
    return Throttle(f"test-{next(_numbers)}", *rules)


def wait_of(throttled: Throttle, key: str) -> int | None:
    """How long the next attempt has to wait; it is made where it need not."""
    try:
        throttle.attempt((throttled, key))
    except TooManyAttempts as refused:
        return int(refused.headers["Retry-After"])
    return None


class TestARule:
    def test_lets_so_many_attempts_pass_and_refuses_the_next(self, key: str, time: object) -> None:
        throttled = make(Rule(10, 5 * MINUTE))
        assert [wait_of(throttled, key) for _ in range(10)] == [None] * 10
        assert wait_of(throttled, key) == 300

    def test_has_the_window_waited_out(self, key: str, time: time_machine.Traveller) -> None:
        throttled = make(Rule(10, 5 * MINUTE))
        for _ in range(10):
            throttle.attempt((throttled, key))
            time.shift(20)
        assert wait_of(throttled, key) == 100
        time.shift(100)
        assert wait_of(throttled, key) is None

    def test_doubles_the_wait_up_to_an_hour(self, key: str, time: time_machine.Traveller) -> None:
        throttled = make(Rule(2, timedelta(seconds=20), eases=timedelta(days=1)))
        waits = []
        throttle.attempt((throttled, key))
        for _ in range(10):
            throttle.attempt((throttled, key))
            waits.append(wait_of(throttled, key) or 0)
            time.shift(waits[-1])
        assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]

    def test_is_never_for_ever(self, key: str, time: time_machine.Traveller) -> None:
        throttled = make(Rule(1, MINUTE, most_in_a_row=3))
        for _ in range(50):
            assert wait_of(throttled, key) is None
            time.shift((wait_of(throttled, key) or 0) + 1)

    def test_eases_while_it_is_quiet(self, key: str, time: time_machine.Traveller) -> None:
        throttled, wait = make(Rule(1, MINUTE)), None
        for _ in range(4):
            throttle.attempt((throttled, key))
            wait = wait_of(throttled, key)
            time.shift(wait or 0)
        assert wait == 240
        time.shift(3 * 60)
        throttle.attempt((throttled, key))
        assert wait_of(throttled, key) == 60
        time.shift(3600)
        throttle.attempt((throttled, key))
        assert wait_of(throttled, key) == 60

    def test_may_only_have_its_window_waited_out(self, key: str, time: time_machine.Traveller) -> None:
        throttled = make(Rule(3, 5 * MINUTE, grows=False))
        for _ in range(4):
            assert [wait_of(throttled, key) for _ in range(4)] == [None, None, None, 300]
            time.shift(300)

    def test_costs_the_longest_wait_after_so_many_in_a_row(self, key: str, time: time_machine.Traveller) -> None:
        throttled = make(Rule(10, 5 * MINUTE, grows=False, most_in_a_row=12))
        for _ in range(11):
            time.shift(600)
            throttle.attempt((throttled, key))
        assert not throttled.waits(key)
        for _ in range(3):
            time.shift(600)
            throttle.attempt((throttled, key))
            assert wait_of(throttled, key) == 3600
            time.shift(3600)
        throttle.attempt((throttled, key))
        throttle.settle(forget=((throttled, key),))
        assert wait_of(throttled, key) is None


class TestRules:
    def test_must_all_be_kept(self, key: str, time: time_machine.Traveller) -> None:
        throttled = make(
            Rule(5, 5 * MINUTE, grows=False), Rule(20, 60 * MINUTE, grows=False), Rule(50, timedelta(days=1))
        )
        made = 0
        for _ in range(24 * 12):
            while wait_of(throttled, key) is None:
                made += 1
            time.shift(299)
        assert made == 50


class TestAnAttempt:
    def test_that_is_refused_counts_nowhere(self, key: str, time: object) -> None:
        full, empty = make(Rule(1, MINUTE)), make(Rule(2, MINUTE))
        throttle.attempt((full, key))
        for _ in range(5):
            with pytest.raises(TooManyAttempts):
                throttle.attempt((full, key), (empty, key))
        assert [wait_of(empty, key) for _ in range(3)] == [None, None, 60]

    def test_of_another_key_or_name_is_free(self, key: str) -> None:
        throttled, other = make(Rule(1, MINUTE)), make(Rule(1, MINUTE))
        throttle.attempt((throttled, key))
        throttle.attempt((throttled, key + "m"))
        throttle.attempt((other, key))
        assert throttled.waits(key)

    def test_that_succeeds_is_forgotten_with_all_before(self, key: str) -> None:
        throttled = make(Rule(2, MINUTE))
        throttle.attempt((throttled, key))
        throttle.attempt((throttled, key))
        assert throttled.waits(key)
        throttle.settle(forget=((throttled, key),))
        assert wait_of(throttled, key) is None

    def test_may_be_taken_back_alone(self, key: str, time: object) -> None:
        throttled = make(Rule(3, MINUTE))
        for _ in range(2):
            throttle.attempt((throttled, key))
        for _ in range(5):
            throttle.attempt((throttled, key))
            throttle.settle(forgive=((throttled, key),))
        assert wait_of(throttled, key) is None
        assert throttled.waits(key)

    def test_that_is_taken_back_leaves_no_longer_wait_behind(self, key: str, time: time_machine.Traveller) -> None:
        throttled = make(Rule(1, MINUTE))
        throttle.attempt((throttled, key))
        time.shift(60)
        throttle.attempt((throttled, key))
        throttle.settle(forgive=((throttled, key),))
        throttle.attempt((throttled, key))
        assert wait_of(throttled, key) == 60

    def test_among_many_at_once_is_counted_before_it_is_looked_at(self, app: Application, key: str) -> None:
        throttled, start = make(Rule(10, 5 * MINUTE)), threading.Barrier(4)

        def guess() -> int:
            with app.app_context():
                start.wait(10)
                return sum(wait_of(throttled, key) is None for _ in range(10))

        with ThreadPoolExecutor(4) as pool:
            passed = [pool.submit(guess) for _ in range(4)]
            assert sum(each.result() for each in passed) == 10


class TestWhatIsStored:
    def test_says_nothing_about_whom_it_is_about(self, app: Application, key: str) -> None:
        throttle.attempt((make(Rule(1, MINUTE)), key))
        with apart() as session:
            places = session.scalars(select(ThrottleCount.place)).all()
        assert places
        assert all(len(place) == 32 and key not in place for place in places)

    def test_is_forgotten_when_nobody_touches_it(self, app: Application, key: str) -> None:
        throttled = make(Rule(1, MINUTE))
        throttle.attempt((throttled, key))
        with apart() as session:
            throttle.forget_quiet(session, since=timedelta(days=1))
        assert throttled.waits(key)
        with time_machine.travel(clock.now() + timedelta(days=30)):
            with apart() as session:
                throttle.forget_quiet(session, since=timedelta(days=1))
            with apart() as session:
                assert session.scalars(select(ThrottleCount.place)).all() == []

    def test_outlives_the_process(self, app: Application, key: str) -> None:
        from core.app import create_app
        from core.db.session import dispose

        throttled = make(Rule(1, MINUTE))
        throttle.attempt((throttled, key))
        again = create_app(app.settings)
        with again.app_context():
            assert throttled.waits(key)
            dispose()
