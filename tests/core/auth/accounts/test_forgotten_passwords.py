"""Forgotten passwords: links by mail, good once and for an hour, that open nothing but a new password."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import time_machine
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from core import clock
from core.auth.models import Letter, OneTimeToken
from core.db.session import apart
from core.http.application import Application
from core.testing.chores import run_due
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from core.testing.mailbox import Mailbox
from core.users.models import User
from tests.core.auth.conftest import PASSWORD, Person, refresh

NEW = "an entirely different phrase"


def ask(app: Flask, email: str) -> None:
    ok(ApiClient(app).post("/auth/password/forgotten", {"email": email}), 202)


def asked(app: Application, person: Person, letters: Mailbox) -> str:
    """The token of the link that was mailed."""
    ask(app, person.email)
    run_due(app, "auth.send_letter")
    return letters.token(person.email)


def reset(app: Flask, token: str, password: str = NEW) -> TestResponse:
    return ApiClient(app).post("/auth/password/reset", {"token": token, "password": password})


class TestALink:
    def test_is_mailed_and_sets_a_new_password(self, app: Application, person: Person, letters: Mailbox) -> None:
        token = asked(app, person, letters)
        assert letters.link(person.email) == f"http://localhost:3000/app/new-password#token={token}"
        ok(reset(app, token), 204)
        assert person.log_in(NEW).status_code == 200
        assert problem(person.log_in(PASSWORD)) == (401, "wrong_credentials")

    def test_is_good_once(self, app: Application, person: Person, letters: Mailbox) -> None:
        token = asked(app, person, letters)
        ok(reset(app, token), 204)
        assert faults(reset(app, token, "yet another long phrase")) == {"/token": "dead_link"}
        assert person.log_in(NEW).status_code == 200

    def test_is_good_for_an_hour(self, app: Application, person: Person, letters: Mailbox) -> None:
        token = asked(app, person, letters)
        with time_machine.travel(clock.now() + timedelta(minutes=61)):
            assert faults(reset(app, token)) == {"/token": "dead_link"}
        with time_machine.travel(clock.now() + timedelta(minutes=58)):
            ok(reset(app, token), 204)

    def test_makes_the_one_before_useless(self, app: Application, person: Person, letters: Mailbox) -> None:
        first, second = asked(app, person, letters), asked(app, person, letters)
        assert faults(reset(app, first)) == {"/token": "dead_link"}
        ok(reset(app, second), 204)

    def test_is_useless_after_the_password_was_changed(
        self, app: Application, person: Person, letters: Mailbox
    ) -> None:
        token = asked(app, person, letters)
        ok(person.client().post("/auth/password", {"current": PASSWORD, "new": "a third and longer one"}), 204)
        assert faults(reset(app, token)) == {"/token": "dead_link"}

    def test_for_another_purpose_opens_nothing(self, app: Application, person: Person, letters: Mailbox) -> None:
        ok(person.client().post("/auth/email/verification"), 202)
        run_due(app, "auth.send_letter")
        assert faults(reset(app, letters.token(person.email))) == {"/token": "dead_link"}

    def test_of_somebody_else_changes_nothing_of_ours(
        self, app: Application, person: Person, make_person: Callable[[], Person], letters: Mailbox
    ) -> None:
        other = make_person()
        ok(reset(app, asked(app, other, letters)), 204)
        assert person.log_in(PASSWORD).status_code == 200

    def test_survives_a_password_that_will_not_do(self, app: Application, person: Person, letters: Mailbox) -> None:
        token = asked(app, person, letters)
        assert faults(reset(app, token, "password123...")) == {"/password": "too_common"}
        ok(reset(app, token), 204)

    def test_is_256_random_bits_of_which_a_digest_is_kept(
        self, app: Application, person: Person, letters: Mailbox
    ) -> None:
        token = asked(app, person, letters)
        assert len(token) == 43
        with app.app_context(), apart() as session:
            kept = session.scalars(select(OneTimeToken).where(OneTimeToken.user_id == person.user_id)).all()
        assert [row.purpose for row in kept] == ["auth.password_reset"]
        assert all(token not in str(vars(row)) for row in kept)


class TestANewPassword:
    def test_ends_every_session(self, app: Application, person: Person, letters: Mailbox) -> None:
        tokens, client = person.tokens(), person.client()
        ok(reset(app, asked(app, person, letters)), 204)
        assert problem(client.get("/auth/me")) == (401, "invalid_token")
        assert problem(refresh(app, tokens["refresh_token"])) == (401, "invalid_token")

    def test_signs_nobody_in(self, app: Application, person: Person, letters: Mailbox) -> None:
        answer = reset(app, asked(app, person, letters))
        assert ok(answer, 204) is None
        assert "Set-Cookie" not in answer.headers

    def test_is_told_to_the_person_and_to_their_agency(
        self, app: Application, person: Person, letters: Mailbox, api: ApiClient
    ) -> None:
        ok(reset(app, asked(app, person, letters)), 204)
        run_due(app, "auth.send_letter")
        assert letters.of(person.email)[-1]["Subject"] == "Your password was changed"
        assert len(ok(api.get(f"/audit?name=auth.password_reset&subject_id={person.user_id}"))["items"]) == 1

    def test_shows_that_the_address_is_theirs(self, app: Application, person: Person, letters: Mailbox) -> None:
        ok(reset(app, asked(app, person, letters)), 204)
        with app.app_context(), apart() as session:
            verified = session.scalar(select(User.email_verified_at).where(User.id == person.user_id))
        assert verified is not None

    def test_lets_in_who_was_throttled(self, app: Application, person: Person, letters: Mailbox) -> None:
        for _ in range(11):
            person.log_in("a wrong phrase, not the right one")
        assert problem(person.log_in()) == (429, "too_many_attempts")
        ok(reset(app, asked(app, person, letters)), 204)
        assert person.log_in(NEW).status_code == 200


class TestWhoeverAsks:
    def test_for_nobody_has_no_letter_sent(self, app: Application, letters: Mailbox) -> None:
        run_due(app, "auth.send_letter")
        before = len(letters.messages)
        ask(app, "nobody-at-all@example.com")
        assert [each.value for each in run_due(app, "auth.send_letter")] == ["unwritten"]
        assert len(letters.messages) == before

    def test_for_somebody_disabled_has_none_sent(self, app: Application, person: Person, letters: Mailbox) -> None:
        with app.app_context(), apart() as session:
            session.execute(update(User).where(User.id == person.user_id).values(disabled_at=clock.now()))
        ask(app, person.email)
        run_due(app, "auth.send_letter")
        assert letters.of(person.email) == []

    def test_again_and_again_has_five_sent(self, app: Application, person: Person, letters: Mailbox) -> None:
        for _ in range(8):
            ask(app, person.email)
        run_due(app, "auth.send_letter")
        assert len(letters.of(person.email)) == 5

    def test_is_kept_from_nobody_by_letters_of_other_kinds(
        self,
        app: Application,
        person: Person,
        make_person: Callable[[], Person],
        agency: AgencyUnderTest,
        letters: Mailbox,
    ) -> None:
        """Anybody may ask for somebody else's address, or register with it: no reset is less for that."""
        stranger = make_person()
        stranger.join(agency)
        client = stranger.client()
        for _ in range(6):
            ok(client.post("/auth/email", {"email": person.email}), 202)
        run_due(app, "auth.send_letter")
        token = asked(app, person, letters)
        ok(reset(app, token), 204)

    def test_leaves_nothing_behind_once_it_is_sent(self, app: Application, person: Person, letters: Mailbox) -> None:
        ask(app, person.email)
        with app.app_context(), apart() as session:
            texts = session.scalars(select(Letter.details)).all()
        assert texts
        assert all(person.email not in text for text in texts)
        run_due(app, "auth.send_letter")
        with app.app_context(), apart() as session:
            assert session.scalar(select(func.count()).select_from(Letter)) == 0
