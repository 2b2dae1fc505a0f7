"""How long sessions last, how they are proven anew, and what follows where somebody acts for another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import select, update

from core import clock, ids
from core.actor import Actor
from core.auth import jobs
from core.auth.errors import InvalidToken, NotYourself
from core.auth.models import AuthSession, OneTimeToken
from core.auth.sessions import ending, listing, opening, standing
from core.auth.tokens import refresh as refresh_tokens
from core.auth.ways_in import switching
from core.config import Settings, load
from core.db.session import apart
from core.db.tenancy import acting_as
from core.http.application import Application
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from core.users.models import User
from tests.core.auth.conftest import Person, refresh
from tests.core.auth.forging import claims_of

REFUSED = (401, "invalid_token")
Opened = Callable[..., dict[str, Any]]


def in_days(days: float, minutes: float = 0) -> time_machine.travel:
    return time_machine.travel(datetime.now(UTC) + timedelta(days=days, minutes=minutes), tick=False)


def row_of(app: Application, pair: dict[str, Any]) -> AuthSession:
    with app.app_context(), apart() as session:
        return session.scalars(
            select(AuthSession).where(AuthSession.id == claims_of(pair["access_token"])["sid"])
        ).one()


@pytest.fixture
def opened(app: Application, person: Person, agency: AgencyUnderTest) -> Opened:
    """Opens sessions of the person as a way in does."""

    def open_one(**options: Any) -> dict[str, Any]:
        from core.http.structs import encode

        given = {"agency": agency.slug, "methods": ("pwd",), **options}
        with app.test_request_context(headers={"User-Agent": "Test"}):
            from flask import json

            found: dict[str, Any] = json.loads(encode(opening.open_session(person.user_id, **given)))
            return found

    return open_one


class TestARow:
    def test_tells_who_when_where_and_how(self, app: Application, person: Person, agency: AgencyUnderTest) -> None:
        row = row_of(app, person.tokens())
        assert (row.user_id, row.agency_id, row.audience) == (person.user_id, agency.id, "staff")
        assert row.methods == ["pwd"]
        assert row.ip == "127.0.0.1"
        assert row.user_agent
        assert row.created_at == row.proven_at
        assert row.last_seen_at - row.created_at < timedelta(seconds=1)
        assert row.expires_at - row.created_at == timedelta(days=90)
        assert row.revoked_at is None

    def test_tells_when_and_why_it_ended(self, app: Application, person: Person) -> None:
        pair = person.tokens()
        ok(ApiClient(app, pair["access_token"]).post("/auth/logout"), 204)
        row = row_of(app, pair)
        assert row.revoked_because == "signed_out"
        assert row.revoked_at is not None

    def test_is_written_when_tokens_are_and_not_with_every_request(self, app: Application, person: Person) -> None:
        pair = person.tokens()
        before = row_of(app, pair).last_seen_at
        with in_days(0, minutes=5):
            ok(ApiClient(app, pair["access_token"]).get("/auth/me"))
            assert row_of(app, pair).last_seen_at == before
            ok(refresh(app, pair["refresh_token"]))
            assert row_of(app, pair).last_seen_at == clock.now()

    def test_that_is_long_over_is_removed(self, app: Application, person: Person) -> None:
        over, live = person.tokens(), person.tokens()
        ok(ApiClient(app, over["access_token"]).post("/auth/logout"), 204)
        with app.app_context():
            jobs.forget_sessions()
            assert row_of(app, over) is not None
            with in_days(31):
                jobs.forget_sessions()
            with apart() as session:
                kept = set(session.scalars(select(AuthSession.id).where(AuthSession.user_id == person.user_id)))
        assert kept == {UUID(claims_of(live["access_token"])["sid"])}


class TestWhatNobodyUsed:
    def test_is_removed_within_the_hour(self, app: Application, person: Person) -> None:
        ok(person.client().post("/auth/socket-ticket"))
        mine = select(OneTimeToken).where(OneTimeToken.user_id == person.user_id)
        with app.app_context():
            jobs.forget_unused()
            with apart() as session:
                assert session.scalars(mine).all()
            with in_days(0, minutes=60):
                jobs.forget_unused()
            with apart() as session:
                assert not session.scalars(mine).all()
        assert jobs.forget_unused.schedule == "37 * * * *"


class TestTimes:
    def test_without_use_it_ends_after_two_weeks(self, app: Application, person: Person) -> None:
        idle, used = person.tokens(), person.tokens()
        with in_days(14, minutes=-1):
            ok(refresh(app, used["refresh_token"]))
        with in_days(14, minutes=1):
            assert problem(refresh(app, idle["refresh_token"])) == REFUSED

    def test_however_often_it_is_refreshed_it_ends_after_ninety_days(self, app: Application, person: Person) -> None:
        pair = person.tokens()
        for days in range(10, 90, 10):
            with in_days(days):
                pair = ok(refresh(app, pair["refresh_token"]))
        with in_days(90, minutes=-2):
            last = ok(refresh(app, pair["refresh_token"]))
            # No token outlives its session.
            assert last["expires_in"] <= 120
        with in_days(90, minutes=1):
            assert problem(refresh(app, last["refresh_token"])) == REFUSED
            assert problem(ApiClient(app, last["access_token"]).get("/auth/me")) == REFUSED

    def test_both_are_settings(
        self, app: Application, person: Person, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(settings, "jwt_refresh_expiration", timedelta(hours=1))
        monkeypatch.setattr(settings, "session_lifetime", timedelta(hours=2))
        pair = person.tokens()
        with in_days(0, minutes=59):
            pair = ok(refresh(app, pair["refresh_token"]))
        with in_days(0, minutes=121):
            assert problem(refresh(app, pair["refresh_token"])) == REFUSED
        other = person.tokens()
        with in_days(0, minutes=61):
            assert problem(refresh(app, other["refresh_token"])) == REFUSED

    def test_a_session_cannot_end_before_it_is_idle(self) -> None:
        wrong = load(_env_file=None, jwt_refresh_expiration="91d", jwt_secret="s" * 32)
        assert any(line.startswith("SESSION_LIFETIME") for line in wrong.problems())


class TestProof:
    def test_is_noted_with_its_method_and_comes_with_new_tokens(self, app: Application, person: Person) -> None:
        pair = person.tokens()
        session_id = UUID(claims_of(pair["access_token"])["sid"])
        with in_days(1):
            with app.test_request_context():
                fresh = opening.prove(session_id, ("otp",))
            row = row_of(app, pair)
            assert (row.proven_at, row.methods) == (clock.now(), ["pwd", "otp"])
            assert claims_of(fresh.access_token)["sid"] == str(session_id)
            # No second line of successors begins: it is the very refresh token the client has.
            assert fresh.refresh_token == pair["refresh_token"]

    def test_step_up_looks_at_it(
        self, app: Application, person: Person, agency: AgencyUnderTest, api: ApiClient
    ) -> None:
        member = agency.newcomer("agent")
        path = f"/auth/members/{member.user_id}/sessions"
        pair = person.tokens()
        ok(api.patch(f"/users/{person.user_id}", {"roles": ["owner"]}, version="*"))
        with in_days(0, minutes=11):
            pair = ok(refresh(app, pair["refresh_token"]))
            assert problem(ApiClient(app, pair["access_token"]).delete(path)) == (401, "step_up_required")
            with app.test_request_context():
                proven = opening.prove(UUID(claims_of(pair["access_token"])["sid"]), ("pwd",))
            ok(ApiClient(app, proven.access_token).delete(path), 204)

    def test_of_a_session_that_is_over_is_refused(self, app: Application, person: Person, opened: Opened) -> None:
        pair = person.tokens()
        ok(ApiClient(app, pair["access_token"]).post("/auth/logout"), 204)
        helped = opened(impersonator_id=person.user_id, lifetime=timedelta(minutes=30))
        for ended in (pair, helped):
            with app.test_request_context(), pytest.raises(InvalidToken):
                opening.prove(UUID(claims_of(ended["access_token"])["sid"]), ("pwd",))

    def test_goes_along_to_another_agency_and_is_no_newer_there(
        self, app: Application, person: Person, other_agency: AgencyUnderTest
    ) -> None:
        person.join(other_agency)
        first = person.tokens()
        with in_days(0, minutes=9):
            there = ok(ApiClient(app, first["access_token"]).post("/auth/switch", {"agency": other_agency.slug}))
            came, began = row_of(app, there), row_of(app, first)
            assert there["agency"]["slug"] == other_agency.slug
            assert (came.proven_at, came.methods) == (began.proven_at, began.methods)
            # And it cannot be made to last by moving to and fro.
            assert came.expires_at == began.expires_at


class TestActingForAnother:
    @pytest.fixture
    def helper(self, make_person: Callable[[], Person]) -> Person:
        return make_person()

    @pytest.fixture
    def helped(self, opened: Opened, helper: Person) -> dict[str, Any]:
        return opened(impersonator_id=helper.user_id, lifetime=timedelta(minutes=30))

    def test_lasts_as_long_as_was_said_and_is_not_renewed(self, app: Application, helped: dict[str, Any]) -> None:
        assert helped["refresh_token"] == ""
        assert helped["expires_in"] == pytest.approx(1_800, abs=2)
        assert stands(app, helped)
        with in_days(0, minutes=31):
            assert not stands(app, helped)

    def test_never_lasts_longer_than_an_hour(self, opened: Opened, helper: Person) -> None:
        assert opened(impersonator_id=helper.user_id)["expires_in"] == pytest.approx(3_600, abs=2)

    def test_is_not_refreshed_with_a_token_somebody_made(self, app: Application, helped: dict[str, Any]) -> None:
        with app.app_context():
            made = refresh_tokens.make(UUID(claims_of(helped["access_token"])["sid"]), counter=0)
        assert problem(refresh(app, made)) == REFUSED

    @pytest.mark.parametrize(
        "actor",
        [
            Actor(kind="user", user_id=ids.new(), session_id=ids.new(), impersonator_id=ids.new()),
            Actor(kind="key", user_id=ids.new(), key_id=ids.new()),
            Actor(kind="public"),
        ],
        ids=["somebody else", "an API key", "nobody"],
    )
    def test_whoever_is_not_the_person_changes_agencies_and_sessions_for_nobody(
        self, app: Application, actor: Actor
    ) -> None:
        calls: tuple[Callable[[], object], ...] = (
            lambda: switching.switch("anywhere"),
            listing.rows,
            listing.end_others,
            lambda: listing.end(ids.new()),
        )
        with app.test_request_context(), acting_as(actor):
            for call in calls:
                with pytest.raises(NotYourself):
                    call()

    def test_ends_where_whoever_acts_is_disabled(
        self, app: Application, helped: dict[str, Any], helper: Person
    ) -> None:
        with app.app_context(), apart() as session:
            session.execute(update(User).where(User.id == helper.user_id).values(disabled_at=clock.now()))
        assert not stands(app, helped)

    def test_ends_with_the_sessions_of_whoever_acts(
        self, app: Application, helped: dict[str, Any], helper: Person
    ) -> None:
        with app.app_context(), apart() as session:
            ended = ending.revoke(session, user_id=helper.user_id, reason="password_reset")
        assert ended == {UUID(helped["agency"]["id"]): 1}
        assert not stands(app, helped)


def stands(app: Application, pair: dict[str, Any]) -> bool:
    """Whether the database says that the session of a token goes on."""
    with app.app_context():
        return standing.of(UUID(claims_of(pair["access_token"])["sid"])) is not None
