"""Agencies that the operator suspends: nobody gets in, nothing is done for them, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from core.agencies import commands
from core.app import create_app
from core.auth.models import AuthSession
from core.config import Settings
from core.db.session import apart, dispose, unit_of_work
from core.http.application import Application
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from core.testing.servers import wait_for
from tests.core.factors.conftest import MakePerson, Person, make_person, person  # noqa: F401 - fixtures

COMMANDS = {command.name: command for command in commands.ALL}
REFUSED = (401, "invalid_token")


@pytest.fixture
def run(app: Application) -> Callable[..., Result]:
    """Runs a command of the operator's."""

    def call(word: str, *words: str) -> Result:
        with app.app_context(), unit_of_work():
            return CliRunner().invoke(COMMANDS[word], list(words))

    return call


Run = Callable[..., Result]


class TestASuspendedAgency:
    def test_lets_nobody_in(self, person: Person, agency: AgencyUnderTest, run: Run) -> None:  # noqa: F811
        person.sign_in()
        assert "is suspended" in run("suspend", agency.slug).output
        assert problem(person.api.get("/auth/me")) == REFUSED
        assert problem(person.log_in()) == (403, "no_membership")
        assert problem(person.log_in(agency=agency.slug)) == (403, "no_membership")
        assert "works again" in run("resume", agency.slug).output
        assert problem(person.api.get("/auth/me")) == REFUSED
        ok(person.sign_in().get("/auth/me"))

    def test_that_works_again_knows_no_session_opened_while_it_was_suspended(
        self,
        person: Person,  # noqa: F811
        agency: AgencyUnderTest,
        run: Run,
    ) -> None:
        """Somebody who signs in at that very moment is let in by what was true just before."""
        person.sign_in()
        run("suspend", agency.slug)
        with person.app.app_context(), apart() as session:
            mine = update(AuthSession).where(AuthSession.user_id == person.user_id)
            session.execute(mine.values(revoked_at=None, revoked_because=None))
        run("resume", agency.slug)
        assert problem(person.api.get("/auth/me")) == REFUSED

    def test_is_passed_over_by_those_who_work_elsewhere_too(
        self,
        person: Person,  # noqa: F811
        agency: AgencyUnderTest,
        other_agency: AgencyUnderTest,
        run: Run,
    ) -> None:
        person.join(other_agency)
        run("suspend", agency.slug)
        tokens = ok(person.log_in())
        assert [each["slug"] for each in tokens["agencies"]] == [other_agency.slug]
        switched = ApiClient(person.app, tokens["access_token"]).post("/auth/switch", {"agency": agency.slug})
        assert problem(switched) == (403, "no_membership")
        run("resume", agency.slug)

    def test_lets_no_program_in(self, api: ApiClient, agency: AgencyUnderTest, run: Run) -> None:
        made = ok(api.post("/api-keys", {"name": "Website form", "scopes": {"leads.read": "own"}}), 201)
        program = ApiClient(api.app, made["key"])
        ok(program.get("/leads"))
        run("suspend", agency.slug)
        assert program.get("/leads").status_code == 401
        run("resume", agency.slug)
        ok(program.get("/leads"))

    def test_is_shut_in_other_processes_within_two_seconds(
        self, settings: Settings, agency: AgencyUnderTest, run: Run
    ) -> None:
        elsewhere = create_app(settings)
        try:
            colleague = ApiClient(elsewhere, agency.newcomer("agent").token)
            ok(colleague.get("/auth/me"))
            run("suspend", agency.slug)
            wait_for(lambda: colleague.get("/auth/me").status_code == 401, 2, what="The refusal")
        finally:
            with elsewhere.app_context():
                dispose()
        run("resume", agency.slug)

    def test_loses_nothing_and_has_it_in_its_log(self, agency: AgencyUnderTest, run: Run) -> None:
        lead = ok(agency.newcomer("owner").post("/leads", {"contact": {"name": "Ben Okri"}}), 201)
        run("suspend", agency.slug)
        run("resume", agency.slug)
        owner = agency.newcomer("owner")
        assert ok(owner.get(f"/leads/{lead['id']}"))["id"] == lead["id"]
        names = [each["name"] for each in ok(owner.get(f"/audit?subject_id={agency.id}"))["items"]]
        assert {"agencies.agency_suspended", "agencies.agency_resumed"} <= set(names)

    def test_leaves_the_others_alone(self, agency: AgencyUnderTest, other_agency: AgencyUnderTest, run: Run) -> None:
        run("suspend", agency.slug)
        ok(other_agency.newcomer("agent").get("/auth/me"))
        run("resume", agency.slug)


class TestCommands:
    def test_list_every_agency(self, agency: AgencyUnderTest, other_agency: AgencyUnderTest, run: Run) -> None:
        agency.newcomer("agent")
        run("suspend", agency.slug)
        lines = {line.split()[0]: line for line in run("list").output.splitlines()}
        assert "suspended 20" in lines[agency.slug]
        assert " works " in lines[other_agency.slug]
        run("resume", agency.slug)

    def test_say_what_is_so_already_and_what_is_not_there(self, agency: AgencyUnderTest, run: Run) -> None:
        assert "not suspended" in str(run("resume", agency.slug).exception)
        run("suspend", agency.slug)
        assert "suspended already" in str(run("suspend", agency.slug).exception)
        run("resume", agency.slug)
        assert "There is no agency nowhere" in str(run("suspend", "nowhere").exception)
