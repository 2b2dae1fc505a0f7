"""Step-up: who changes credentials, factors, rights or ways in has proved who they are a moment ago."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from core import clock, ids
from core.auth.models import AuthSession
from core.auth.passwords import hashing
from core.auth.sessions import principals
from core.db.session import apart
from core.errors import Unavailable
from core.http.application import Application
from core.http.contract import Rule, rule_of
from core.testing.clients import ApiClient, faults, ok, problem
from tests.core.factors.authenticator import Authenticator
from tests.core.factors.conftest import PASSWORD, MakePerson, Person, make_person

__all__ = ["make_person"]
MODULES = frozenset("allow_lists api_keys auth factors invitations oidc plugins roles users webhooks".split())
# Whoever proves who they are by the call itself, or takes something away that only helps the one who is robbed.
WITHOUT = {
    "auth.logout": "Ends the session it comes with.",
    "auth.end_session": "Ends a session of one's own: whoever was robbed must be quick.",
    "auth.end_other_sessions": "The same for all the others.",
    "auth.switch": "Carries the proof over as it is, with its age, and sets no factor up.",
    "auth.hand_out_socket_ticket": "Stands for the session it comes with, for a minute.",
    "auth_proofs.prove": "It is the proof.",
    "auth_proofs.proof_options": "Asks the device for the proof.",
    "auth_links.ask_verification": "Writes to the address that is known.",
    "invitations.join": "The link that was mailed is the proof.",
    "oidc.check": "Changes nothing.",
    "users.create_team": "A team by itself gives nobody anything.",
    "users.change_me": "One's own name, language and zone, which let nobody in.",
    "users.change_team": "Only its name.",
    "webhooks.delete": "Sends less, never more.",
    "webhooks.replay": "Sends again where it was sent before.",
    "webhooks.replay_failed": "The same.",
    "webhooks.send_test": "Says nothing of the agency.",
}
WRONG = "not this one at all"
_PARAMETER = re.compile(r"<[^<>]+>")


def unsafe(app: Application) -> Iterator[tuple[str, str, str, Rule]]:
    """Method, address, endpoint and rule of everything that changes something in one of the modules."""
    routes = app.extensions["tripfile.routes"]
    for each in app.url_map.iter_rules():
        route, rule = routes.get(each.endpoint), rule_of(app.view_functions[each.endpoint])
        if route is None or rule is None or rule.public or route.module not in MODULES:
            continue
        for method in (each.methods or set()) - {"GET", "HEAD", "OPTIONS"}:
            address = each.rule.removeprefix(app.settings.api_prefix)
            yield method, _PARAMETER.sub(str(ids.new()), address), each.endpoint, rule


def grow_stale(app: Application, api: ApiClient, minutes: float) -> None:
    """Let so much time go by since somebody proved who they are."""
    earlier = clock.now() - timedelta(minutes=minutes)
    with app.app_context(), apart() as session:
        session.execute(update(AuthSession).where(AuthSession.user_id == api.user_id).values(proven_at=earlier))
    with app.app_context():
        principals.principals().forget()


class TestEveryRoute:
    def test_that_changes_who_may_do_what_asks_for_a_recent_proof(self, app: Application) -> None:
        loose = {endpoint for _, _, endpoint, rule in unsafe(app) if not rule.step_up}
        assert loose - WITHOUT.keys() == set(), "declare step_up=True, or say here why not"
        assert WITHOUT.keys() - loose == set(), "these are gone, or ask for it by now"

    def test_that_asks_for_one_refuses_a_stale_session(self, app: Application, api: ApiClient) -> None:
        grow_stale(app, api, minutes=10.1)
        asked = 0
        for method, address, endpoint, rule in unsafe(app):
            if rule.step_up:
                answer = api.call(method, address, json={})
                assert problem(answer) == (401, "step_up_required"), endpoint
                challenge = 'Bearer error="insufficient_user_authentication", max_age=600'
                assert answer.headers["WWW-Authenticate"] == challenge, endpoint
                asked += 1
        assert asked > 20

    def test_that_asks_for_one_is_open_to_a_fresh_session(self, app: Application, api: ApiClient) -> None:
        grow_stale(app, api, minutes=9.8)
        for method, address, endpoint, rule in unsafe(app):
            # Ending the session itself comes last: there is none in the list that does.
            if rule.step_up and endpoint not in {"auth.change_password", "auth.end_of_agency"}:
                assert "step_up_required" not in api.call(method, address, json={}).get_data(as_text=True), endpoint


@pytest.fixture
def person(make_person: MakePerson) -> Person:
    """An agent of the agency whose proof is stale."""
    return make_person()


def stale(person: Person) -> Person:
    """Somebody who proved who they are eleven minutes ago."""
    person.grow_stale()
    assert problem(person.api.post("/factors/passkeys/options")) == (401, "step_up_required")
    return person


def prove(person: Person, **proof: object) -> TestResponse:
    """Prove anew."""
    return person.api.post("/auth/prove", proof)


def passes(person: Person, answer: TestResponse) -> None:
    """What was refused is open with the tokens of the answer."""
    assert answer.headers["Cache-Control"] == "no-store"
    person.with_tokens(ok(answer, 200))
    ok(person.api.post("/factors/passkeys/options"), 200)


class TestProving:
    def test_by_password_where_there_is_nothing_else(self, person: Person) -> None:
        passes(person, prove(stale(person), password=PASSWORD))

    def test_by_a_code(self, person: Person) -> None:
        person.set_up_totp()
        passes(person, prove(stale(person), totp=person.code()))
        assert "otp" in ok(person.api.get("/factors"))["methods"]

    def test_by_a_recovery_code_that_is_used_up(self, person: Person) -> None:
        person.set_up_totp()
        passes(person, prove(stale(person), recovery_code=person.codes[0]))
        assert faults(prove(person, recovery_code=person.codes[0])) == {"/recovery_code": "wrong_proof"}

    def test_by_a_passkey(self, person: Person) -> None:
        device = person.set_up_passkey()
        options = ok(stale(person).api.post("/auth/prove/options"), 200)["options"]
        assertion = device.get(options)
        passes(person, prove(person, passkey=assertion))
        assert faults(prove(person, passkey=assertion)) == {"/passkey": "wrong_proof"}

    def test_a_password_is_not_enough_beside_a_factor(self, person: Person) -> None:
        person.set_up_totp()
        assert faults(prove(stale(person), password=PASSWORD)) == {"/password": "second_factor_needed"}
        assert problem(person.api.post("/factors/recovery-codes")) == (401, "step_up_required")

    def test_a_wrong_proof_changes_nothing(self, person: Person) -> None:
        assert faults(prove(stale(person), password=WRONG)) == {"/password": "wrong_proof"}
        assert faults(prove(person, totp="123456")) == {"/totp": "wrong_proof"}
        assert problem(person.api.post("/factors/passkeys/options")) == (401, "step_up_required")
        ok(person.api.get("/factors"))

    def test_wrong_proofs_are_throttled(self, person: Person) -> None:
        for _ in range(5):
            prove(person, password=WRONG)
        assert prove(person, password=PASSWORD).status_code == 429

    def test_what_nobody_had_time_to_look_at_is_no_wrong_proof(
        self, person: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def busy(_stored: str | None, _password: str) -> bool:
            raise Unavailable("All lanes are taken")

        change = {"current": PASSWORD, "new": "an entirely different phrase"}
        with monkeypatch.context() as full:
            full.setattr(hashing, "matches", busy)
            for _ in range(11):
                assert prove(person, password=PASSWORD).status_code == 503
                assert person.api.post("/auth/password", change).status_code == 503
        passes(person, prove(person, password=PASSWORD))
        ok(person.api.post("/auth/password", change), 204)

    def test_a_challenge_of_another_session_is_not_answered(self, person: Person) -> None:
        device = person.set_up_passkey(Authenticator(counts=False))
        challenge = person.challenge()
        tokens = ok(person.show(challenge["challenge"], passkey=device.get(challenge["passkey"])))
        elsewhere = ApiClient(person.app, tokens["access_token"])
        options = ok(elsewhere.post("/auth/prove/options"), 200)["options"]
        assert faults(prove(person, passkey=device.get(options))) == {"/passkey": "wrong_proof"}

    def test_exactly_one_proof_is_sent(self, person: Person) -> None:
        assert faults(prove(person)) == {"": "one_of"}
        assert faults(prove(person, password=PASSWORD, totp="123456")) == {"": "one_of"}

    def test_the_old_access_token_does_not_profit(self, person: Person) -> None:
        before = stale(person).api.token
        passes(person, prove(person, password=PASSWORD))
        ok(ApiClient(person.app, before).get("/factors"))
