"""The reporting line: who answers to whom, without circles."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from core.testing.clients import ApiClient, faults, ok
from core.testing.factories import AgencyUnderTest


def put(api: ApiClient, member: ApiClient, under: ApiClient | None) -> int:
    body = {"reports_to": str(under.user_id) if under else None}
    return api.patch(f"/users/{member.user_id}", body, version="*").status_code


class TestReportingLine:
    def test_is_shown_where_members_are(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        boss, agent = agency.newcomer("manager"), agency.newcomer("agent")
        assert put(api, agent, boss) == 200
        assert ok(api.get(f"/users/{agent.user_id}"))["reports_to"] == str(boss.user_id)
        (row,) = ok(api.get(f"/users?reports_to={boss.user_id}"))["items"]
        assert (row["id"], row["reports_to"]) == (str(agent.user_id), str(boss.user_id))
        assert put(api, agent, None) == 200
        assert ok(api.get(f"/users/{agent.user_id}"))["reports_to"] is None

    def test_has_no_circle(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        first, second, third = (agency.newcomer("agent") for _ in range(3))
        assert (put(api, second, first), put(api, third, second)) == (200, 200)
        for below in (first, second, third):
            body = {"reports_to": str(below.user_id)}
            answer = api.patch(f"/users/{first.user_id}", body, version="*")
            assert faults(answer) == {"/reports_to": "circle"}

    def test_leads_to_active_members_alone(
        self, api: ApiClient, agency: AgencyUnderTest, other_agency: AgencyUnderTest
    ) -> None:
        agent, away = agency.newcomer("agent"), agency.newcomer("agent")
        ok(api.patch(f"/users/{away.user_id}", {"state": "suspended"}, version="*"))
        for nobody in (uuid4(), away.user_id, other_agency.member("owner").user_id):
            answer = api.patch(f"/users/{agent.user_id}", {"reports_to": str(nobody)}, version="*")
            assert faults(answer) == {"/reports_to": "unknown"}

    def test_two_at_once_make_no_circle_either(self, api: ApiClient, agency: AgencyUnderTest) -> None:
        for _ in range(3):
            first, second = agency.newcomer("agent"), agency.newcomer("agent")
            with ThreadPoolExecutor(2) as pool:
                answers = list(pool.map(lambda pair: put(api, *pair), [(first, second), (second, first)]))
            assert sorted(answers) == [200, 422]
