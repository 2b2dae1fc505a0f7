"""Whom an agency asks for a second factor, and what becomes of sessions that were opened without one."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pyotp
import pytest
import time_machine
from sqlalchemy import update

from core import clock
from core.auth.models import Credential
from core.db.session import apart
from core.http.application import Application
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.factors.authenticator import Authenticator
from tests.core.factors.conftest import MakePerson, Person

Facts = Callable[[str], list[dict[str, Any]]]
REFUSED = (401, "second_factor_required")


@pytest.fixture
def administrator(make_person: MakePerson) -> Person:
    """An owner who has a second factor themselves."""
    made = make_person("owner")
    made.set_up_totp()
    return made


def role_of(api: ApiClient, code: str) -> dict[str, Any]:
    """A role as it is shown."""
    found: dict[str, Any] = ok(api.get(f"/roles?code={code}"))["items"][0]
    return found


def ask_for_factor(api: ApiClient, code: str, *, required: bool = True) -> Any:
    """Have a role ask for a second factor."""
    role = role_of(api, code)
    return api.patch(f"/roles/{role['id']}", {"second_factor_required": required}, version=role["version"])


def eventually(answers: Callable[[], bool], within: float = 2.0) -> None:
    """Wait until something is so, for as long as a change may take to reach every process."""
    deadline = time.monotonic() + within
    while not answers():
        assert time.monotonic() < deadline, f"Not within {within} s"
        time.sleep(0.02)


def set_up_by_challenge(person: Person, challenge: str) -> dict[str, Any]:
    """Set up the authenticator app a sign-in asks for."""
    api = ApiClient(person.app)
    begun = ok(api.post("/auth/enrolment/totp", {"challenge": challenge}), 201)
    code = pyotp.TOTP(begun["secret"]).now()
    first = {"challenge": challenge, "enrolment": begun["enrolment"], "code": code}
    answer: dict[str, Any] = ok(api.post("/auth/enrolment/totp/confirm", first), 201)
    return answer


class TestARole:
    def test_asks_for_a_factor_even_where_it_is_built_in(self, administrator: Person) -> None:
        assert ok(ask_for_factor(administrator.api, "agent"))["second_factor_required"] is True
        role = role_of(administrator.api, "agent")
        renamed = administrator.api.patch(f"/roles/{role['id']}", {"name": "Mine"}, version=role["version"])
        assert problem(renamed) == (409, "built_in_role")

    def test_refuses_sessions_without_one_within_two_seconds(self, administrator: Person, person: Person) -> None:
        ok(person.api.get("/leads"))
        ok(ask_for_factor(administrator.api, "agent"))
        eventually(lambda: person.api.get("/leads").status_code == 401)
        assert problem(person.api.get("/leads")) == REFUSED

    def test_refuses_to_refresh_them(self, administrator: Person, person: Person) -> None:
        tokens = ok(person.log_in())
        ok(ask_for_factor(administrator.api, "agent"))
        body = {"refresh_token": tokens["refresh_token"]}
        eventually(lambda: person.api.get("/leads").status_code == 401)
        assert problem(ApiClient(person.app).post("/auth/refresh", body)) == REFUSED

    def test_leaves_a_refresh_token_as_it_was_that_was_refused(self, administrator: Person, person: Person) -> None:
        """It would count as copied later, and end the session with a false alarm."""
        body = {"refresh_token": ok(person.log_in())["refresh_token"]}
        ok(ask_for_factor(administrator.api, "agent"))
        assert problem(ApiClient(person.app).post("/auth/refresh", body)) == REFUSED
        ok(ask_for_factor(administrator.api, "agent", required=False))
        with time_machine.travel(clock.now() + timedelta(seconds=30), tick=True):
            ok(ApiClient(person.app).post("/auth/refresh", body))

    def test_lets_them_go_on_when_it_asks_no_longer(self, administrator: Person, person: Person) -> None:
        ok(ask_for_factor(administrator.api, "agent"))
        eventually(lambda: person.api.get("/leads").status_code == 401)
        ok(ask_for_factor(administrator.api, "agent", required=False))
        eventually(lambda: person.api.get("/leads").status_code == 200)

    def test_leaves_sessions_with_one_alone(self, administrator: Person, person: Person) -> None:
        person.set_up_totp()
        with_factor = person.with_tokens(ok(person.second_step(totp=person.code())))
        ok(ask_for_factor(administrator.api, "agent"))
        eventually(lambda: role_of(administrator.api, "agent")["second_factor_required"])
        ok(with_factor.get("/leads"))

    def test_counts_a_session_in_which_a_factor_was_set_up(self, administrator: Person, person: Person) -> None:
        person.set_up_totp()
        ok(ask_for_factor(administrator.api, "agent"))
        ok(person.api.get("/leads"))

    def test_leaves_other_roles_alone(self, administrator: Person, make_person: MakePerson) -> None:
        accountant = make_person("accountant")
        ok(ask_for_factor(administrator.api, "agent"))
        ok(accountant.api.get("/factors"))
        assert accountant.log_in().status_code == 200

    def test_is_not_asked_to_by_its_holder_without_a_factor(self, make_person: MakePerson) -> None:
        bare = make_person("owner")
        assert problem(ask_for_factor(bare.api, "owner")) == (409, "own_factor_first")
        ok(ask_for_factor(bare.api, "agent"))

    def test_asks_nobody_of_another_agency(
        self, administrator: Person, person: Person, other_agency: AgencyUnderTest
    ) -> None:
        person.join(other_agency)
        ok(ask_for_factor(administrator.api, "agent"))
        ok(person.log_in(agency=other_agency.slug), 200)


class TestTheAgency:
    def test_may_ask_everybody(self, administrator: Person, person: Person, facts: Facts) -> None:
        assert ok(administrator.api.get("/factors/rule")) == {"required": False}
        ok(administrator.api.patch("/factors/rule", {"required": True}))
        eventually(lambda: person.api.get("/leads").status_code == 401)
        assert problem(person.api.get("/leads")) == REFUSED
        assert person.challenge()["enrol"] is True
        assert [each["required"] for each in facts("factors.second_factor_rule_changed")] == [True]

    def test_is_not_asked_to_by_somebody_without_a_factor(self, make_person: MakePerson) -> None:
        answer = make_person("owner").api.patch("/factors/rule", {"required": True})
        assert problem(answer) == (409, "own_factor_first")

    def test_is_asked_by_those_who_manage_it_alone(self, person: Person) -> None:
        assert problem(person.api.patch("/factors/rule", {"required": True})) == (403, "forbidden")


@pytest.fixture
def newcomer(administrator: Person, person: Person) -> Person:
    """Somebody whose role asks for a factor they do not have."""
    ok(ask_for_factor(administrator.api, "agent"))
    return person


class TestSigningInWithoutTheFactorThatIsAskedFor:
    def test_an_authenticator_app_is_set_up_first(self, newcomer: Person) -> None:
        challenge = newcomer.challenge()
        assert (challenge["enrol"], challenge["methods"]) == (True, ["totp", "passkey"])
        answer = set_up_by_challenge(newcomer, challenge["challenge"])
        assert len(answer["recovery_codes"]) == 10
        api = newcomer.with_tokens(answer["tokens"])
        ok(api.get("/leads"))
        assert ok(api.get("/factors"))["methods"] == ["otp", "pwd"]

    def test_or_a_passkey(self, newcomer: Person) -> None:
        challenge, api = newcomer.challenge()["challenge"], ApiClient(newcomer.app)
        options = ok(api.post("/auth/enrolment/passkey/options", {"challenge": challenge}), 200)["options"]
        made = {"challenge": challenge, "name": "Phone", "credential": Authenticator().create(options)}
        answer = ok(api.post("/auth/enrolment/passkey", made), 201)
        assert len(answer["recovery_codes"]) == 10
        ok(newcomer.with_tokens(answer["tokens"]).get("/leads"))

    def test_the_challenge_opens_nothing_else(self, newcomer: Person) -> None:
        challenge = newcomer.challenge()["challenge"]
        assert problem(newcomer.show(challenge, totp="123456")) == (401, "invalid_challenge")
        assert problem(ApiClient(newcomer.app, challenge).get("/factors")) == (401, "invalid_token")

    def test_the_challenge_is_good_once(self, newcomer: Person) -> None:
        challenge = newcomer.challenge()["challenge"]
        set_up_by_challenge(newcomer, challenge)
        again = ApiClient(newcomer.app).post("/auth/enrolment/totp", {"challenge": challenge})
        assert problem(again) == (401, "invalid_challenge")

    def test_a_challenge_from_before_adds_no_factor_beside_another(self, newcomer: Person) -> None:
        """Who knows the password alone may not slip a factor in while the owner sets theirs up."""
        early, device, api = newcomer.challenge()["challenge"], Authenticator(), ApiClient(newcomer.app)
        options = ok(api.post("/auth/enrolment/passkey/options", {"challenge": early}), 200)["options"]
        set_up_by_challenge(newcomer, newcomer.challenge()["challenge"])
        slipped = {"challenge": early, "name": "Mine", "credential": device.create(options)}
        assert problem(api.post("/auth/enrolment/passkey", slipped)) == (409, "second_factor_exists")

    def test_what_one_sign_in_began_another_does_not_finish(self, newcomer: Person) -> None:
        first, second = newcomer.challenge()["challenge"], newcomer.challenge()["challenge"]
        api = ApiClient(newcomer.app)
        begun = ok(api.post("/auth/enrolment/totp", {"challenge": first}), 201)
        mixed = {"challenge": second, "enrolment": begun["enrolment"], "code": pyotp.TOTP(begun["secret"]).now()}
        assert api.post("/auth/enrolment/totp/confirm", mixed).status_code == 422


class TestAShortPassword:
    def test_is_not_enough_alone(self, app: Application, person: Person) -> None:
        with app.app_context(), apart() as session:
            session.execute(
                update(Credential).where(Credential.user_id == person.user_id).values(password_is_long=False)
            )
        assert person.challenge()["enrol"] is True


class TestWhoHasOne:
    def test_is_seen_and_asked_for_by_those_who_manage_members(
        self, person: Person, make_person: MakePerson, agency: AgencyUnderTest
    ) -> None:
        owner, colleague = agency.member("owner"), make_person("agent")
        person.set_up_totp()
        person.set_up_passkey()

        def has(member: Person) -> bool:
            shown: bool = ok(owner.get(f"/users/{member.user_id}"))["second_factor"]
            asked = ok(owner.get("/users?second_factor=true&limit=200"))["items"]
            assert (str(member.user_id) in {row["id"] for row in asked}) == shown
            return shown

        assert (has(person), has(colleague)) == (True, False)
        ok(person.api.delete("/factors/totp"), 204)
        assert has(person)
        (key,) = ok(person.api.get("/factors"))["passkeys"]
        ok(person.api.delete(f"/factors/passkeys/{key['id']}"), 204)
        assert not has(person)

    def test_is_hidden_from_others(self, person: Person) -> None:
        listed = ok(person.api.get("/users"))["items"]
        assert all("second_factor" not in row and "roles" in row for row in listed)
        assert "second_factor" not in ok(person.api.get(f"/users/{person.user_id}"))
        assert problem(person.api.get("/users?second_factor=false")) == (403, "hidden_field")
