"""Authenticator apps: sealed, confirmed by a first code, each code good once."""

from __future__ import annotations

import time
from base64 import b32decode
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from sqlalchemy import select

from core.auth.models import OneTimeToken
from core.crypto import Unreadable
from core.db.session import apart
from core.factors import totp
from core.factors.models import Totp
from core.http.application import Application
from core.testing.clients import ApiClient, faults, ok, problem
from tests.core.factors.conftest import MakePerson, Person


class TestSettingUp:
    def test_a_person_gets_a_seed_an_address_and_a_picture(self, person: Person) -> None:
        answer = person.api.post("/factors/totp")
        begun = ok(answer, 201)
        assert answer.headers["Cache-Control"] == "no-store"
        assert len(b32decode(begun["secret"])) == 20, "160 bits, as RFC 4226 recommends"
        address = urlsplit(begun["uri"])
        assert (address.scheme, address.netloc) == ("otpauth", "totp")
        assert parse_qs(address.query) == {"secret": [begun["secret"]], "issuer": ["Tripfile"]}
        assert begun["qr_svg"].startswith("<svg")

    def test_it_counts_once_a_first_code_is_right(self, person: Person) -> None:
        begun = ok(person.api.post("/factors/totp"), 201)
        assert ok(person.api.get("/factors"))["totp"] is None
        wrong = person.api.post("/factors/totp/confirm", {"enrolment": begun["enrolment"], "code": "000000"})
        assert faults(wrong) == {"/code": "wrong_code"}
        assert person.log_in().status_code == 200
        code = pyotp.TOTP(begun["secret"]).now()
        ok(person.api.post("/factors/totp/confirm", {"enrolment": begun["enrolment"], "code": code}), 201)
        assert ok(person.api.get("/factors"))["totp"] is not None
        assert person.log_in().status_code == 202

    def test_the_first_code_is_used_up_by_it(self, person: Person) -> None:
        begun = ok(person.api.post("/factors/totp"), 201)
        code = pyotp.TOTP(begun["secret"]).now()
        ok(person.api.post("/factors/totp/confirm", {"enrolment": begun["enrolment"], "code": code}), 201)
        assert problem(person.second_step(totp=code)) == (401, "wrong_second_factor")

    def test_there_is_one_app_at_a_time(self, person: Person) -> None:
        person.set_up_totp()
        assert problem(person.api.post("/factors/totp")) == (409, "totp_already_set_up")

    def test_what_was_begun_before_is_void(self, person: Person) -> None:
        first = ok(person.api.post("/factors/totp"), 201)
        ok(person.api.post("/factors/totp"), 201)
        late = {"enrolment": first["enrolment"], "code": pyotp.TOTP(first["secret"]).now()}
        assert faults(person.api.post("/factors/totp/confirm", late)) == {"/enrolment": "expired"}

    def test_another_session_cannot_finish_it(self, person: Person) -> None:
        begun = ok(person.api.post("/factors/totp"), 201)
        other = ApiClient(person.app, ok(person.log_in())["access_token"])
        taken = {"enrolment": begun["enrolment"], "code": pyotp.TOTP(begun["secret"]).now()}
        assert faults(other.post("/factors/totp/confirm", taken)) == {"/enrolment": "expired"}

    def test_another_person_cannot_finish_it(self, person: Person, make_person: MakePerson) -> None:
        begun = ok(person.api.post("/factors/totp"), 201)
        taken = {"enrolment": begun["enrolment"], "code": pyotp.TOTP(begun["secret"]).now()}
        assert faults(make_person().api.post("/factors/totp/confirm", taken)) == {"/enrolment": "expired"}

    def test_it_needs_a_recent_proof(self, person: Person) -> None:
        person.grow_stale()
        assert problem(person.api.post("/factors/totp")) == (401, "step_up_required")


class TestTheSeed:
    def test_is_stored_sealed_for_its_own_row(self, app: Application, person: Person) -> None:
        person.set_up_totp()
        with app.app_context(), apart() as session:
            row = session.scalars(select(Totp).where(Totp.user_id == person.user_id)).one()
        assert person.seed not in row.seed
        with app.app_context():
            assert totp.opened_seed(row.seed, totp_id=row.id) == person.seed
            with pytest.raises(Unreadable):
                totp.opened_seed(row.seed, totp_id=row.user_id)

    def test_is_not_in_the_clear_while_it_is_set_up(self, app: Application, person: Person) -> None:
        begun = ok(person.api.post("/factors/totp"), 201)
        with app.app_context(), apart() as session:
            kept = session.scalars(select(OneTimeToken.data).where(OneTimeToken.user_id == person.user_id)).all()
        assert kept
        assert begun["secret"] not in str(kept)


class TestACode:
    def test_opens_the_session_once(self, person: Person) -> None:
        person.set_up_totp()
        code = person.code()
        tokens = ok(person.second_step(totp=code), 200)
        assert ok(person.with_tokens(tokens).get("/factors"))["methods"] == ["otp", "pwd"]
        assert problem(person.second_step(totp=code)) == (401, "wrong_second_factor")

    def test_brought_by_many_at_once_lets_one_through(self, person: Person) -> None:
        person.set_up_totp()
        code, challenges = person.code(), [person.challenge()["challenge"] for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda each: person.show(each, totp=code).status_code, challenges))
        assert sorted(answers) == [200, 401, 401, 401]

    def test_is_void_after_a_later_one_was_used(self, person: Person) -> None:
        person.set_up_totp()
        earlier, later = person.code(), person.code()
        ok(person.second_step(totp=later), 200)
        assert problem(person.second_step(totp=earlier)) == (401, "wrong_second_factor")

    @pytest.mark.parametrize(("steps", "counts"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
    def test_counts_for_half_a_minute_before_and_after(self, app: Application, steps: int, counts: bool) -> None:
        seed = totp.new_seed()
        # The step does not turn between the two looks at the clock.
        while time.time() % 30 > 29:
            time.sleep(0.1)
        now = int(time.time()) // 30
        assert (totp.step_of(seed, pyotp.TOTP(seed).generate_otp(now + steps)) is not None) is counts

    def test_of_another_person_is_wrong(self, person: Person, make_person: MakePerson) -> None:
        other = make_person()
        person.set_up_totp()
        other.set_up_totp()
        assert problem(person.second_step(totp=other.code())) == (401, "wrong_second_factor")
