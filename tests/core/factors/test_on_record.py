"""A second factor and the record of it: neither is there without the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core import streams
from core.errors import Unavailable
from core.testing.clients import ApiClient, ok, problem
from tests.core.factors.authenticator import Authenticator
from tests.core.factors.conftest import MakePerson, Person

Facts = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def full_log(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From now on nothing can be written into the log, as where too many wait for its number."""

    def fail(*_args: Any, **_options: Any) -> None:
        raise Unavailable("The log is busy")

    def begin() -> None:
        monkeypatch.setattr(streams, "append", fail)

    return begin


class TestWithoutARecord:
    def test_no_passkey_is_added(self, person: Person, full_log: Callable[[], None], facts: Facts) -> None:
        device = Authenticator()
        options = ok(person.api.post("/factors/passkeys/options"), 200)["options"]
        made = {"name": "Phone", "credential": device.create(options)}
        full_log()
        assert problem(person.api.post("/factors/passkeys", made))[0] == 503
        nobody = ApiClient(person.api.app)
        options = ok(nobody.post("/auth/passkey/options"), 200)["options"]
        assert nobody.post("/auth/passkey", {"passkey": device.get(options)}).status_code == 401
        assert facts("factors.factor_added") == []

    def test_no_app_is_removed(
        self, person: Person, full_log: Callable[[], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        person.set_up_totp()
        full_log()
        assert problem(person.api.delete("/factors/totp"))[0] == 503
        monkeypatch.undo()
        assert ok(person.api.get("/factors"))["totp"] is not None

    def test_no_recovery_codes_are_made(
        self, person: Person, full_log: Callable[[], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        person.set_up_totp()
        full_log()
        assert problem(person.api.post("/factors/recovery-codes"))[0] == 503
        monkeypatch.undo()
        ok(person.second_step(recovery_code=person.codes[0]), 200)

    def test_nobodys_factors_are_reset(
        self,
        person: Person,
        make_person: MakePerson,
        full_log: Callable[[], None],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        person.set_up_totp()
        boss = make_person("owner")
        full_log()
        assert problem(boss.api.delete(f"/factors/members/{person.user_id}"))[0] == 503
        monkeypatch.undo()
        assert ok(person.api.get("/factors"))["totp"] is not None
