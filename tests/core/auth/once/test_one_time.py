"""Tokens that are good once."""

from __future__ import annotations

from datetime import timedelta

import time_machine
from flask import Flask
from sqlalchemy import select

from core import clock
from core.auth.models import OneTimeToken
from core.auth.once import one_time
from core.db.session import apart

HOUR = timedelta(hours=1)


def handed_out(purpose: str = "reset", **options: object) -> str:
    with apart() as session:
        return one_time.hand_out(session, purpose, lifetime=HOUR, **options)  # type: ignore[arg-type] # per test


def taken(purpose: str, token: str) -> one_time.Handed | None:
    with apart() as session:
        return one_time.take(session, purpose, token)


class TestATokenOfOneUse:
    def test_tells_once_what_was_noted(self, app: Flask) -> None:
        with app.app_context():
            token = handed_out(data={"a": 1})
            found = taken("reset", token)
            assert found is not None
            assert found.data == {"a": 1}
            assert taken("reset", token) is None

    def test_can_be_looked_at_without_using_it_up(self, app: Flask) -> None:
        with app.app_context():
            token = handed_out()
            assert one_time.look("reset", token) == one_time.look("reset", token) is not None

    def test_is_unknown_for_any_other_purpose(self, app: Flask) -> None:
        with app.app_context():
            token = handed_out("reset")
            assert one_time.look("verify", token) is None
            assert taken("verify", token) is None
            assert taken("reset", token) is not None

    def test_ends_with_its_lifetime(self, app: Flask) -> None:
        with app.app_context():
            token = handed_out()
            with time_machine.travel(clock.now() + HOUR + timedelta(seconds=1)):
                assert one_time.look("reset", token) is None
                assert taken("reset", token) is None

    def test_is_still_good_when_what_it_was_used_for_fails(self, app: Flask) -> None:
        with app.app_context():
            token = handed_out()
            try:
                with apart() as session:
                    one_time.take(session, "reset", token)
                    raise ValueError
            except ValueError:
                pass
            assert taken("reset", token) is not None

    def test_is_not_in_the_table(self, app: Flask) -> None:
        with app.app_context():
            token = handed_out()
            with apart() as session:
                rows = session.scalars(select(OneTimeToken)).all()
                assert rows
                assert not any(token in str(vars(row)) for row in rows)

    def test_that_is_nonsense_is_unknown(self, app: Flask) -> None:
        with app.app_context():
            for nonsense in ("", "\0", "\ud800", "x" * 10_000):
                assert taken("reset", nonsense) is None
