"""Passkeys: made for this installation and this person, each challenge answered once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from core import clock
from core.http.application import Application
from core.testing.clients import ApiClient, faults, ok, problem
from tests.core.factors.authenticator import PRESENT, Authenticator, decoded
from tests.core.factors.conftest import MakePerson, Person

Facts = Callable[[str], list[dict[str, Any]]]
Change = Callable[[Authenticator], None]


def wrong_origin(device: Authenticator) -> None:
    device.origin = "https://tripfile.example.evil"


def wrong_domain(device: Authenticator) -> None:
    device.rp_id = "evil.example"


def unverified(device: Authenticator) -> None:
    device.flags = PRESENT


def framed(device: Authenticator) -> None:
    device.cross_origin = True


MISBEHAVIOURS = pytest.mark.parametrize("misbehave", [wrong_origin, wrong_domain, unverified, framed])


def options_of(api: ApiClient, path: str) -> dict[str, Any]:
    """What a page passes to the device."""
    found: dict[str, Any] = ok(api.post(path), 200)["options"]
    return found


class TestAdding:
    def test_a_device_is_asked_for_a_key_of_this_installation(self, person: Person) -> None:
        options = options_of(person.api, "/factors/passkeys/options")
        assert options["rp"]["id"] == "localhost"
        assert decoded(options["user"]["id"]) == person.user_id.bytes
        assert options["authenticatorSelection"] == {
            "residentKey": "required", "requireResidentKey": True, "userVerification": "required"
        }  # fmt: skip
        assert len(decoded(options["challenge"])) >= 32

    def test_a_person_may_have_several_with_names(self, person: Person) -> None:
        first = person.set_up_passkey(name="Phone")
        person.set_up_passkey(name="Key ring")
        shown = ok(person.api.get("/factors"))["passkeys"]
        assert [each["name"] for each in shown] == ["Phone", "Key ring"]
        assert shown[0]["transports"] == ["internal", "hybrid"]
        excluded = options_of(person.api, "/factors/passkeys/options")["excludeCredentials"]
        assert first.id in {decoded(each["id"]) for each in excluded}

    @MISBEHAVIOURS
    def test_what_a_device_says_must_fit(self, person: Person, misbehave: Change) -> None:
        device = Authenticator()
        misbehave(device)
        made = device.create(options_of(person.api, "/factors/passkeys/options"))
        answer = person.api.post("/factors/passkeys", {"name": "Phone", "credential": made})
        assert faults(answer) == {"/credential": "refused"}
        assert ok(person.api.get("/factors"))["passkeys"] == []

    def test_a_challenge_is_good_once(self, person: Person) -> None:
        options = options_of(person.api, "/factors/passkeys/options")
        ok(person.api.post("/factors/passkeys", {"name": "A", "credential": Authenticator().create(options)}), 201)
        again = {"name": "B", "credential": Authenticator().create(options)}
        assert faults(person.api.post("/factors/passkeys", again)) == {"/credential": "refused"}

    def test_a_challenge_lasts_five_minutes(self, person: Person) -> None:
        begun = clock.now()
        options = options_of(person.api, "/factors/passkeys/options")
        late = {"name": "B", "credential": Authenticator().create(options)}
        with time_machine.travel(begun + timedelta(minutes=5, seconds=1), tick=True):
            assert faults(person.api.post("/factors/passkeys", late)) == {"/credential": "refused"}

    def test_another_session_cannot_answer_the_challenge(self, person: Person) -> None:
        other = ApiClient(person.app, ok(person.log_in())["access_token"])
        made = Authenticator().create(options_of(person.api, "/factors/passkeys/options"))
        assert faults(other.post("/factors/passkeys", {"name": "B", "credential": made})) == {"/credential": "refused"}

    def test_a_key_of_somebody_else_is_known_already(self, person: Person, make_person: MakePerson) -> None:
        device, other = person.set_up_passkey(), make_person()
        made = device.create(options_of(other.api, "/factors/passkeys/options"))
        answer = other.api.post("/factors/passkeys", {"name": "Mine", "credential": made})
        assert problem(answer) == (409, "passkey_known")

    @pytest.mark.parametrize("field", ["clientDataJSON", "attestationObject"])
    @pytest.mark.parametrize("nonsense", ["", "AAAA", "!!!!", "e30", "o2NmbXRkbm9uZQ"])
    def test_nonsense_is_refused_with_a_reason(self, person: Person, field: str, nonsense: str) -> None:
        made = Authenticator().create(options_of(person.api, "/factors/passkeys/options"))
        made["response"][field] = nonsense
        answer = person.api.post("/factors/passkeys", {"name": "Phone", "credential": made})
        assert faults(answer) == {"/credential": "refused"}


class TestLookingAfterThem:
    def test_they_get_other_names_and_are_removed(self, person: Person) -> None:
        person.set_up_passkey()
        person.set_up_passkey()
        first, second = ok(person.api.get("/factors"))["passkeys"]
        ok(person.api.patch(f"/factors/passkeys/{first['id']}", {"name": "Old phone"}))
        ok(person.api.delete(f"/factors/passkeys/{second['id']}"), 204)
        assert [each["name"] for each in ok(person.api.get("/factors"))["passkeys"]] == ["Old phone"]

    def test_those_of_others_do_not_exist(self, person: Person, make_person: MakePerson) -> None:
        other = make_person()
        other.set_up_passkey()
        theirs = ok(other.api.get("/factors"))["passkeys"][0]["id"]
        assert problem(person.api.patch(f"/factors/passkeys/{theirs}", {"name": "Mine"})) == (404, "not_found")
        assert problem(person.api.delete(f"/factors/passkeys/{theirs}")) == (404, "not_found")
        assert len(ok(other.api.get("/factors"))["passkeys"]) == 1


def sign_in(app: Application, device: Authenticator, **more: str) -> Any:
    """Sign in with nothing but a device."""
    api = ApiClient(app)
    return api.post("/auth/passkey", {"passkey": device.get(options_of(api, "/auth/passkey/options")), **more})


class TestSigningInWithOne:
    def test_it_is_first_and_second_factor_at_once(self, app: Application, person: Person) -> None:
        device = person.set_up_passkey()
        tokens = ok(sign_in(app, device), 200)
        assert ok(person.with_tokens(tokens).get("/factors"))["methods"] == ["pop"]

    @MISBEHAVIOURS
    def test_what_a_device_says_must_fit(self, app: Application, person: Person, misbehave: Change) -> None:
        device = person.set_up_passkey()
        misbehave(device)
        assert problem(sign_in(app, device)) == (401, "wrong_second_factor")

    def test_a_key_nobody_has_is_refused(self, app: Application) -> None:
        assert problem(sign_in(app, Authenticator())) == (401, "wrong_second_factor")

    def test_another_key_does_not_sign_for_it(self, app: Application, person: Person) -> None:
        known = person.set_up_passkey()
        forger = Authenticator(id=known.id, user_handle=known.user_handle)
        assert problem(sign_in(app, forger)) == (401, "wrong_second_factor")

    def test_a_handle_of_somebody_else_is_refused(
        self, app: Application, person: Person, make_person: MakePerson
    ) -> None:
        device, other = person.set_up_passkey(), make_person().set_up_passkey()
        device.user_handle = other.user_handle
        assert problem(sign_in(app, device)) == (401, "wrong_second_factor")

    def test_an_assertion_cannot_be_replayed(self, app: Application, person: Person) -> None:
        # One that does not count: only the challenge tells the replay.
        device = person.set_up_passkey(Authenticator(counts=False))
        api = ApiClient(app)
        assertion = {"passkey": device.get(options_of(api, "/auth/passkey/options"))}
        ok(api.post("/auth/passkey", assertion), 200)
        assert problem(api.post("/auth/passkey", assertion)) == (401, "wrong_second_factor")

    def test_a_challenge_of_ours_must_be_answered(self, app: Application, person: Person) -> None:
        device = person.set_up_passkey()
        api = ApiClient(app)
        options = options_of(api, "/auth/passkey/options")
        options["challenge"] = options["challenge"][::-1]
        assert problem(api.post("/auth/passkey", {"passkey": device.get(options)})) == (401, "wrong_second_factor")

    def test_a_challenge_for_adding_a_key_signs_nobody_in(self, app: Application, person: Person) -> None:
        device = person.set_up_passkey()
        challenge = options_of(person.api, "/factors/passkeys/options")["challenge"]
        assertion = {"passkey": device.get({"rpId": "localhost", "challenge": challenge})}
        assert problem(ApiClient(app).post("/auth/passkey", assertion)) == (401, "wrong_second_factor")

    def test_a_key_that_counts_backwards_is_refused_and_told(
        self, app: Application, person: Person, facts: Facts
    ) -> None:
        device = person.set_up_passkey()
        device.count = 10
        ok(sign_in(app, device), 200)
        device.count = 5
        assert problem(sign_in(app, device)) == (401, "wrong_second_factor")
        alarms = [each for each in facts("factors.passkey_count_fell") if each["user_id"] == str(person.user_id)]
        assert [(each["known"], each["sent"]) for each in alarms] == [(11, 6)]

    def test_a_forged_count_raises_no_alarm(self, app: Application, person: Person, facts: Facts) -> None:
        device = person.set_up_passkey()
        device.count = 10
        ok(sign_in(app, device), 200)
        assert problem(sign_in(app, Authenticator(id=device.id, count=1))) == (401, "wrong_second_factor")
        assert not [each for each in facts("factors.passkey_count_fell") if each["user_id"] == str(person.user_id)]


class TestTheSecondStepWithOne:
    def test_the_device_answers_the_challenge_itself(self, person: Person) -> None:
        device = person.set_up_passkey()
        challenge = person.challenge()
        assert challenge["methods"] == ["passkey", "recovery_code"]
        allowed = [decoded(each["id"]) for each in challenge["passkey"]["allowCredentials"]]
        assert allowed == [device.id]
        answer = device.get(challenge["passkey"])
        tokens = ok(person.show(challenge["challenge"], passkey=answer), 200)
        assert ok(person.with_tokens(tokens).get("/factors"))["methods"] == ["pop", "pwd"]
        assert problem(person.show(challenge["challenge"], passkey=answer)) == (401, "invalid_challenge")

    def test_a_device_of_somebody_else_is_refused(self, person: Person, make_person: MakePerson) -> None:
        person.set_up_passkey()
        stranger = make_person().set_up_passkey()
        challenge = person.challenge()
        answer = person.show(challenge["challenge"], passkey=stranger.get(challenge["passkey"]))
        assert problem(answer) == (401, "wrong_second_factor")

    def test_an_answer_to_another_sign_in_is_refused(self, person: Person) -> None:
        device = person.set_up_passkey()
        first, second = person.challenge(), person.challenge()
        answer = person.show(second["challenge"], passkey=device.get(first["passkey"]))
        assert problem(answer) == (401, "wrong_second_factor")
