from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result

from core import clock
from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.http import problems
from core.http.application import Application
from core.plugins.spec import Quota
from core.quotas import api as quotas
from core.quotas import commands, service
from core.quotas.errors import UnknownQuota
from core.testing.clients import ApiClient, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.contract.statements import Statements

NAME = "leads.handed_out"
PER_DAY = 3
MORNING = datetime(2027, 3, 1, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _declared(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quota of a plugin, as in `Plugin.quotas`."""
    declared = {NAME: Quota(NAME, PER_DAY, "Leads handed out a day.")}
    monkeypatch.setattr(type(app.extensions["tripfile.plugins"]), "quotas", property(lambda self: declared))


@pytest.fixture
def spend(app: Application) -> Callable[..., None]:
    """Spends in a unit of work of its own."""

    def spending(agency: AgencyUnderTest, amount: int = 1, quota: str = NAME) -> None:
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            quotas.spend(quota, amount)

    return spending


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[Statements]:
    seen = Statements()
    with seen.watching(monkeypatch):
        yield seen


def used(agency: AgencyUnderTest) -> int:
    """What the agency is told it has used."""
    (view,) = ok(agency.member("owner").get("/quotas"))
    count: int = view["used"]
    return count


class TestSpending:
    def test_counts_until_the_quota_is_used_up(self, agency: AgencyUnderTest, spend: Callable[..., None]) -> None:
        spend(agency, 2)
        spend(agency)
        with pytest.raises(quotas.QuotaExceeded):
            spend(agency)
        assert used(agency) == PER_DAY

    def test_more_than_is_left_spends_nothing(self, agency: AgencyUnderTest, spend: Callable[..., None]) -> None:
        with pytest.raises(quotas.QuotaExceeded):
            spend(agency, PER_DAY + 1)
        spend(agency, 2)
        with pytest.raises(quotas.QuotaExceeded):
            spend(agency, 2)
        assert used(agency) == 2

    def test_that_is_rolled_back_was_never_spent(
        self, app: Application, agency: AgencyUnderTest, spend: Callable[..., None]
    ) -> None:
        with app.app_context(), unit_of_work() as work, acting_as(system(agency.id)):
            quotas.spend(NAME, PER_DAY)
            work.discard()
        spend(agency, PER_DAY)

    def test_of_one_agency_leaves_another_alone(
        self, agency: AgencyUnderTest, other_agency: AgencyUnderTest, spend: Callable[..., None]
    ) -> None:
        spend(agency, PER_DAY)
        spend(other_agency, PER_DAY)
        assert used(other_agency) == PER_DAY

    def test_at_the_same_time_never_exceeds(self, agency: AgencyUnderTest, spend: Callable[..., None]) -> None:
        def attempt(_: int) -> bool:
            try:
                spend(agency)
            except quotas.QuotaExceeded:
                return False
            return True

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(attempt, range(12))) == PER_DAY

    def test_takes_one_statement(
        self, app: Application, agency: AgencyUnderTest, spend: Callable[..., None], statements: Statements
    ) -> None:
        spend(agency)
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            statements.clear()
            quotas.spend(NAME)
            assert len([each for each in statements.others if "core_quota_use" in each]) == 1
            assert statements.reads == []

    def test_begins_anew_with_the_day(
        self, agency: AgencyUnderTest, spend: Callable[..., None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(clock, "now", lambda: MORNING)
        spend(agency, PER_DAY)
        with pytest.raises(quotas.QuotaExceeded):
            spend(agency)
        monkeypatch.setattr(clock, "now", lambda: MORNING + timedelta(days=1))
        spend(agency, PER_DAY)

    def test_of_what_nobody_declares_is_refused(self, agency: AgencyUnderTest, spend: Callable[..., None]) -> None:
        with pytest.raises(UnknownQuota):
            spend(agency, 1, "leads.unheard_of")


class TestTheAnswer:
    def test_names_the_quota_and_says_when_it_renews(
        self, app: Application, agency: AgencyUnderTest, spend: Callable[..., None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(clock, "now", lambda: MORNING)
        spend(agency, 2)
        with pytest.raises(quotas.QuotaExceeded) as raised:
            spend(agency, 2)
        with app.test_request_context():
            answer = problems.respond(raised.value)
        body: Any = answer.json
        assert (answer.status_code, body["code"]) == (429, "quota_exceeded")
        assert body["violated-policies"] == [NAME]
        assert "2027-03-02T00:00:00Z" in body["detail"]
        assert answer.headers["Retry-After"] == str(15 * 3600 + 1)
        assert answer.headers["RateLimit-Policy"] == f'"{NAME}";q={PER_DAY};w=86400'
        assert answer.headers["RateLimit"] == f'"{NAME}";r=1;t={15 * 3600 + 1}'


class TestShowing:
    def test_tells_administrators_what_is_left(self, agency: AgencyUnderTest, api: ApiClient) -> None:
        (view,) = ok(api.get("/quotas"))
        assert (view["name"], view["used"], view["per_day"]) == (NAME, 0, PER_DAY)
        assert problem(agency.member("agent").get("/quotas")) == (403, "forbidden")


class TestTheOperator:
    @pytest.fixture
    def command(self, app: Application) -> Callable[..., Result]:
        def run(name: str, *arguments: str) -> Result:
            found = next(each for each in commands.ALL if each.name == name)
            with app.app_context(), unit_of_work():
                return CliRunner().invoke(found, arguments, catch_exceptions=False)

        return run

    def test_gives_one_agency_more_and_takes_it_back(
        self, agency: AgencyUnderTest, other_agency: AgencyUnderTest, spend: Callable[..., None],
        command: Callable[..., Result],
    ) -> None:  # fmt: skip
        command("set", NAME, "5", "--agency", agency.slug)
        spend(agency, 5)
        with pytest.raises(quotas.QuotaExceeded):
            spend(other_agency, 5)
        assert "5 of 5" in command("show", "--agency", agency.slug).output
        command("reset", NAME, "--agency", agency.slug)
        with pytest.raises(quotas.QuotaExceeded):
            spend(agency)

    def test_can_stop_it_altogether(
        self, agency: AgencyUnderTest, spend: Callable[..., None], command: Callable[..., Result]
    ) -> None:
        command("set", NAME, "0", "--agency", agency.slug)
        with pytest.raises(quotas.QuotaExceeded):
            spend(agency)

    def test_is_told_of_what_nobody_declares(self, agency: AgencyUnderTest, app: Application) -> None:
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)), pytest.raises(UnknownQuota):
            service.allow("leads.unheard_of", 5)


class TestWhatIsBounded:
    @pytest.fixture(autouse=True)
    def _declared(self) -> None:
        """The quotas that are really declared."""

    def test_is_what_leaves_the_agency_and_what_lets_others_in(self, api: ApiClient) -> None:
        assert {view["name"] for view in ok(api.get("/quotas"))} >= {
            "api_keys.made",
            "audit.exports",
            "exports.files",
            "invitations.sent",
            "privacy.exports",
        }

    def test_an_export_past_the_quota_leaves_no_trace(self, app: Application, api: ApiClient) -> None:
        with app.app_context(), unit_of_work(), acting_as(system(api.agency_id)):
            service.allow("audit.exports", 1)
        assert api.post("/audit/export").status_code == 200
        refused = api.post("/audit/export")
        assert problem(refused) == (429, "quota_exceeded")
        body: Any = refused.json
        assert body["violated-policies"] == ["audit.exports"]
        told = [each["name"] for each in ok(api.get("/audit?limit=50"))["items"]]
        assert told.count("audit.audit_exported") == 1
