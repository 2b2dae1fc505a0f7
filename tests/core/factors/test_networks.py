"""From outside an agency's lists nobody gets as far as a factor, and no factor is set up without a trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyotp
import pytest
from sqlalchemy import func, select

from core.auth.errors import InvalidChallenge
from core.auth.ways_in import second_step
from core.db.session import apart
from core.factors.models import Passkey, RecoveryCode, Totp
from core.testing.clients import ApiClient, ok, problem
from tests.core.allow_lists.test_allow_lists import HOME, REFUSED, at, restrict
from tests.core.factors.authenticator import Authenticator
from tests.core.factors.conftest import PASSWORD, MakePerson, Person
from tests.core.factors.test_requirements import ask_for_factor

Facts = Callable[[str], list[dict[str, Any]]]
ENROLMENT = "/auth/enrolment"


@pytest.fixture
def administrator(make_person: MakePerson) -> Person:
    """An owner who has a second factor themselves."""
    made = make_person("owner")
    made.set_up_totp()
    return made


@pytest.fixture
def newcomer(administrator: Person, person: Person) -> Person:
    """Somebody who must set a factor up, in the office."""
    ok(ask_for_factor(administrator.api, "agent"))
    ok(restrict(administrator.api, role="agent"), 201)
    return person


def kept(person: Person) -> list[int]:
    """How many factors of each kind somebody has."""
    with person.app.app_context(), apart() as session:
        count = select(func.count())
        kinds = (Totp, Passkey, RecoveryCode)
        return [session.scalar(count.select_from(kind).where(kind.user_id == person.user_id)) or 0 for kind in kinds]


def from_home(person: Person, path: str, **body: Any) -> tuple[int, str]:
    return problem(at(HOME, ApiClient(person.app), "POST", path, json=body))


class TestOutside:
    def test_the_first_step_goes_no_further(self, newcomer: Person, administrator: Person) -> None:
        for each in (newcomer, administrator):
            ok(each.log_in(), 202)
        ok(restrict(administrator.api, role="owner"), 201)
        for each in (newcomer, administrator):
            assert from_home(each, "/auth/login", email=each.email, password=PASSWORD) == REFUSED

    def test_nothing_is_set_up(self, newcomer: Person) -> None:
        challenge = newcomer.challenge()["challenge"]
        inside = ApiClient(newcomer.app)
        app_begun = ok(inside.post(f"{ENROLMENT}/totp", {"challenge": challenge}), 201)
        key_begun = ok(inside.post(f"{ENROLMENT}/passkey/options", {"challenge": challenge}))["options"]
        shown = {"enrolment": app_begun["enrolment"], "code": pyotp.TOTP(app_begun["secret"]).now()}
        device = {"name": "Phone", "credential": Authenticator().create(key_begun)}
        steps: list[tuple[str, dict[str, Any]]] = [
            ("totp", {}), ("totp/confirm", shown), ("passkey/options", {}), ("passkey", device),
        ]  # fmt: skip
        for path, body in steps:
            assert from_home(newcomer, f"{ENROLMENT}/{path}", challenge=challenge, **body) == REFUSED, path
        assert kept(newcomer) == [0, 0, 0]
        ok(inside.post(f"{ENROLMENT}/totp/confirm", {"challenge": challenge, **shown}), 201)

    def test_no_factor_is_used(self, administrator: Person) -> None:
        challenge = administrator.challenge()["challenge"]
        ok(restrict(administrator.api, role="owner"), 201)
        code = administrator.code()
        assert from_home(administrator, "/auth/second-factor", challenge=challenge, totp=code) == REFUSED
        ok(administrator.show(challenge, totp=code))


class TestAFactorThatStays:
    def test_is_on_record_though_the_sign_in_came_to_nothing(
        self, newcomer: Person, facts: Facts, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: Any) -> Any:
            raise InvalidChallenge

        monkeypatch.setattr(second_step, "_open", refuse)
        challenge = newcomer.challenge()["challenge"]
        api = ApiClient(newcomer.app)
        begun = ok(api.post(f"{ENROLMENT}/totp", {"challenge": challenge}), 201)
        shown = {"enrolment": begun["enrolment"], "code": pyotp.TOTP(begun["secret"]).now()}
        answer = api.post(f"{ENROLMENT}/totp/confirm", {"challenge": challenge, **shown})
        assert problem(answer) == (401, "invalid_challenge")
        assert kept(newcomer)[0] == 1
        mine = {"user_id": str(newcomer.user_id)}
        assert {**mine, "kind": "totp"} in facts("factors.factor_added")
        assert mine in facts("factors.recovery_codes_made")
