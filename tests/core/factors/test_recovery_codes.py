"""Recovery codes: ten, shown once, each good once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from core.db.session import apart
from core.factors.models import RecoveryCode
from core.http.application import Application
from core.testing.clients import ok, problem
from tests.core.factors.conftest import MakePerson, Person

Facts = Callable[[str], list[dict[str, Any]]]


class TestRecoveryCodes:
    def test_come_with_the_first_factor_and_never_again(self, person: Person) -> None:
        person.set_up_totp()
        first = list(person.codes)
        assert len(set(first)) == 10
        # A hundred random bits each: four groups of five letters of base32.
        assert all(re.fullmatch("([a-z2-7]{5}-){3}[a-z2-7]{5}", code) for code in first)
        person.codes = []
        person.set_up_passkey()
        assert person.codes == []
        assert ok(person.api.get("/factors"))["recovery_codes"] == 10

    def test_are_not_in_the_database(self, app: Application, person: Person) -> None:
        person.set_up_totp()
        with app.app_context(), apart() as session:
            kept = session.scalars(select(RecoveryCode.digest).where(RecoveryCode.user_id == person.user_id)).all()
        assert len(kept) == 10
        assert not {code.replace("-", "") for code in person.codes} & set(kept)
        assert not any(code in str(kept) or code.replace("-", "") in str(kept) for code in person.codes)

    def test_open_the_session_once_each(self, person: Person) -> None:
        person.set_up_totp()
        tokens = ok(person.second_step(recovery_code=person.codes[0]), 200)
        seen = ok(person.with_tokens(tokens).get("/factors"))
        assert (seen["methods"], seen["recovery_codes"]) == (["pwd", "recovery"], 9)
        assert problem(person.second_step(recovery_code=person.codes[0])) == (401, "wrong_second_factor")
        ok(person.second_step(recovery_code=person.codes[1].upper().replace("-", " ")), 200)

    def test_of_somebody_else_are_worth_nothing(self, person: Person, make_person: MakePerson) -> None:
        other = make_person()
        person.set_up_totp()
        other.set_up_totp()
        assert problem(person.second_step(recovery_code=other.codes[0])) == (401, "wrong_second_factor")
        ok(other.second_step(recovery_code=other.codes[0]), 200)

    def test_are_void_once_there_are_new_ones(self, person: Person) -> None:
        person.set_up_totp()
        answer = person.api.post("/factors/recovery-codes")
        assert answer.headers["Cache-Control"] == "no-store"
        fresh = ok(answer, 201)["recovery_codes"]
        assert problem(person.second_step(recovery_code=person.codes[0])) == (401, "wrong_second_factor")
        ok(person.second_step(recovery_code=fresh[0]), 200)

    def test_are_not_made_for_whoever_has_no_factor(self, person: Person) -> None:
        assert problem(person.api.post("/factors/recovery-codes")) == (409, "no_second_factor")

    def test_are_gone_with_the_last_factor(self, person: Person) -> None:
        person.set_up_totp()
        ok(person.api.delete("/factors/totp"), 204)
        assert ok(person.api.get("/factors"))["recovery_codes"] == 0

    def test_that_are_used_are_told_to_the_agency(self, person: Person, facts: Facts) -> None:
        person.set_up_totp()
        ok(person.second_step(recovery_code=person.codes[3]), 200)
        assert {"user_id": str(person.user_id), "left": 9} in facts("factors.recovery_code_used")
