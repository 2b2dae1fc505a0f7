"""Refresh tokens: each buys its successor once, and a stolen one ends the session."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import text

from core import ids
from core.auth.errors import InvalidToken
from core.auth.models import AuthSession
from core.auth.sessions import locks
from core.auth.tokens import refresh as refresh_tokens
from core.auth.tokens.refresh import PREFIX
from core.db.session import apart
from core.http.application import Application
from core.keyring import rings
from core.keyring.rings import Ring
from core.testing.clients import ApiClient, faults, ok, problem
from tests.core.auth.conftest import Person, eventually, refresh
from tests.core.auth.forging import claims_of

REFUSED = (401, "invalid_token")
_WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))")
SIGNATURE = slice(-20, -4)


def counter_of(app: Application, pair: dict[str, Any]) -> int:
    with app.app_context():
        return refresh_tokens.read(pair["refresh_token"]).counter


def raw(token: str) -> bytearray:
    return bytearray(base64.urlsafe_b64decode(token.removeprefix(PREFIX)))


def spelled(content: bytearray) -> str:
    """Any content with the right checksum, which is no secret."""
    return PREFIX + base64.urlsafe_b64encode(content[:-4] + refresh_tokens._sum(bytes(content[:-4]))).decode()


class TestRotation:
    def test_each_buys_the_next(self, app: Application, person: Person) -> None:
        pair = person.tokens()
        for counter in range(1, 5):
            pair = ok(refresh(app, pair["refresh_token"]))
            assert counter_of(app, pair) == counter
            ok(ApiClient(app, pair["access_token"]).get("/auth/me"))

    def test_the_agency_stays(self, app: Application, person: Person, api: ApiClient) -> None:
        del api
        pair = person.tokens()
        assert ok(refresh(app, pair["refresh_token"]))["agency"] == pair["agency"]

    def test_eight_at_once_get_one_successor(self, app: Application, person: Person) -> None:
        token = person.tokens()["refresh_token"]
        with ThreadPoolExecutor(8) as pool:
            answers = [*pool.map(lambda _: refresh(app, token), range(8))]
        assert [answer.status_code for answer in answers] == [200] * 8
        (successor,) = {ok(answer)["refresh_token"] for answer in answers}
        assert counter_of(app, ok(answers[0])) == 1
        ok(refresh(app, successor))

    def test_one_that_waited_for_its_turn_sees_what_happened_meanwhile(self, app: Application, person: Person) -> None:
        pair = person.tokens()
        with app.app_context(), ThreadPoolExecutor(1) as pool:
            with apart() as session:
                row = locks.locked(session, UUID(claims_of(pair["access_token"])["sid"]))
                assert row is not None
                row.counter += 5
                session.flush()
                waiting = pool.submit(refresh, app, pair["refresh_token"])
                eventually(lambda: session.execute(_WAITING).scalar_one() > 0, within=5)
            assert problem(waiting.result(timeout=10)) == REFUSED

    def test_credentials_are_never_cached(self, app: Application, person: Person) -> None:
        assert refresh(app, person.tokens()["refresh_token"]).headers["Cache-Control"] == "no-store"

    def test_the_table_holds_nothing_to_steal(self, app: Application, person: Person) -> None:
        pair = ok(refresh(app, person.tokens()["refresh_token"]))
        with app.app_context(), apart() as session:
            row = session.get(AuthSession, claims_of(pair["access_token"])["sid"])
            assert row is not None
            kept = " ".join(str(getattr(row, column.key)) for column in AuthSession.__table__.columns)
        assert row.counter == 1
        assert not any(part in kept for part in (pair["refresh_token"], raw(pair["refresh_token"])[SIGNATURE].hex()))

    def test_where_one_was_last_seen_is_noted(self, app: Application, person: Person) -> None:
        pair = person.tokens()
        with time_machine.travel(datetime.now(UTC) + timedelta(days=3)):
            pair = ok(ApiClient(app).post("/auth/refresh", {"refresh_token": pair["refresh_token"]},
                                          headers={"User-Agent": "Train\x7f/2"}))  # fmt: skip
            found = ok(ApiClient(app, pair["access_token"]).get("/auth/sessions"))["items"]
            (current,) = [each for each in found if each["current"]]
            assert current["user_agent"] == "Train/2"
            seen, made = (datetime.fromisoformat(current[name]) for name in ("last_seen_at", "created_at"))
            assert timedelta(days=3) <= seen - made < timedelta(days=3, minutes=1)


class TestReuse:
    def _revocations(self, api: ApiClient, pair: dict[str, Any], name: str = "session_revoked") -> list[Any]:
        session_id = claims_of(pair["access_token"])["sid"]
        found: list[Any] = ok(api.get(f"/audit?name=auth.{name}&subject_id={session_id}"))["items"]
        return found

    def test_one_that_is_two_steps_old_ends_the_session(self, app: Application, person: Person, api: ApiClient) -> None:
        first = person.tokens()
        second = ok(refresh(app, first["refresh_token"]))
        third = ok(refresh(app, second["refresh_token"]))
        thief = ApiClient(app, third["access_token"])
        ok(thief.get("/auth/me"))
        assert problem(refresh(app, first["refresh_token"])) == REFUSED
        assert problem(thief.get("/auth/me")) == REFUSED
        assert problem(refresh(app, third["refresh_token"])) == REFUSED
        (event,) = self._revocations(api, first)
        assert event["payload"]["reason"] == "refresh_token_reused"
        assert event["actor_kind"] == "public"
        (alarm,) = self._revocations(api, first, "refresh_token_reused")
        assert alarm["payload"]["user_id"] == str(person.user_id)

    def test_the_last_one_counts_for_ten_seconds_more(self, app: Application, person: Person, api: ApiClient) -> None:
        first = person.tokens()
        second = ok(refresh(app, first["refresh_token"]))
        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=8)):
            assert ok(refresh(app, first["refresh_token"]))["refresh_token"] == second["refresh_token"]
        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=12)):
            assert problem(refresh(app, first["refresh_token"])) == REFUSED
            assert problem(refresh(app, second["refresh_token"])) == REFUSED
        assert len(self._revocations(api, first)) == 1

    def test_other_sessions_of_the_person_go_on(self, app: Application, person: Person) -> None:
        other = person.client()
        first = person.tokens()
        second = ok(refresh(app, first["refresh_token"]))
        ok(refresh(app, second["refresh_token"]))
        assert problem(refresh(app, first["refresh_token"])) == REFUSED
        ok(other.get("/auth/me"))

    def test_a_member_who_is_suspended_gets_no_successor(
        self, app: Application, person: Person, api: ApiClient
    ) -> None:
        pair = person.tokens()
        ok(api.patch(f"/users/{person.user_id}", {"state": "suspended"}, version="*"))
        assert problem(refresh(app, pair["refresh_token"])) == REFUSED


class TestForgery:
    @pytest.fixture
    def token(self, person: Person) -> str:
        return str(person.tokens()["refresh_token"])

    @pytest.fixture
    def _no_questions(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def asked(*_: object) -> None:
            raise AssertionError("The database was asked")

        monkeypatch.setattr(locks, "locked", asked)
        monkeypatch.setattr(Ring, "_look", asked)

    @pytest.mark.usefixtures("_no_questions")
    @pytest.mark.parametrize("place", [0, 1, 17, 33, 36, 37, 52, 53, 56])
    def test_a_changed_byte_is_refused_without_a_question(self, app: Application, token: str, place: int) -> None:
        changed = raw(token)
        changed[place] ^= 1
        spoilt = PREFIX + base64.urlsafe_b64encode(changed).decode()
        assert problem(refresh(app, spoilt)) == REFUSED

    @pytest.mark.usefixtures("_no_questions")
    @pytest.mark.parametrize("place", [0, 17, 33, 36, 37, 52])
    def test_so_is_one_whose_checksum_was_put_right(self, app: Application, token: str, place: int) -> None:
        changed = raw(token)
        changed[place] ^= 1
        assert problem(refresh(app, spelled(changed))) == REFUSED

    @pytest.mark.usefixtures("_no_questions")
    @pytest.mark.parametrize("made", ["", "x", PREFIX, PREFIX + "A" * 76, "A" * 80, PREFIX + "é" * 76, "\ud800", "\0"])
    def test_what_is_no_token_is_refused(self, app: Application, made: str) -> None:
        answer = refresh(app, made)
        assert answer.status_code in {401, 422, 400}
        assert answer.status_code == 401 or made in {"\ud800", "\0"}

    @pytest.mark.usefixtures("_no_questions")
    def test_the_signature_of_another_session_or_counter_is_worth_nothing(
        self, app: Application, person: Person, token: str
    ) -> None:
        mine, other = raw(token), raw(token)
        other[33:37] = (7).to_bytes(4)
        with app.app_context():
            theirs = raw(refresh_tokens.make(ids.new(), counter=0))
        theirs[17:33] = mine[17:33]
        for forged in (other, theirs):
            assert problem(refresh(app, spelled(forged))) == REFUSED

    def test_the_key_is_the_sessions_own_and_the_audiences(self, app: Application) -> None:
        session_id = ids.new()
        with app.app_context():
            portal = refresh_tokens.make(session_id, counter=3, audience="portal")
            assert refresh_tokens.read(portal, audience="portal").counter == 3
            with pytest.raises(InvalidToken):
                refresh_tokens.read(portal)
            with pytest.raises(InvalidToken):
                refresh_tokens.read(refresh_tokens.make(session_id, counter=3), audience="portal")
            key = rings.ring(rings.TOKENS).settled()
            said = bytes(raw(portal)[:37])
            tags = {refresh_tokens._tag(key.secret, each, said, "staff") for each in (ids.new(), ids.new())}
        assert len(tags) == 2

    def test_a_key_nobody_knows_is_asked_for_once_a_second_at_most(
        self, app: Application, token: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[int] = []
        look = Ring._look

        def counted(ring: Ring) -> Any:
            asked.append(1)
            return look(ring)

        monkeypatch.setattr(Ring, "_look", counted)
        monkeypatch.setattr(rings, "LOOK_AGAIN", 60.0)
        for _ in range(30):
            changed = raw(token)
            changed[1:17] = ids.new().bytes
            assert problem(refresh(app, spelled(changed))) == REFUSED
        assert len(asked) <= 1

    def test_one_that_is_left_out_is_asked_for(self, app: Application) -> None:
        assert faults(ApiClient(app).post("/auth/refresh", {})) == {"/refresh_token": "required"}


class TestLimits:
    def test_whoever_refreshes_is_counted_by_session_and_whoever_guesses_by_address(
        self, app: Application, person: Person
    ) -> None:
        from core.auth.sessions import rotation

        pair = person.tokens()
        for body, counted in (
            ({"refresh_token": pair["refresh_token"]}, f"session:{claims_of(pair['access_token'])['sid']}"),
            ({"refresh_token": pair["refresh_token"][:-1] + "?"}, None),
            ([], None),
            ("[" * 5_000, None),
        ):
            options: dict[str, Any] = {"data": body} if isinstance(body, str) else {"json": body}
            with app.test_request_context("/api/v1/auth/refresh", method="POST", **options) as context:
                assert rotation.counted_as(context.request) == counted
