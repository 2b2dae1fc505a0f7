"""What other ways in make of second factors: another agency, an agency's identity provider, the configuration."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from core import clock
from core.auth.errors import SetUpElsewhere
from core.auth.models import AuthSession
from core.auth.schemas import Challenge
from core.auth.ways_in import admission
from core.config import load
from core.db.session import apart
from core.http.application import Application
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.factors.conftest import PASSWORD, MakePerson, Person
from tests.core.factors.test_requirements import ask_for_factor

SHORT = "heron-4711"
LONG = "quite another quiet passphrase"


@pytest.fixture
def strict(other_agency: AgencyUnderTest) -> AgencyUnderTest:
    """Another agency, which asks its agents for a second factor."""
    ok(ask_for_factor(other_agency.member("owner"), "agent"))
    return other_agency


class TestGoingToAnotherAgency:
    def test_sets_no_factor_up(self, person: Person, strict: AgencyUnderTest) -> None:
        """Whoever took a session over would set up their own, and come out with a fresh proof."""
        person.join(strict)
        assert problem(person.api.post("/auth/switch", {"agency": strict.slug})) == (403, "second_factor_missing")
        assert ok(person.log_in(agency=strict.slug), 202)["enrol"] is True

    def test_asks_for_the_factor_there_is(self, person: Person, strict: AgencyUnderTest) -> None:
        person.join(strict)
        bare = ApiClient(person.app, ok(person.log_in())["access_token"])
        person.set_up_totp()
        assert ok(bare.post("/auth/switch", {"agency": strict.slug}), 202)["enrol"] is False

    def test_makes_an_old_proof_no_newer(self, person: Person, other_agency: AgencyUnderTest) -> None:
        person.join(other_agency)
        person.grow_stale(60)
        person.with_tokens(ok(person.api.post("/auth/switch", {"agency": other_agency.slug})))
        assert problem(person.api.post("/factors/totp")) == (401, "step_up_required")

    def test_is_free_for_a_session_with_a_factor(self, person: Person, strict: AgencyUnderTest) -> None:
        person.join(strict)
        person.set_up_totp()
        assert ok(person.api.post("/auth/switch", {"agency": strict.slug}), 200)["agency"]["slug"] == strict.slug

    def test_lasts_no_longer_by_the_second_step(
        self, app: Application, person: Person, strict: AgencyUnderTest
    ) -> None:
        person.join(strict)
        bare = ApiClient(person.app, ok(person.log_in())["access_token"])
        with app.app_context(), apart() as session:
            soon = clock.now() + timedelta(hours=1)
            session.execute(update(AuthSession).where(AuthSession.user_id == person.user_id).values(expires_at=soon))
        person.set_up_totp()
        challenge = ok(bare.post("/auth/switch", {"agency": strict.slug}), 202)["challenge"]
        ok(person.show(challenge, totp=person.code()), 200)
        with app.app_context(), apart() as session:
            ends = session.scalars(select(AuthSession.expires_at).where(AuthSession.user_id == person.user_id)).all()
        assert len(ends) == 3
        assert all(each <= clock.now() + timedelta(hours=1) for each in ends)


class TestAnIdentityProvider:
    def admit(self, app: Flask, person: Person, agency: AgencyUnderTest, *methods: str) -> object:
        with app.test_request_context():
            return admission.admit(person.user_id, agency=agency.slug, methods=methods)

    def test_sets_up_no_factor(self, app: Application, make_person: MakePerson, agency: AgencyUnderTest) -> None:
        person = make_person()
        ok(ask_for_factor(agency.member("owner"), "agent"))
        with pytest.raises(SetUpElsewhere):
            self.admit(app, person, agency, "oidc")

    def test_does_not_stand_in_for_the_factor_there_is(
        self, app: Application, person: Person, strict: AgencyUnderTest
    ) -> None:
        person.join(strict)
        person.set_up_totp()
        found = self.admit(app, person, strict, "oidc")
        assert isinstance(found, Challenge)
        assert not found.enrol


class TestAPassword:
    def change(self, person: Person, new: str) -> TestResponse:
        return person.api.post("/auth/password", {"current": PASSWORD, "new": new})

    def test_may_be_short_beside_a_factor_alone(self, person: Person) -> None:
        assert problem(self.change(person, SHORT)) == (422, "invalid")
        person.set_up_totp()
        ok(self.change(person, SHORT), 204)
        assert problem(person.api.delete("/factors/totp")) == (409, "password_too_short_alone")

    def test_that_is_long_enough_lets_the_last_factor_go(self, person: Person) -> None:
        person.set_up_totp()
        ok(self.change(person, LONG), 204)
        ok(person.api.delete("/factors/totp"), 204)


class TestTheConfiguration:
    @pytest.mark.parametrize(
        ("settings", "word"),
        [
            ({"passkey_origins": "app.example.com"}, "is not an origin"),
            ({"base_url": "https://example.com", "passkey_origins": "https://example.org"}, "does not belong"),
            ({"base_url": "https://example.com", "passkey_origins": "https://notexample.com"}, "does not belong"),
            ({"passkey_rp_id": "example.com"}, "PASSKEY_ORIGINS is missing"),
        ],
    )
    def test_that_cannot_work_is_refused(self, settings: dict[str, str], word: str) -> None:
        assert [each for each in load(_env_file=None, **settings).problems() if word in each]

    def test_of_several_front_ends_of_one_domain_is_fine(self) -> None:
        origins = "https://app.example.com,https://example.com"
        wanted = {"base_url": "https://app.example.com", "passkey_rp_id": "example.com", "passkey_origins": origins}
        assert not [each for each in load(_env_file=None, **wanted).problems() if "PASSKEY" in each]
