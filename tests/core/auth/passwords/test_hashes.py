"""How passwords are kept: hashed at a cost, keyed with a pepper, and at most one at a time for each processor."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr

from core import native
from core.auth.passwords import hashing
from core.config import load
from core.http.application import Application
from tests.core.auth.conftest import PASSWORD, Person
from tests.core.auth.ways_in.test_login import stored_hash

Pepper = Callable[[str], None]
FIRST, SECOND = "1:" + "a" * 32, "2:" + "b" * 32


@pytest.fixture(autouse=True)
def _context(app: Application) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def pepper(app: Application, monkeypatch: pytest.MonkeyPatch) -> Pepper:
    return lambda text: monkeypatch.setattr(app.settings, "password_pepper", SecretStr(text) if text else None)


class TestTheCost:
    def test_is_what_owasp_asks_for_unless_it_is_more(self) -> None:
        hasher = hashing.hasher(load(_env_file=None))
        assert (hasher.memory_cost, hasher.time_cost, hasher.parallelism) == (19_456, 2, 1)
        assert hasher.hash("x").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


class TestAPepper:
    def test_is_needed_to_verify(self, pepper: Pepper) -> None:
        pepper(FIRST)
        stored = hashing.hash_password(PASSWORD)
        assert stored.startswith("p1$argon2id$")
        assert hashing.matches(stored, PASSWORD)
        pepper("1:" + "c" * 32)
        assert not hashing.matches(stored, PASSWORD)
        pepper("")
        assert not hashing.matches(stored, PASSWORD)

    def test_reaches_people_as_they_sign_in_and_so_does_the_next_one(
        self, app: Application, person: Person, pepper: Pepper
    ) -> None:
        assert stored_hash(app, person).startswith("$argon2id$")
        for text, start in ((FIRST, "p1$"), (f"{SECOND},{FIRST}", "p2$"), (SECOND, "p2$")):
            pepper(text)
            assert person.log_in().status_code == 200
            assert stored_hash(app, person).startswith(start)

    @pytest.mark.parametrize("text", ["secret", "1:short", "0:" + "a" * 32, "x:" + "a" * 32, f"{FIRST},2:short"])
    def test_that_cannot_work_stops_the_start(self, text: str) -> None:
        settings = load(_env_file=None, password_pepper=SecretStr(text))
        (problem,) = settings.problems()
        assert problem.startswith("PASSWORD_PEPPER")
        assert "short" not in problem
        assert "aaaa" not in problem


class TestHashing:
    def test_takes_one_processor_each_and_no_more(
        self, app: Application, person: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        running, most, lock = [0], [0], threading.Lock()
        off_the_loop = native._off_the_loop

        def watched(work: object) -> object:
            with lock:
                running[0] += 1
                most[0] = max(most[0], running[0])
            time.sleep(0.02)
            try:
                return off_the_loop(work)  # type: ignore[arg-type] # whatever it is
            finally:
                with lock:
                    running[0] -= 1

        monkeypatch.setattr(native, "_off_the_loop", watched)
        with ThreadPoolExecutor(12) as pool:
            answers = [each.result() for each in [pool.submit(person.log_in) for _ in range(3)]]
        assert [answer.status_code for answer in answers] == [200] * 3
        assert most[0] == native._LANES

    def test_that_did_not_come_to_it_is_no_failure(
        self, app: Application, person: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(native, "_room", threading.BoundedSemaphore(1))
            native._room.acquire()
            answers = [person.log_in() for _ in range(8)]
            # Also where the last place is taken between the first look and the hash.
            patch.setattr(hashing, "require_room", lambda: None)
            answers += [person.log_in() for _ in range(8)]
            assert {(answer.status_code, answer.headers.get("Retry-After")) for answer in answers} == {(503, "2")}
        assert person.log_in().status_code == 200
