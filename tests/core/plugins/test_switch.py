"""Plugins over HTTP: listed, and switched on and off for one agency."""

from __future__ import annotations

from types import ModuleType
from unittest.mock import patch
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from core.actor import Actor, system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.extensions import db
from core.plugins import agencies, hooks
from core.plugins.hookspecs import hookimpl
from core.plugins.spec import Plugin
from core.testing.clients import ApiClient, ok, problem, switch_off
from core.testing.factories import AgencyUnderTest
from core.users.models import Team


class TestSwitch:
    def test_a_plugin_that_is_off_is_not_found_in_that_agency_only(
        self, api: ApiClient, other_agency: AgencyUnderTest
    ) -> None:
        assert ok(api.get("/leads"))["items"] == []
        assert switch_off(api, "leads")["enabled"] is False
        assert problem(api.get("/leads")) == (404, "not_found")
        assert ok(other_agency.member("owner").get("/leads"))["items"] == []

    def test_switched_on_again_it_answers_and_its_data_is_there(self, api: ApiClient) -> None:
        contact = ok(api.post("/contacts", {"name": "Ana Duarte"}), 201)
        switch_off(api, "contacts")
        ok(api.patch("/plugins/contacts", {"enabled": True}))
        assert ok(api.get(f"/contacts/{contact['id']}"))["name"] == "Ana Duarte"

    def test_one_that_another_needs_stays_on(self, api: ApiClient) -> None:
        assert problem(api.patch("/plugins/contacts", {"enabled": False})) == (409, "plugin_needed")

    def test_one_that_needs_another_waits_for_it(self, api: ApiClient) -> None:
        switch_off(api, "contacts")
        assert problem(api.patch("/plugins/leads", {"enabled": True})) == (409, "plugin_needs_others")

    def test_repeating_it_changes_nothing(self, api: ApiClient) -> None:
        ok(api.patch("/plugins/leads", {"enabled": True}))
        for _ in range(2):
            assert switch_off(api, "leads")["enabled"] is False
        assert [each["enabled"] for each in ok(api.get("/plugins"))["items"] if each["name"] == "leads"] == [False]

    def test_core_modules_and_unknown_names_cannot_be_switched(self, api: ApiClient) -> None:
        for name in ("users", "no_such_plugin"):
            assert problem(api.patch(f"/plugins/{name}", {"enabled": False})) == (404, "not_found")

    def test_an_agent_may_not_switch(self, agency: AgencyUnderTest) -> None:
        assert problem(agency.member("agent").patch("/plugins/leads", {"enabled": False})) == (403, "forbidden")


class TestHooks:
    def test_the_hooks_of_a_plugin_that_is_off_rest(self, app: Flask, agency: AgencyUnderTest) -> None:
        @hookimpl
        def socket_rooms(actor: Actor) -> list[str]:
            return ["a room"]

        module = ModuleType("hooks")
        module.__dict__["socket_rooms"] = socket_rooms
        leads = Plugin(name="leads", version="1", core=">=1", summary="Leads.", hooks=module)
        relay, _ = hooks.relay({"leads": leads}, core=frozenset())
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)) as actor:
            assert relay.hook.socket_rooms(actor=actor) == [["a room"]]
        switch_off(agency.member("owner"), "leads")
        agencies.forget()
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)) as actor:
            assert relay.hook.socket_rooms(actor=actor) == []

    def test_a_failing_agency_hook_undoes_its_own_writes_alone(self, app: Flask, agency: AgencyUnderTest) -> None:
        @hookimpl
        def agency_created(agency_id: UUID) -> None:
            db.session.add(Team(name="of the broken hook"))
            db.session.flush()
            raise RuntimeError

        module = ModuleType("hooks")
        module.__dict__["agency_created"] = agency_created
        relay, _ = hooks.relay(
            {"sample": Plugin(name="sample", version="1", core=">=1", summary="Sample.", hooks=module)},
            core=frozenset(),
        )
        with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
            db.session.add(Team(name="of the agency"))
            relay.hook.agency_created(agency_id=agency.id)
            assert list(db.session.scalars(select(Team.name))) == ["of the agency"]


class TestCache:
    def test_the_answer_is_kept_for_a_moment(self, app: Flask, api: ApiClient, agency: AgencyUnderTest) -> None:
        with app.app_context():
            assert agencies.enabled("leads", agency.id)
            switch_off(api, "leads")
            agencies.forget(agency.id)
            assert not agencies.enabled("leads", agency.id)

    def test_an_answer_that_was_overtaken_is_not_kept(self, app: Flask, agency: AgencyUnderTest) -> None:
        """Otherwise whoever is checked because of the switch would be let through by what was read before it."""

        def read(_agency_id: UUID) -> agencies.Known:
            agencies.forget(agency.id)
            return agencies.Known(off=frozenset({"leads"}), with_fields=frozenset())

        with app.app_context():
            agencies.forget(agency.id)
            with patch.object(agencies, "_read", read):
                assert not agencies.enabled("leads", agency.id)
            assert agencies.enabled("leads", agency.id)
