"""How a person wants to be told what, and what they want to hear nothing about."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest

from core import ids
from core.http.application import Application
from core.jobs.job import Job
from core.plugins.hookspecs import hookimpl
from core.testing.clients import ApiClient, faults, ok, problem, switch_off
from core.testing.factories import AgencyUnderTest
from plugins.notifications import api as notifications
from plugins.notifications.api import Channel
from plugins.notifications.service import mutes

Tell = Callable[..., None]


@pytest.fixture
def tell(act: Callable[[], Any], api: ApiClient) -> Tell:
    """Tells the owner something."""

    def run(kind: str = "leads.assigned", **about: Any) -> None:
        with act():
            assert api.user_id is not None
            notifications.notify(kind, [api.user_id], words={"reference": "L-1"}, **about)

    return run


def choose(person: ApiClient, **choices: str | None) -> dict[str, Any]:
    chosen: dict[str, Any] = ok(person.patch("/notifications/preferences", {"kinds": {"leads.assigned": choices}}))
    return chosen


def chosen(preferences: dict[str, Any], kind: str = "leads.assigned") -> dict[str, str]:
    found: dict[str, str] = next(each for each in preferences["kinds"] if each["name"] == kind)["channels"]
    return found


class TestPreferences:
    def test_show_every_kind_on_every_channel(self, api: ApiClient) -> None:
        shown = ok(api.get("/notifications/preferences"))
        assert [(each["name"], each["available"]) for each in shown["channels"]] == [
            ("in_app", True),
            ("mail", False),
            ("push", True),
        ]
        assert {"leads.assigned", "leads.mentioned", "leads.status"} <= {each["name"] for each in shown["kinds"]}
        assert chosen(shown) == {"in_app": "now", "mail": "off", "push": "off"}
        assert all(each["summary"] for each in shown["kinds"])

    def test_are_changed_and_go_back_to_the_default(self, api: ApiClient) -> None:
        assert chosen(choose(api, in_app="daily", mail="now")) == {"in_app": "daily", "mail": "now", "push": "off"}
        assert chosen(choose(api, in_app=None)) == {"in_app": "now", "mail": "now", "push": "off"}
        assert chosen(choose(api, mail="daily"))["mail"] == "daily"
        assert chosen(ok(api.get("/notifications/preferences")))["mail"] == "daily"

    def test_are_bounded(
        self, api: ApiClient, enquire: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(mutes, "MOST", 1)
        first, second = enquire(), enquire()
        ok(api.call("PUT", f"/notifications/mutes/{first['id']}"))
        refused = problem(api.call("PUT", f"/notifications/mutes/{second['id']}"))
        assert refused == (409, "notifications_mutes_exhausted")
        ok(api.call("PUT", f"/notifications/mutes/{first['id']}"))
        ok(api.delete(f"/notifications/mutes/{first['id']}"), 204)
        ok(api.call("PUT", f"/notifications/mutes/{second['id']}"))

    def test_are_ones_own(self, agency: AgencyUnderTest, api: ApiClient) -> None:
        choose(api, in_app="off")
        assert chosen(ok(agency.newcomer("owner").get("/notifications/preferences")))["in_app"] == "now"

    def test_name_every_fault(self, api: ApiClient) -> None:
        wanted = {
            "leads.forgotten": {"in_app": "off"},
            "notifications.digest": {"in_app": "off"},
            "leads.assigned": {"pigeon/post": "now", "mail": "now"},
        }
        answer = api.patch("/notifications/preferences", {"kinds": wanted})
        assert faults(answer) == {
            "/kinds/leads.forgotten": "unknown",
            "/kinds/notifications.digest": "unknown",
            "/kinds/leads.assigned/pigeon~1post": "unknown",
        }
        assert chosen(ok(api.get("/notifications/preferences")))["mail"] == "off"

    def test_leave_out_plugins_that_are_off(self, api: ApiClient) -> None:
        switch_off(api, "leads")
        assert [each for each in ok(api.get("/notifications/preferences"))["kinds"] if "leads." in each["name"]] == []

    def test_what_is_off_everywhere_is_not_stored(self, api: ApiClient, tell: Tell) -> None:
        choose(api, in_app="off")
        tell()
        assert ok(api.get("/notifications"))["items"] == []


class TestChannels:
    def test_a_plugin_adds_one(self, api: ApiClient, mailing: Job[[UUID]]) -> None:
        shown = ok(api.get("/notifications/preferences"))
        assert {"name": "mail", "summary": "Letters", "available": True} in shown["channels"]

    def test_it_delivers_what_people_chose_it_for(
        self, api: ApiClient, tell: Tell, mailing: Job[[UUID]], background: Any
    ) -> None:
        tell()
        assert background.waiting(mailing.name) == []
        choose(api, mail="now")
        tell()
        (payload,) = background.waiting(mailing.name)
        with background.work():
            delivery = notifications.delivery(UUID(payload["notification_id"]))
        assert (delivery.user_id, delivery.notification.seq) == (api.user_id, 2)
        assert delivery.notification.title == "The system handed over L-1"
        assert delivery.digested == []

    def test_off_in_the_product_and_on_elsewhere_is_listed_but_not_unread(
        self, api: ApiClient, tell: Tell, mailing: Job[[UUID]], background: Any
    ) -> None:
        choose(api, in_app="off", mail="now")
        tell()
        assert len(background.waiting(mailing.name)) == 1
        (listed,) = ok(api.get("/notifications"))["items"]
        assert (listed["unread"], listed["waiting"], listed["told_at"]) == (False, False, None)
        assert ok(api.get("/notifications/unread"))["unread"] == 0

    def test_one_that_fails_to_say_what_it_is_harms_nobody(self, app: Application, api: ApiClient, tell: Tell) -> None:
        from core.plugins import hooks

        def notifications_channels() -> list[Channel]:
            raise RuntimeError("The post is on strike")

        broken = ModuleType("broken")
        guarded = hooks._guard(notifications_channels, "notifications_channels", "broken", switchable=False)
        broken.__dict__["notifications_channels"] = hookimpl(guarded)
        relay = app.extensions["tripfile.plugins"].relay
        relay.register(broken, "broken")
        try:
            tell()
        finally:
            relay.unregister(broken)
        assert len(ok(api.get("/notifications"))["items"]) == 1

    def test_delivering_what_is_gone_is_not_found(self, background: Any) -> None:
        from core.errors import NotFound

        with background.work(), pytest.raises(NotFound):
            notifications.delivery(ids.new())


class TestMutes:
    @pytest.fixture
    def lead(self, enquire: Callable[..., dict[str, Any]]) -> dict[str, Any]:
        return enquire()

    def test_what_is_muted_is_not_told(self, api: ApiClient, lead: dict[str, Any], tell: Tell) -> None:
        made = ok(api.call("PUT", f"/notifications/mutes/{lead['id']}"))
        assert (made["subject"], made["subject_id"]) == ("leads.lead", lead["id"])
        tell(subject="leads.lead", subject_id=UUID(lead["id"]))
        assert ok(api.get("/notifications"))["items"] == []
        ok(api.delete(f"/notifications/mutes/{lead['id']}"), 204)
        tell(subject="leads.lead", subject_id=UUID(lead["id"]))
        assert len(ok(api.get("/notifications"))["items"]) == 1

    def test_muting_twice_is_muting_once(self, api: ApiClient, lead: dict[str, Any]) -> None:
        first = ok(api.call("PUT", f"/notifications/mutes/{lead['id']}"))
        assert ok(api.call("PUT", f"/notifications/mutes/{lead['id']}")) == first
        assert ok(api.get("/notifications/mutes"))["items"] == [first]

    def test_are_bounded(
        self, api: ApiClient, enquire: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(mutes, "MOST", 1)
        first, second = enquire(), enquire()
        ok(api.call("PUT", f"/notifications/mutes/{first['id']}"))
        refused = problem(api.call("PUT", f"/notifications/mutes/{second['id']}"))
        assert refused == (409, "notifications_mutes_exhausted")
        ok(api.call("PUT", f"/notifications/mutes/{first['id']}"))
        ok(api.delete(f"/notifications/mutes/{first['id']}"), 204)
        ok(api.call("PUT", f"/notifications/mutes/{second['id']}"))

    def test_are_ones_own(self, agency: AgencyUnderTest, api: ApiClient, lead: dict[str, Any], tell: Tell) -> None:
        colleague = agency.newcomer("owner")
        ok(colleague.call("PUT", f"/notifications/mutes/{lead['id']}"))
        assert ok(api.get("/notifications/mutes"))["items"] == []
        assert problem(api.delete(f"/notifications/mutes/{lead['id']}")) == (404, "not_found")
        tell(subject="leads.lead", subject_id=UUID(lead["id"]))
        assert len(ok(api.get("/notifications"))["items"]) == 1

    def test_are_of_things_of_the_agency(
        self, other_agency: AgencyUnderTest, api: ApiClient, lead: dict[str, Any]
    ) -> None:
        stranger = other_agency.member("owner")
        assert problem(stranger.call("PUT", f"/notifications/mutes/{lead['id']}")) == (404, "not_found")
        assert problem(api.call("PUT", f"/notifications/mutes/{ids.new()}")) == (404, "not_found")
