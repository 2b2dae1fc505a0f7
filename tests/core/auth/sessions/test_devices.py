"""Devices people have signed in from: strangers cannot keep their owners out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.http.application import Application
from core.testing.chores import run_due
from core.testing.factories import AgencyUnderTest
from core.testing.mailbox import Mailbox
from tests.core.auth.conftest import PASSWORD, Person
from tests.core.auth.guessing.test_guesses import guess, statuses


class TestAKnownDevice:
    def test_lets_its_owner_in_while_strangers_wait(self, app: Application, person: Person) -> None:
        known = guess(app, person.email, password=PASSWORD, **{"Device-Token": "new"}).headers["Device-Token"]
        for number in range(11):
            guess(app, person.email, ip=f"192.0.2.{number}")
        assert guess(app, person.email, password=PASSWORD).status_code == 429
        answer = guess(app, person.email, ip="198.51.100.20", password=PASSWORD, **{"Device-Token": known})
        assert answer.status_code == 200

    def test_is_known_by_a_cookie_where_there_are_some(self, app: Application, person: Person) -> None:
        client = app.test_client()
        body = {"email": person.email, "password": PASSWORD}
        answer = client.post("/api/v1/auth/login", json=body)
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("tripfile_device=")
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        for number in range(11):
            guess(app, person.email, ip=f"192.0.2.{number}")
        assert guess(app, person.email, password=PASSWORD).status_code == 429
        assert client.post("/api/v1/auth/login", json=body).status_code == 200

    def test_has_its_cookie_for_this_host_alone_in_production(
        self, app: Application, person: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(app.settings, "mode", "production")
        cookie = guess(app, person.email, password=PASSWORD).headers["Set-Cookie"]
        assert cookie.startswith("__Host-tripfile_device=")
        assert "Secure" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie

    def test_may_guess_ten_times_too(self, app: Application, person: Person) -> None:
        known = guess(app, person.email, password=PASSWORD, **{"Device-Token": "new"}).headers["Device-Token"]
        answers = [guess(app, person.email, **{"Device-Token": known}) for _ in range(11)]
        assert statuses(answers) == [401] * 10 + [429]

    def test_is_a_stranger_to_other_accounts(
        self, app: Application, person: Person, make_person: Callable[[], Person], agency: AgencyUnderTest
    ) -> None:
        other = make_person()
        other.join(agency)
        known = guess(app, other.email, password=PASSWORD, **{"Device-Token": "new"}).headers["Device-Token"]
        answers = [guess(app, person.email, **{"Device-Token": known}) for _ in range(11)]
        assert statuses(answers) == [401] * 10 + [429]
        assert guess(app, person.email, password=PASSWORD, **{"Device-Token": known}).status_code == 429

    def test_has_another_token_after_each_sign_in(self, app: Application, person: Person) -> None:
        first = guess(app, person.email, password=PASSWORD, **{"Device-Token": "new"}).headers["Device-Token"]
        second = guess(app, person.email, password=PASSWORD, **{"Device-Token": first}).headers["Device-Token"]
        assert first != second
        for number in range(11):
            guess(app, person.email, ip=f"192.0.2.{number}")
        assert guess(app, person.email, password=PASSWORD, **{"Device-Token": first}).status_code == 429
        assert guess(app, person.email, password=PASSWORD, **{"Device-Token": second}).status_code == 200

    def test_that_is_new_is_told_to_its_person_and_the_first_is_not(
        self, app: Application, person: Person, letters: Mailbox
    ) -> None:
        known = guess(app, person.email, password=PASSWORD, **{"Device-Token": "new"}).headers["Device-Token"]
        guess(app, person.email, password=PASSWORD, **{"Device-Token": known})
        run_due(app, "auth.send_letter")
        assert letters.of(person.email) == []
        guess(app, person.email, ip="198.51.100.33", password=PASSWORD, **{"User-Agent": "Curl\x7f of Eve"})
        run_due(app, "auth.send_letter")
        (letter,) = letters.of(person.email)
        assert letter["Subject"] == "A new device signed in to your account"
        assert "198.51.100.33" in letters.text(person.email)
        assert "Curl of Eve" in letters.text(person.email)
