"""Whom an event concerns is told once, and nobody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from core import ids
from core.events.history import event
from core.http.application import Application
from core.jobs.job import Discard
from core.testing.clients import ApiClient, ok, switch_off
from core.testing.factories import AgencyUnderTest
from plugins.notifications import api as notifications
from plugins.notifications import jobs

Enquire = Callable[..., dict[str, Any]]
Act = Callable[[], Any]


def rows(person: ApiClient, question: str = "") -> list[dict[str, Any]]:
    """A person's notifications, the newest first."""
    found: list[dict[str, Any]] = ok(person.get(f"/notifications{question}"))["items"]
    return found


def me(person: ApiClient) -> UUID:
    assert person.user_id is not None
    return person.user_id


def hand_over(by: ApiClient, lead: dict[str, Any], **to: Any) -> None:
    ok(by.post(f"/leads/{lead['id']}/assignment", {"owner_id": None, **to}, version="*"))


class TestFollower:
    def test_makes_one_job_for_each_event_and_notice(
        self, background: Any, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire
    ) -> None:
        lead, agent = enquire(), agency.member("agent", team="Africa")
        background.follow()
        made = background.waiting()
        hand_over(api, lead, owner_id=str(agent.user_id))
        background.follow()
        more = [each for each in background.waiting() if each not in made]
        assert [each["notice"] for each in made] == ["leads.assigned"]
        assert [each["notice"] for each in more] == ["leads.assigned"]
        assert made[0]["event_id"] != more[0]["event_id"]

    def test_leaves_out_what_nobody_is_told_of(self, background: Any, api: ApiClient) -> None:
        ok(api.post("/contacts", {"name": "Ana"}), 201)
        background.follow()
        assert background.waiting() == []

    def test_leaves_out_plugins_that_are_off(self, background: Any, api: ApiClient, enquire: Enquire) -> None:
        enquire()
        switch_off(api, "leads")
        background.follow()
        assert background.waiting() == []


class TestTelling:
    def test_the_new_owner_is_told_and_who_did_it_is_not(
        self, background: Any, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire
    ) -> None:
        agent, lead = agency.member("agent", team="Africa"), enquire()
        hand_over(api, lead, owner_id=str(agent.user_id))
        background.tell()
        (found,) = rows(agent)
        assert found["title"] == f"{found['actor_name']} handed over {lead['reference']}"
        assert (found["kind"], found["subject"], found["subject_id"]) == ("leads.assigned", "leads.lead", lead["id"])
        assert (found["seq"], found["unread"], found["actor_id"]) == (1, True, str(api.user_id))
        assert rows(api) == []

    def test_a_repeated_job_tells_nobody_twice(
        self, background: Any, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire
    ) -> None:
        agent, lead = agency.member("agent", team="Africa"), enquire()
        hand_over(api, lead, owner_id=str(agent.user_id))
        background.follow()
        payload = background.waiting()[-1]
        for _ in range(3):
            with background.work():
                jobs.tell.run(payload)
        assert [each["seq"] for each in rows(agent)] == [1]

    def test_a_colleague_the_first_attempt_missed_is_told_by_the_second(
        self, background: Any, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire
    ) -> None:
        """The repeat stores what is missing, and what is there does not stop it."""
        lead, first = enquire(), agency.newcomer("agent", team="Africa")
        team = ok(api.get("/users/teams"))["items"][0]["id"]
        hand_over(api, lead, team_id=team)
        background.follow()
        payload = background.waiting()[-1]
        with background.work():
            jobs.tell.run(payload)
        second = agency.newcomer("agent", team="Africa")
        with background.work():
            jobs.tell.run(payload)
        assert (len(rows(first)), len(rows(second))) == (1, 1)

    def test_suspended_people_are_not_told(
        self, background: Any, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire
    ) -> None:
        lead, agent = enquire(), agency.newcomer("agent", team="Africa")
        hand_over(api, lead, owner_id=str(agent.user_id))
        ok(api.patch(f"/users/{agent.user_id}", {"state": "suspended"}, version="*"))
        background.tell()
        ok(api.patch(f"/users/{agent.user_id}", {"state": "active"}, version="*"))
        assert rows(agent) == []

    def test_an_event_that_is_gone_and_a_notice_that_is_gone_are_not_tried_again(
        self, background: Any, enquire: Enquire
    ) -> None:
        enquire()
        background.follow()
        payload = background.waiting()[0]
        with background.work(), pytest.raises(Discard, match="not in the log"):
            jobs.tell.run({**payload, "event_id": str(ids.new())})
        with background.work(), pytest.raises(Discard, match=r"declares the notice leads\.forgotten"):
            jobs.tell.run({**payload, "notice": "leads.forgotten"})

    def test_numbers_are_dense_for_each_person(
        self, background: Any, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire
    ) -> None:
        agents = [agency.newcomer("agent", team="Africa") for _ in range(2)]
        for number in range(6):
            hand_over(api, enquire(), owner_id=str(agents[number % 2].user_id))
        background.tell()
        for agent in agents:
            assert [each["seq"] for each in rows(agent)] == [3, 2, 1]

    def test_the_event_is_named_by_its_number(
        self, background: Any, agency: AgencyUnderTest, api: ApiClient, enquire: Enquire
    ) -> None:
        agent = agency.member("agent", team="Africa")
        enquire(owner_id=str(agent.user_id))
        background.follow()
        payload = background.waiting()[0]
        background.tell()
        with background.work():
            assert rows(agent)[0]["event_seq"] == event(UUID(payload["event_id"])).seq


class TestNotify:
    def test_tells_of_what_is_no_event(self, act: Act, api: ApiClient) -> None:
        subject_id = ids.new()
        with act():
            notifications.notify(
                "leads.assigned",
                [me(api), ids.new()],
                words={"reference": "L-1"},
                subject="leads.lead",
                subject_id=subject_id,
            )
        (found,) = rows(api)
        assert found["title"] == "The system handed over L-1"
        assert (found["subject_id"], found["event_seq"], found["actor_id"]) == (str(subject_id), None, None)

    def test_tells_once_where_that_is_asked(self, act: Act, api: ApiClient) -> None:
        once = ids.new()
        for _ in range(2):
            with act():
                notifications.notify("leads.assigned", [me(api), me(api)], words={}, once=once)
        assert len(rows(api)) == 1

    def test_an_unknown_kind_is_a_defect(self, act: Act, api: ApiClient) -> None:
        with act(), pytest.raises(notifications.UnknownKind, match="not declared in the `notices` of leads"):
            notifications.notify("leads.forgotten", [me(api)], words={})

    def test_what_is_rolled_back_was_never_told(self, act: Act, api: ApiClient) -> None:
        def change_its_mind() -> None:
            notifications.notify("leads.assigned", [me(api)], words={})
            raise RuntimeError("changed its mind")

        with pytest.raises(RuntimeError), act():
            change_its_mind()
        assert rows(api) == []


class TestTitles:
    def test_a_kind_whose_plugin_is_gone_keeps_its_wording(
        self, app: Application, act: Act, api: ApiClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with act():
            notifications.notify("leads.assigned", [me(api)], words={"reference": "L-1"})
        monkeypatch.setattr("plugins.notifications.service.kinds.declared", dict)
        assert rows(api)[0]["title"] == "The system handed over L-1"

    def test_a_missing_word_leaves_a_gap(self, act: Act, api: ApiClient) -> None:
        with act():
            notifications.notify("leads.assigned", [me(api)], words={})
        assert rows(api)[0]["title"] == "The system handed over …"
