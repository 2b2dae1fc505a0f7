"""Exports: everything the catalogue knows of stands in them, and nobody gets one but who may export."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from core import ids
from core.db.personal import Category
from core.http.application import Application
from core.privacy import catalogue
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.privacy.conftest import CONTACTS, LEADS
from tests.core.privacy.people import Database, Person


def columns(app: Flask, *prefixes: str) -> set[str]:
    """The personal columns of some tables that are nobody's copy."""
    return {
        f"{table.table} {column.column}"
        for table in catalogue.tables(app.extensions["tripfile.plugins"])
        for column in table.columns
        if table.table.startswith(prefixes) and column.category is not Category.COPY
    }


@pytest.fixture
def export(api: ApiClient, work_off: Callable[[], list[str]]) -> Callable[[Person], dict[str, Any]]:
    """Has a contact exported and takes the bundle."""

    def make(person: Person) -> dict[str, Any]:
        subject = {"kind": "contacts.contact", "id": str(person.known["contact_id"])}
        made = ok(api.post("/privacy/exports", {"subject": subject}), 202)
        assert made["state"] == "queued"
        assert work_off() == []
        shown: dict[str, Any] = ok(api.get(f"/privacy/requests/{made['id']}"))
        assert shown["state"] == "done"
        bundle: dict[str, Any] = ok(api.post(f"/privacy/requests/{made['id']}/bundle"))
        return {**shown, "bundle": bundle}

    return make


class TestAnExport:
    def test_holds_everything_the_catalogue_knows_of(
        self, app: Application, client: Person, export: Callable[[Person], dict[str, Any]]
    ) -> None:
        made = export(client)
        text = str(made["bundle"])
        wanted = columns(app, "contacts_", "leads_")
        assert {each.split()[0] for each in wanted} == {*CONTACTS, *LEADS}
        missing = {each for each in wanted if f"{client.marker} {each}" not in text}
        assert missing == {"contacts_email address", "contacts_phone number"}, "Those are spelled their own way"
        assert client.email in text
        assert client.phone in text
        assert made["manifest"]["rows"] == dict.fromkeys([*CONTACTS, *LEADS, "core_privacy_request"], 1)

    def test_holds_nothing_of_anybody_else(
        self, api: ApiClient, client: Person, export: Callable[[Person], dict[str, Any]]
    ) -> None:
        other = ok(api.post("/contacts", {"kind": "person", "name": "Somebodyelse"}))
        text = str(export(client))
        assert other["id"] not in text
        assert "Somebodyelse" not in text

    def test_is_sealed_until_it_is_taken(
        self, client: Person, export: Callable[[Person], dict[str, Any]], database: Database
    ) -> None:
        before = database.places_of(client.marker)
        export(client)
        assert database.places_of(client.marker) == before

    def test_is_for_whoever_may_export_and_for_seven_days(
        self,
        api: ApiClient,
        agency: AgencyUnderTest,
        client: Person,
        export: Callable[[Person], dict[str, Any]],
        database: Database,
    ) -> None:
        address = f"/privacy/requests/{export(client)['id']}/bundle"
        assert api.post(address).headers["Cache-Control"] == "no-store"
        ok(agency.newcomer("admin").post(address))
        assert agency.member("agent").post(address).status_code == 403
        database.connection.execute("UPDATE core_privacy_request SET expires_at = now()")
        assert problem(api.post(address)) == (409, "export_expired")

    def test_of_nobody_is_refused(self, api: ApiClient) -> None:
        for kind in ("contacts.contact", "no.such"):
            answer = api.post("/privacy/exports", {"subject": {"kind": kind, "id": str(ids.new())}})
            assert faults(answer) == {"/subject/id": "unknown"}

    def test_cannot_be_taken_before_it_is_made(self, api: ApiClient, client: Person) -> None:
        subject = {"kind": "contacts.contact", "id": str(client.known["contact_id"])}
        made = ok(api.post("/privacy/exports", {"subject": subject}), 202)
        assert problem(api.post(f"/privacy/requests/{made['id']}/bundle")) == (409, "export_not_ready")

    def test_of_another_agencys_contact_is_refused(self, other_agency: AgencyUnderTest, client: Person) -> None:
        subject = {"kind": "contacts.contact", "id": str(client.known["contact_id"])}
        answer = other_agency.member("owner").post("/privacy/exports", {"subject": subject})
        assert faults(answer) == {"/subject/id": "unknown"}


class TestOneself:
    def test_is_told_everything_the_agency_knows(
        self, agency: AgencyUnderTest, api: ApiClient, database: Database
    ) -> None:
        me = agency.newcomer("agent")
        assert me.user_id is not None
        person = Person(agency.id, user_id=me.user_id)
        for table in ("core_invitation", "core_api_key", "notifications_push_address"):
            database.add(table, person)
        database.mark("core_auth_session", person, where="user_id", like=me.user_id)
        database.mark("core_user", person, where="id", like=me.user_id)
        text = str(ok(me.post("/privacy/me")))
        for word in (
            "core_api_key name", "notifications_push_address url", "core_auth_session ip", "core_user name",
        ):  # fmt: skip
            assert f"{person.marker} {word}" in text, word
        for address in ("core_user", "core_invitation"):
            assert f"{person.marker}.{address}@example.com" in text
        for secret in ("digest", "secret", "password_hash"):
            assert f"'{secret}'" not in text

    def test_is_told_nothing_of_others(self, agency: AgencyUnderTest) -> None:
        other = agency.newcomer("agent")
        assert str(other.user_id) not in str(ok(agency.newcomer("agent").post("/privacy/me")))

    def test_is_not_told_that_they_are_held_to_account(self, agency: AgencyUnderTest, api: ApiClient) -> None:
        me = agency.newcomer("agent")
        held = {"subject": {"kind": "users.user", "id": str(me.user_id)}, "reason": "We suspect theft"}
        ok(api.post("/privacy/holds", held), 201)
        assert "We suspect theft" not in str(ok(me.post("/privacy/me")))

    def test_is_not_told_from_where_somebody_acted_in_their_name(
        self, agency: AgencyUnderTest, database: Database
    ) -> None:
        me, other = agency.newcomer("agent"), agency.newcomer("owner")
        database.add(
            "core_event", Person(agency.id), seq=900_000, actor_id=me.user_id, impersonator_id=other.user_id,
            ip="203.0.113.9", user_agent="Their phone",
        )  # fmt: skip
        text = str(ok(me.post("/privacy/me")))
        assert "203.0.113.9" not in text
        assert "Their phone" not in text
