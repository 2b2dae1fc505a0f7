"""The second step of a sign-in: a challenge after the password, good for a few tries and minutes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import time_machine

from core import clock, ids
from core.auth.accounts import identities
from core.auth.errors import TooManyAttempts
from core.auth.guessing import throttle
from core.auth.schemas import Challenge
from core.auth.ways_in import admission
from core.factors.proofs import THROTTLE
from core.http.application import Application
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.factors.conftest import PASSWORD, MakePerson, Person

Facts = Callable[[str], list[dict[str, Any]]]
WRONG = "000000"


class TestTheChallenge:
    def test_comes_instead_of_tokens_for_whoever_has_a_factor(self, person: Person) -> None:
        person.set_up_totp()
        answer = person.log_in()
        assert answer.headers["Cache-Control"] == "no-store"
        challenge = ok(answer, 202)
        assert challenge["methods"] == ["totp", "recovery_code"]
        assert (challenge["enrol"], challenge["expires_in"], challenge["passkey"]) == (False, 300, None)
        assert "access_token" not in challenge

    def test_a_wrong_password_tells_nothing_of_factors(self, person: Person) -> None:
        person.set_up_totp()
        answer = ApiClient(person.app).post("/auth/login", {"email": person.email, "password": "not this one"})
        assert problem(answer) == (401, "wrong_credentials")

    def test_is_no_token(self, app: Application, person: Person) -> None:
        person.set_up_totp()
        assert problem(ApiClient(app, person.challenge()["challenge"]).get("/factors")) == (401, "invalid_token")

    def test_takes_five_tries(self, person: Person) -> None:
        person.set_up_totp()
        challenge = person.challenge()["challenge"]
        for _ in range(admission.TRIES):
            assert problem(person.show(challenge, totp=WRONG)) == (401, "wrong_second_factor")
        assert problem(person.show(challenge, totp=person.code())) == (401, "invalid_challenge")

    def test_counts_tries_that_come_at_once(self, person: Person) -> None:
        person.set_up_totp()
        challenge = person.challenge()["challenge"]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: problem(person.show(challenge, totp=WRONG))[1], range(8)))
        assert answers.count("wrong_second_factor") <= admission.TRIES
        assert set(answers) <= {"wrong_second_factor", "invalid_challenge", "too_many_attempts"}

    def test_lasts_five_minutes(self, person: Person) -> None:
        person.set_up_totp()
        begun = clock.now()
        challenge = person.challenge()["challenge"]
        with time_machine.travel(begun + timedelta(minutes=5, seconds=1), tick=True):
            assert problem(person.show(challenge, recovery_code=person.codes[0])) == (401, "invalid_challenge")

    def test_is_used_up_by_a_success(self, person: Person) -> None:
        person.set_up_totp()
        challenge = person.challenge()["challenge"]
        ok(person.show(challenge, totp=person.code()), 200)
        assert problem(person.show(challenge, totp=person.code())) == (401, "invalid_challenge")

    def test_ends_when_the_password_is_changed(self, app: Application, person: Person) -> None:
        person.set_up_totp()
        challenge = person.challenge()["challenge"]
        with app.app_context():
            identities.set_password(person.user_id, "quite another quiet passphrase")
        assert problem(person.show(challenge, totp=person.code())) == (401, "invalid_challenge")

    def test_keeps_the_agency_that_was_asked_for(self, person: Person, other_agency: AgencyUnderTest) -> None:
        person.join(other_agency)
        person.set_up_totp()
        challenge = ok(person.log_in(agency=other_agency.slug), 202)["challenge"]
        assert ok(person.show(challenge, totp=person.code()))["agency"]["slug"] == other_agency.slug

    def test_one_that_asks_for_a_factor_sets_none_up(self, app: Application, person: Person) -> None:
        person.set_up_totp()
        body = {"challenge": person.challenge()["challenge"]}
        assert problem(ApiClient(app).post("/auth/enrolment/totp", body)) == (401, "invalid_challenge")
        assert problem(ApiClient(app).post("/auth/enrolment/passkey/options", body)) == (401, "invalid_challenge")


class TestABody:
    def test_holds_exactly_one_proof(self, person: Person) -> None:
        person.set_up_totp()
        challenge = person.challenge()["challenge"]
        assert faults(person.show(challenge)) == {"": "one_of"}
        both = person.show(challenge, totp="123456", recovery_code="aaaaa-aaaaa-aaaaa-aaaaa")
        assert faults(both) == {"": "one_of"}
        # What is no proof at all is no try either.
        for _ in range(admission.TRIES):
            person.show(challenge)
        ok(person.show(challenge, totp=person.code()), 200)


class TestElsewhere:
    """One agency, or whoever got hold of a session, keeps nobody out of another."""

    def test_wrong_proofs_in_a_session_leave_the_second_step_alone(self, person: Person) -> None:
        person.set_up_totp()
        for _ in range(6):
            person.api.post("/auth/prove", {"totp": WRONG})
        ok(person.second_step(totp=person.code()), 200)

    def test_those_that_follow_a_providers_word_do_as_well(self, app: Application, person: Person) -> None:
        person.set_up_totp()
        for _ in range(6):
            with app.test_request_context():
                begun = admission.admit(person.user_id, agency=None, methods=("oidc",), proven_at=clock.now())
            assert isinstance(begun, Challenge)
            person.show(begun.challenge, totp=WRONG)
        ok(person.second_step(totp=person.code()), 200)

    def test_a_known_device_counts_for_itself(self, app: Application, person: Person) -> None:
        """Whoever knows the password fails as often as they like: the owner's own device goes on."""
        device = {"Device-Token": "new"}
        answer = ApiClient(app).post("/auth/login", {"email": person.email, "password": PASSWORD}, headers=device)
        device = {"Device-Token": answer.headers["Device-Token"]}
        person.set_up_totp()
        for _ in range(6):
            person.second_step(totp=WRONG)
        challenge = person.challenge()["challenge"]
        shown = {"challenge": challenge, "totp": person.code()}
        assert ApiClient(app).post("/auth/second-factor", shown).status_code == 429
        ok(ApiClient(app).post("/auth/second-factor", shown, headers=device), 200)

    def test_ending_somebodys_sessions_here_ends_no_sign_in_there(
        self, person: Person, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        person.join(other_agency)
        person.set_up_totp()
        here = ok(person.log_in(agency=agency.slug), 202)["challenge"]
        there = ok(person.log_in(agency=other_agency.slug), 202)["challenge"]
        ok(agency.member("owner").delete(f"/auth/members/{person.user_id}/sessions"), 204)
        assert problem(person.show(here, totp=person.code())) == (401, "invalid_challenge")
        ok(person.show(there, totp=person.code()), 200)

    def test_ending_an_agencys_sessions_ends_the_sign_ins_to_it(self, person: Person, agency: AgencyUnderTest) -> None:
        person.set_up_totp()
        challenge = person.challenge()["challenge"]
        ok(agency.member("owner").post("/auth/agency/sign-out", {"agency": agency.slug}), 204)
        assert problem(person.show(challenge, totp=person.code())) == (401, "invalid_challenge")


class TestWrongProofs:
    def test_are_throttled_per_person_whatever_the_challenge(self, person: Person, make_person: MakePerson) -> None:
        person.set_up_totp()
        for _ in range(5):
            assert problem(person.second_step(totp=WRONG)) == (401, "wrong_second_factor")
        refused = person.second_step(totp=person.code())
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 300
        other = make_person()
        other.set_up_totp()
        ok(other.second_step(totp=other.code()), 200)

    def test_count_by_every_method_alike(self, person: Person) -> None:
        person.set_up_totp()
        for _ in range(3):
            person.second_step(totp=WRONG)
        for _ in range(2):
            person.second_step(recovery_code="aaaaa-aaaaa-aaaaa-aaaaa")
        assert person.second_step(recovery_code=person.codes[0]).status_code == 429

    def test_are_five_in_five_minutes_twenty_in_an_hour_and_fifty_in_a_day(self, app: Application) -> None:
        key, start, elapsed = (THROTTLE, str(ids.new())), clock.now(), timedelta()
        let_in: list[timedelta] = []
        with app.app_context():
            while elapsed <= timedelta(days=1):
                with time_machine.travel(start + elapsed, tick=False):
                    try:
                        throttle.attempt(key)
                    except TooManyAttempts as refused:
                        elapsed += timedelta(seconds=int(refused.headers["Retry-After"]))
                    else:
                        let_in.append(elapsed)
        windows = (timedelta(minutes=5), timedelta(hours=1), timedelta(days=1))
        assert [sum(each < window for each in let_in) for window in windows] == [5, 20, 50]

    def test_of_a_guesser_are_not_cleared_by_the_owner(self, person: Person) -> None:
        person.set_up_totp()
        for _ in range(4):
            person.second_step(totp=WRONG)
        ok(person.second_step(recovery_code=person.codes[0]), 200)
        assert person.second_step(totp=WRONG).status_code == 401
        assert person.second_step(totp=WRONG).status_code == 429

    def test_right_ones_are_not_counted(self, person: Person) -> None:
        person.set_up_totp()
        for code in person.codes[:8]:
            ok(person.second_step(recovery_code=code), 200)

    def test_are_told_to_the_agency(self, person: Person, facts: Facts) -> None:
        person.set_up_totp()
        person.second_step(totp=WRONG)
        assert {"user_id": str(person.user_id), "method": "totp"} in facts("factors.second_factor_failed")
