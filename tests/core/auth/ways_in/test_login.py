"""Signing in: who may, what everybody else is told, and how passwords are kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, update

from core import clock, native
from core.auth.models import Credential
from core.auth.passwords import hashing
from core.db.session import apart
from core.http.application import Application
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from core.users.models import User
from tests.core.auth.conftest import PASSWORD, Person

LONG = "every good river boat turns slowly, " * 8
PICTURES = "".join(chr(0x1F330 + 7 * number) for number in range(15))


def stored_hash(app: Application, person: Person) -> str:
    with app.app_context(), apart() as session:
        return session.scalars(select(Credential.password_hash).where(Credential.user_id == person.user_id)).one()


class TestRight:
    def test_the_pair_of_tokens_comes_with_where_one_is(self, person: Person, agency: AgencyUnderTest) -> None:
        tokens = person.tokens()
        assert tokens["token_type"] == "Bearer"
        assert tokens["expires_in"] == 600
        assert tokens["agency"]["slug"] == agency.slug
        me = ok(ApiClient(person.app, tokens["access_token"]).get("/auth/me"))
        assert me["user"]["email"] == person.email
        assert me["permissions"]["leads.read"] == "team"

    def test_credentials_are_never_cached(self, person: Person) -> None:
        assert person.log_in().headers["Cache-Control"] == "no-store"

    def test_capitals_in_the_address_do_not_matter(self, person: Person) -> None:
        person.email = person.email.upper()
        assert person.log_in().status_code == 200

    def test_the_same_letters_in_another_normal_form_are_the_same_password(
        self, app: Application, person: Person
    ) -> None:
        client = person.client()
        ok(client.post("/auth/password", {"current": PASSWORD, "new": "une passphrase très ancienne"}), 204)
        assert person.log_in("une passphrase tre\u0300s ancienne").status_code == 200

    def test_a_sign_in_is_told_in_the_log(self, person: Person, api: ApiClient) -> None:
        person.tokens()
        (event,) = ok(api.get(f"/audit?name=auth.session_opened&actor_id={person.user_id}"))["items"]
        assert event["payload"]["user_id"] == str(person.user_id)


class TestWrong:
    def test_an_unknown_person_and_a_wrong_password_are_told_the_same(self, person: Person) -> None:
        wrong = person.log_in("not the passphrase")
        person.email = "nobody@example.com"
        unknown = person.log_in()
        assert problem(wrong) == problem(unknown) == (401, "wrong_credentials")
        hidden = {"instance", "request_id", "trace_id"}
        told, same = ({k: v for k, v in each.json.items() if k not in hidden} for each in (wrong, unknown))  # type: ignore[union-attr]
        assert told == same

    def test_an_unknown_person_costs_a_hash_too(
        self, app: Application, person: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hashed: list[object] = []

        def counted(work: Callable[[], bool], **more: str) -> bool:
            hashed.append(work)
            return native.in_lane(work, **more)

        monkeypatch.setattr(hashing, "in_lane", counted)
        person.log_in("not the passphrase")
        known = len(hashed)
        person.email = "nobody@example.com"
        person.log_in("not the passphrase")
        assert (known, len(hashed)) == (1, 2)

    def test_a_disabled_person_is_told_no_more(self, app: Application, person: Person) -> None:
        client = person.client()
        with app.app_context(), apart() as session:
            session.execute(update(User).where(User.id == person.user_id).values(disabled_at=clock.now()))
        assert problem(person.log_in()) == (401, "wrong_credentials")
        app.extensions["tripfile.principals"].forget()
        assert problem(client.get("/auth/me")) == (401, "invalid_token")

    def test_a_suspended_member_has_no_place(self, person: Person, api: ApiClient) -> None:
        client = person.client()
        ok(api.patch(f"/users/{person.user_id}", {"state": "suspended"}, version="*"))
        assert problem(person.log_in()) == (403, "no_membership")
        assert problem(client.get("/auth/me")) == (401, "invalid_token")

    def test_somebody_without_a_membership_has_no_place(self, make_person: Callable[[], Person]) -> None:
        assert problem(make_person().log_in()) == (403, "no_membership")


class TestSeveralAgencies:
    def test_the_longest_membership_unless_another_is_named(
        self, person: Person, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        person.join(other_agency, role="owner")
        assert person.tokens()["agency"]["slug"] == agency.slug
        tokens = person.tokens(agency=other_agency.slug)
        assert tokens["agency"]["slug"] == other_agency.slug
        assert {each["slug"] for each in tokens["agencies"]} == {agency.slug, other_agency.slug}

    def test_an_agency_of_others_is_refused(self, person: Person, other_agency: AgencyUnderTest) -> None:
        assert problem(person.log_in(agency=other_agency.slug)) == (403, "no_membership")
        assert problem(person.log_in(agency="no-such-agency")) == (403, "no_membership")

    def test_one_can_switch(self, person: Person, other_agency: AgencyUnderTest) -> None:
        client = person.client()
        assert problem(client.post("/auth/switch", {"agency": other_agency.slug})) == (403, "no_membership")
        person.join(other_agency, role="read_only")
        tokens = ok(client.post("/auth/switch", {"agency": other_agency.slug}))
        there = ok(ApiClient(person.app, tokens["access_token"]).get("/auth/me"))
        assert there["agency"]["slug"] == other_agency.slug
        assert "leads.write" not in there["permissions"]
        assert "leads.write" in ok(client.get("/auth/me"))["permissions"]


class TestPasswords:
    def test_they_are_kept_as_argon2id(self, app: Application, person: Person) -> None:
        assert stored_hash(app, person).startswith("$argon2id$v=19$m=64,t=1,p=1$")

    def test_stronger_parameters_reach_people_as_they_sign_in(
        self, app: Application, person: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = stored_hash(app, person)
        ok(person.log_in())
        assert stored_hash(app, person) == before
        monkeypatch.setattr(app.settings, "argon2_memory_kib", 128)
        assert problem(person.log_in("not the passphrase")) == (401, "wrong_credentials")
        assert stored_hash(app, person) == before
        client = person.client()
        assert stored_hash(app, person).startswith("$argon2id$v=19$m=128,t=1,p=1$")
        assert person.log_in().status_code == 200
        ok(client.get("/auth/me"))

    @pytest.mark.parametrize(
        ("new", "code"),
        [(LONG[:14], "too_short"), (LONG[:257], "length"), (PICTURES[:14], "too_short")],
    )
    def test_their_length_is_checked(self, person: Person, new: str, code: str) -> None:
        answer = person.client().post("/auth/password", {"current": PASSWORD, "new": new})
        assert faults(answer) == {"/new": code}

    @pytest.mark.parametrize("new", [LONG[:15], LONG[:256], PICTURES[:15], "with  two blanks  ", LONG[:80] + "?"])
    def test_any_text_of_that_length_is_one(self, person: Person, new: str) -> None:
        ok(person.client().post("/auth/password", {"current": PASSWORD, "new": new}), 204)
        assert person.log_in(new).status_code == 200
        assert person.log_in(new[:-1]).status_code == 401

    def test_changing_it_ends_every_other_session(self, person: Person, api: ApiClient) -> None:
        here, there = person.client(), person.client()
        elsewhere = person.tokens()
        change = {"current": PASSWORD, "new": "another long passphrase"}
        ok(here.post("/auth/password", change), 204)
        ok(here.get("/auth/me"))
        assert problem(there.get("/auth/me")) == (401, "invalid_token")
        token = {"refresh_token": elsewhere["refresh_token"]}
        assert problem(ApiClient(person.app).post("/auth/refresh", token)) == (401, "invalid_token")
        assert problem(person.log_in()) == (401, "wrong_credentials")
        assert len(ok(api.get(f"/audit?name=auth.password_changed&subject_id={person.user_id}"))["items"]) == 1

    def test_the_present_one_must_be_known(self, person: Person) -> None:
        change = {"current": "not the passphrase", "new": "another long passphrase"}
        assert faults(person.client().post("/auth/password", change)) == {"/current": "wrong_password"}
        assert person.log_in().status_code == 200


class TestBursts:
    def test_more_sign_ins_than_can_wait_are_told_to_come_back(
        self, person: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(native, "_lane", threading.BoundedSemaphore(1))
        monkeypatch.setattr(native, "_room", threading.BoundedSemaphore(2))
        over = threading.Event()
        off_the_loop = native._off_the_loop
        monkeypatch.setattr(native, "_off_the_loop", lambda work: (over.wait(10), off_the_loop(work))[1])
        with ThreadPoolExecutor(6) as pool:
            asked = [pool.submit(person.log_in) for _ in range(6)]
            threading.Timer(0.5, over.set).start()
            answers = [each.result() for each in asked]
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [200, 200, 503, 503, 503, 503]
        (told,) = {answer.headers.get("Retry-After") for answer in answers if answer.status_code == 503}
        assert told == "2"
