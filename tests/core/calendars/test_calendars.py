"""Working hours of agencies and teams, and when members are away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from core import clock
from core.actor import system
from core.calendars import api as calendars
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.contract.statements import Statements

DAY = [{"opens": "09:00", "closes": "13:00"}, {"opens": "14:00", "closes": "18:00"}]
WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), DAY)
ALWAYS = [{"opens": "00:00", "closes": "24:00"}]
ROUND_THE_CLOCK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), ALWAYS)


def due(agency: AgencyUnderTest, start: datetime, minutes: int, team_id: str | None = None) -> datetime:
    """When so many working minutes have passed, as another module is told."""
    with agency.app.app_context(), unit_of_work(), acting_as(system(agency.id)):
        return calendars.of_team(UUID(team_id) if team_id else None).add(start, minutes)


@pytest.fixture
def lisbon(api: ApiClient) -> ApiClient:
    """An agency whose zone and country are known."""
    ok(api.patch("/agencies/current", {"zone": "Europe/Lisbon", "country": "PT"}, version="*"))
    return api


@pytest.fixture
def team(api: ApiClient) -> str:
    found: str = ok(api.post("/users/teams", {"name": "Africa"}), 201)["id"]
    return found


class TestWithoutAnySetUp:
    def test_it_is_nine_to_six_on_weekdays(self, agency: AgencyUnderTest, api: ApiClient) -> None:
        ok(api.patch("/agencies/current", {"zone": "Europe/Lisbon", "country": None}, version="*"))
        found = ok(api.get("/calendars/working-time"))
        assert (found["source"], found["calendar_id"], found["zone"]) == ("default", None, "Europe/Lisbon")
        assert [name for name, hours in found["week"].items() if hours] == ["mon", "tue", "wed", "thu", "fri"]
        assert found["days_off"] == []
        assert due(agency, datetime(2026, 11, 20, 17, tzinfo=UTC), 120) == datetime(2026, 11, 23, 10, tzinfo=UTC)

    def test_the_weekend_and_holidays_are_the_countrys(self, agency: AgencyUnderTest, api: ApiClient) -> None:
        ok(api.patch("/agencies/current", {"zone": "Asia/Riyadh", "country": "SA"}, version="*"))
        found = ok(api.get("/calendars/working-time"))
        assert [name for name, hours in found["week"].items() if not hours] == ["fri", "sat"]
        assert found["days_off"]

    def test_holidays_are_called_as_the_agency_speaks(self, lisbon: ApiClient) -> None:
        ok(lisbon.patch("/agencies/current", {"language": "pt"}, version="*"))
        names = {each["name"] for each in ok(lisbon.get("/calendars/working-time"))["days_off"]}
        assert "Sexta-feira Santa" in names

    def test_it_opens_next_when_it_says(self, lisbon: ApiClient) -> None:
        found = ok(lisbon.get("/calendars/working-time"))
        opening = datetime.fromisoformat(found["next_opening"])
        assert found["is_open"] == (opening - clock.now() < timedelta(seconds=5) and opening <= clock.now())


class TestCalendars:
    def test_an_agency_has_hours_of_its_own(self, agency: AgencyUnderTest, lisbon: ApiClient) -> None:
        closures = [{"first": "2026-12-24", "last": "2026-12-26", "name": "Christmas"}]
        openings = [{"day": "2026-12-08", "hours": DAY[:1]}]
        body = {"week": WEEK, "closures": closures, "openings": openings}
        made = ok(lisbon.post("/calendars", body), 201)
        assert (made["country"], made["zone"]) == ("PT", None)
        assert ok(lisbon.get("/calendars/working-time"))["source"] == "agency"
        # 8 December is a holiday of Portugal, and open that morning.
        assert due(agency, datetime(2026, 12, 7, 18, tzinfo=UTC), 241) == datetime(2026, 12, 9, 9, 1, tzinfo=UTC)
        assert due(agency, datetime(2026, 12, 23, 18, tzinfo=UTC), 1) == datetime(2026, 12, 28, 9, 1, tzinfo=UTC)

    def test_a_team_works_by_its_own_hours_and_others_by_the_agencys(
        self, agency: AgencyUnderTest, lisbon: ApiClient, team: str
    ) -> None:
        body = {"week": ROUND_THE_CLOCK, "team_id": team, "zone": "Africa/Nairobi", "country": None}
        made = ok(lisbon.post("/calendars", body), 201)
        sunday = datetime(2026, 11, 22, 3, tzinfo=UTC)
        assert due(agency, sunday, 30, team) == sunday + timedelta(minutes=30)
        assert due(agency, sunday, 30) == datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
        shown = ok(lisbon.get(f"/calendars/working-time?team_id={team}"))
        assert (shown["source"], shown["zone"], shown["is_open"]) == ("team", "Africa/Nairobi", True)
        ok(lisbon.delete(f"/calendars/{made['id']}", version="*"), 204)
        assert ok(lisbon.get(f"/calendars/working-time?team_id={team}"))["source"] == "default"

    def test_the_hours_of_a_team_go_with_it(self, lisbon: ApiClient, team: str) -> None:
        made = ok(lisbon.post("/calendars", {"week": WEEK, "team_id": team}), 201)
        ok(lisbon.delete(f"/users/teams/{team}", version="*"), 204)
        assert problem(lisbon.get(f"/calendars/{made['id']}")) == (404, "not_found")
        assert problem(lisbon.get(f"/calendars/working-time?team_id={team}")) == (404, "not_found")

    def test_each_has_one(self, lisbon: ApiClient, team: str) -> None:
        for owner in ({}, {"team_id": team}):
            ok(lisbon.post("/calendars", {"week": WEEK, **owner}), 201)
            assert problem(lisbon.post("/calendars", {"week": WEEK, **owner})) == (409, "calendar_exists")

    def test_only_what_is_sent_changes(self, lisbon: ApiClient) -> None:
        made = ok(lisbon.post("/calendars", {"week": WEEK}), 201)
        path = f"/calendars/{made['id']}"
        changed = ok(lisbon.patch(path, {"country": "DE", "subdivision": "BY"}, version=1))
        assert (changed["week"], changed["subdivision"]) == (made["week"], "BY")
        assert problem(lisbon.patch(path, {"country": None}, version=1)) == (412, "precondition_failed")
        assert ok(lisbon.patch(path, {}, version=2)) == changed

    def test_every_fault_is_named_and_nothing_is_made(self, lisbon: ApiClient) -> None:
        body: dict[str, Any] = {
            "week": {"mon": [{"opens": "18:00", "closes": "09:00"}]},
            "zone": "Mars/Olympus",
            "country": "PT",
            "subdivision": "ZZ",
            "team_id": "00000000-0000-4000-8000-000000000000",
            "closures": [{"first": "2026-12-26", "last": "2026-12-24"}],
            "openings": [{"day": "2026-12-08", "hours": DAY}, {"day": "2026-12-08", "hours": []}],
        }
        assert faults(lisbon.post("/calendars", body)) == {
            "/week/mon/0/closes": "order",
            "/zone": "zone",
            "/subdivision": "unknown",
            "/team_id": "unknown",
            "/closures/0/last": "order",
            "/openings/1/day": "twice",
        }
        assert faults(lisbon.post("/calendars", {"week": {}})) == {"/week": "never_open"}
        assert faults(lisbon.post("/calendars", {"week": WEEK, "country": None, "subdivision": "BY"})) == {
            "/subdivision": "no_country"
        }
        assert ok(lisbon.get("/calendars"))["items"] == []

    def test_agents_see_hours_and_set_none(self, agency: AgencyUnderTest, lisbon: ApiClient) -> None:
        agent = agency.member("agent")
        ok(agent.get("/calendars/working-time"))
        assert problem(agent.post("/calendars", {"week": WEEK})) == (403, "forbidden")

    def test_another_agency_works_by_its_own(self, other_agency: AgencyUnderTest, lisbon: ApiClient) -> None:
        made = ok(lisbon.post("/calendars", {"week": ROUND_THE_CLOCK}), 201)
        stranger = other_agency.member()
        assert ok(stranger.get("/calendars/working-time"))["source"] == "default"
        assert problem(stranger.get(f"/calendars/{made['id']}")) == (404, "not_found")

    def test_all_of_them_are_one_statement(
        self, agency: AgencyUnderTest, lisbon: ApiClient, team: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for owner in ({}, {"team_id": team}):
            ok(lisbon.post("/calendars", {"week": WEEK, **owner}), 201)
        seen = Statements()
        with agency.app.app_context(), unit_of_work(), acting_as(system(agency.id)), seen.watching(monkeypatch):
            every = calendars.Calendars()
            assert every.of(UUID(team)) is every.of(UUID(team))
            assert every.of(None) is not every.of(UUID(team))
        assert len(seen.reads) + len([each for each in seen.others if "core_calendar" in each]) == 1


class TestAbsences:
    def test_members_say_when_they_are_away(self, agency: AgencyUnderTest) -> None:
        agent, mate = agency.member("agent"), agency.newcomer("agent")
        now = clock.now()
        body = {"starts_at": now.isoformat(), "ends_at": (now + timedelta(days=7)).isoformat()}
        made = ok(agent.post("/calendars/absences", body), 201)
        assert made["user_id"] == str(agent.user_id)
        assert [each["id"] for each in ok(mate.get(f"/calendars/absences?user_id={agent.user_id}"))["items"]] == [
            made["id"]
        ]
        with agency.app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            both = [each.user_id for each in (agent, mate) if each.user_id]
            assert calendars.away(both, at=now + timedelta(days=1)) == {agent.user_id}
            assert calendars.away(both, at=now + timedelta(days=7)) == set()
        ok(agent.delete(f"/calendars/absences/{made['id']}", version="*"), 204)
        assert ok(mate.get("/calendars/absences"))["items"] == []

    def test_of_others_only_who_may(self, agency: AgencyUnderTest, api: ApiClient) -> None:
        agent, mate = agency.member("agent"), agency.newcomer("agent")
        body = {
            "starts_at": "2027-08-01T00:00:00Z",
            "ends_at": "2027-08-15T00:00:00Z",
            "user_id": str(mate.user_id),
        }
        assert problem(agent.post("/calendars/absences", body)) == (403, "forbidden")
        made = ok(api.post("/calendars/absences", body), 201)
        assert problem(agent.delete(f"/calendars/absences/{made['id']}", version="*")) == (404, "not_found")
        ok(mate.delete(f"/calendars/absences/{made['id']}", version="*"), 204)

    def test_it_begins_before_it_ends_and_is_a_members(self, api: ApiClient, other_agency: AgencyUnderTest) -> None:
        body = {
            "starts_at": "2027-08-15T00:00:00Z",
            "ends_at": "2027-08-01T00:00:00Z",
            "user_id": str(other_agency.member("agent").user_id),
        }
        assert faults(api.post("/calendars/absences", body)) == {"/ends_at": "order", "/user_id": "unknown"}
