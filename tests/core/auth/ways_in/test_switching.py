"""Going on in another agency: from a session that lives, and no longer than it does."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from core.auth.accounts import identities
from core.auth.models import AuthSession
from core.auth.passwords import hashing
from core.db.session import apart
from core.http.application import Application
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.auth.conftest import Person, refresh

NEW = "the owner sets it just now"


@pytest.fixture
def person(person: Person, other_agency: AgencyUnderTest) -> Person:
    """An agent of two agencies."""
    person.join(other_agency)
    return person


def sessions_of(app: Application, person: Person) -> list[str | None]:
    """Why each session of a person ended, the oldest first."""
    with app.app_context(), apart() as session:
        rows = select(AuthSession.revoked_because).where(AuthSession.user_id == person.user_id)
        return list(session.scalars(rows.order_by(AuthSession.created_at)))


class TestSwitching:
    def test_goes_nowhere_from_a_session_that_has_ended_elsewhere(
        self, elsewhere: Application, person: Person, other_agency: AgencyUnderTest
    ) -> None:
        """Another process may remember its token for a second or two, in which it must not become a new session."""
        thief, owner = ApiClient(elsewhere, person.tokens()["access_token"]), person.client()
        ok(thief.get("/auth/me"))
        ok(owner.delete("/auth/sessions"), 204)
        assert problem(thief.post("/auth/switch", {"agency": other_agency.slug})) == (401, "invalid_token")
        assert sessions_of(person.app, person) == ["ended_by_person", None]

    def test_stays_away_from_the_agency_one_is_in(self, person: Person, agency: AgencyUnderTest) -> None:
        """It would make a new session out of an old one, and nothing else."""
        answer = person.client().post("/auth/switch", {"agency": agency.slug})
        assert faults(answer) == {"/agency": "already_there"}

    def test_opens_what_ends_with_where_it_came_from(
        self, app: Application, person: Person, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        first = person.client()
        there = ok(first.post("/auth/switch", {"agency": other_agency.slug}))
        back = ok(ApiClient(app, there["access_token"]).post("/auth/switch", {"agency": agency.slug}))
        ok(refresh(app, back["refresh_token"]))
        ok(first.post("/auth/logout"), 204)
        for tokens in (there, back):
            assert problem(refresh(app, tokens["refresh_token"])) == (401, "invalid_token")
        assert sessions_of(app, person) == ["signed_out"] * 3

    def test_leaves_where_it_came_from_open(
        self, app: Application, person: Person, other_agency: AgencyUnderTest
    ) -> None:
        first = person.client()
        there = ok(first.post("/auth/switch", {"agency": other_agency.slug}))
        ok(ApiClient(app, there["access_token"]).post("/auth/logout"), 204)
        ok(first.get("/auth/me"))


class TestASignInThatIsUnderWay:
    def test_opens_nothing_when_the_password_is_replaced_meanwhile(
        self, app: Application, person: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = hashing.matches

        def slow(stored: str | None, password: str) -> bool:
            right = real(stored, password)
            monkeypatch.setattr(hashing, "matches", real)
            identities.set_password(person.user_id, NEW)
            return right

        monkeypatch.setattr(hashing, "matches", slow)
        assert problem(person.log_in()) == (401, "wrong_credentials")
        assert sessions_of(app, person) == []
        ok(person.log_in(NEW), 200)
