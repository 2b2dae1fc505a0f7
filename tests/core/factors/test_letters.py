"""Letters about second factors: whoever did not do it themselves hears of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.events import log
from core.factors.events import PasskeyCountFell
from core.http.application import Application
from core.ids import new
from core.testing.clients import ApiClient, ok
from core.testing.factories import AgencyUnderTest
from core.testing.mailbox import Mailbox, mailbox
from core.users.commands import admin
from tests.core.factors.conftest import Person
from tests.worker import Worker


@pytest.fixture
def post(app: Application) -> Iterator[Mailbox]:
    """What is sent meanwhile."""
    with mailbox(app) as box:
        yield box


@pytest.fixture
def worker(app: Application) -> Worker:
    return Worker(app)


def subjects(post: Mailbox, person: Person) -> list[str]:
    """What was written to somebody."""
    return [str(each["Subject"]) for each in post.of(person.email)]


class TestTheOwner:
    def test_hears_of_a_factor_that_came_and_went(self, person: Person, post: Mailbox, worker: Worker) -> None:
        person.set_up_totp()
        worker.work()
        assert sorted(subjects(post, person)) == ["A second factor was added", "New recovery codes"]
        ok(person.api.delete("/factors/totp"), 204)
        worker.work()
        assert "A second factor was removed" in subjects(post, person)

    def test_hears_of_a_recovery_code_that_was_used(self, person: Person, post: Mailbox, worker: Worker) -> None:
        person.set_up_totp()
        ok(person.second_step(recovery_code=person.codes[0]), 200)
        worker.work()
        assert "A recovery code was used" in subjects(post, person)
        letters = " ".join(each.get_content() for each in post.of(person.email))
        assert "9 of your recovery codes are left" in letters
        assert not [code for code in [*person.codes, person.seed] if code in letters]

    def test_hears_of_a_passkey_that_may_have_a_copy(
        self, app: Application, agency: AgencyUnderTest, person: Person, post: Mailbox, worker: Worker
    ) -> None:
        fact = PasskeyCountFell(user_id=person.user_id, passkey_id=new(), known=9, sent=3)
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            log.publish(fact)
        worker.work()
        assert subjects(post, person) == ["A passkey was refused"]

    def test_hears_of_a_reset(self, person: Person, api: ApiClient, post: Mailbox, worker: Worker) -> None:
        person.set_up_totp()
        ok(api.delete(f"/factors/members/{person.user_id}"), 204)
        worker.work()
        assert "Your second factors were reset" in subjects(post, person)


class TestTheOperator:
    def run(self, app: Application, *words: str) -> Any:
        with app.app_context(), unit_of_work():
            return CliRunner().invoke(admin, words)

    def test_resets_the_factors_of_somebody_who_works_for_several_agencies(
        self, app: Application, person: Person, other_agency: AgencyUnderTest, post: Mailbox, worker: Worker
    ) -> None:
        person.join(other_agency)
        person.set_up_totp()
        assert self.run(app, "reset-factors", "--email", person.email).exit_code == 0
        ok(person.log_in(), 200)
        worker.work()
        assert subjects(post, person).count("Your second factors were reset") == 1

    def test_is_told_where_nobody_has_that_address(self, app: Application) -> None:
        refused = self.run(app, "reset-factors", "--email", "nobody@example.com")
        assert "Nobody has the e-mail address" in str(refused.exception)
