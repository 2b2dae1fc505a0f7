"""Exports: everything the catalogue knows of stands in them, and nobody gets one but who may export."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar
from uuid import UUID

import pytest
from flask import Flask
from psycopg.types.json import Jsonb

from core import ids
from core.db.base import Model
from core.db.personal import Category, user_of
from core.events import following
from core.events.event import Event
from core.events.log import publish
from core.http.application import Application
from core.privacy import catalogue
from core.sdk import UNSET, UnsetType, sealed_for
from core.testing.clients import ApiClient, faults, ok, problem
from core.testing.factories import AgencyUnderTest
from tests.core.privacy.conftest import CAPTURED, CONTACTS, KNOWN, LEADS, SAID, Within
from tests.core.privacy.people import Database, Person, subject_of


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


class Mentioned(Event):
    """Something was said of somebody, about whatever it was."""

    subject: ClassVar[str] = "thing_id"
    thing_id: UUID
    contact_id: UUID
    words: Annotated[
        str | None | UnsetType, sealed_for("contact_id", subject="contacts.contact", permission="privacy.manage")
    ] = UNSET


class TestWordsInTheLog:
    def test_are_handed_out_of_events_about_what_is_theirs_and_erased_everywhere(
        self, client: Person, export: Callable[[Person], dict[str, Any]], within: Within,
        erase: Callable[[dict[str, str]], dict[str, Any]],
    ) -> None:  # fmt: skip
        said = {client.known["contact_id"]: "Herself", client.known["lead_id"]: "Herlead", ids.new(): "Elsewhere"}
        for thing_id, words in said.items():
            with within(client.agency_id):
                publish(Mentioned(thing_id=thing_id, contact_id=client.known["contact_id"], words=words))
        text = str(export(client)["bundle"])
        assert [word for word in said.values() if word in text] == ["Herself", "Herlead"]
        erase(subject_of(client))
        with within(client.agency_id):
            entries = [each for each in following.after(0, limit=500) if each.name == Mentioned.name]
            events: list[Any] = [
                each.event() for each in entries if each.payload["contact_id"] == str(client.known["contact_id"])
            ]
        assert [each.words for each in events] == [None] * 3


class TestAnExport:
    def test_holds_everything_the_catalogue_knows_of(
        self, app: Application, client: Person, export: Callable[[Person], dict[str, Any]]
    ) -> None:
        made = export(client)
        text = str(made["bundle"])
        # What a merge keeps to be undone is encrypted: test_merging of contacts and leads has it.
        wanted = columns(app, "contacts_", "leads_", "capture_", "tasks_")
        wanted -= {"contacts_merge image", "leads_merge image"}
        assert {each.split()[0] for each in wanted} == {*CONTACTS, *LEADS, *CAPTURED, "tasks_task"}
        missing = {each for each in wanted if f"{client.marker} {each}" not in text}
        addresses = {"contacts_email address", "capture_submission sender", "capture_sender address"}
        elsewhere = {"contacts_phone number", "contacts_address country", "contacts_address postal_code"}
        assert missing == addresses | elsewhere, "Those are spelled their own way"
        for each in addresses:
            assert f"{client.marker}.{each.split()[0]}@example.com" in text
        assert client.phone in text
        assert f"'postal_code': '{client.marker}'" in text
        assert "'country': 'PT'" in text
        assert f"{client.marker} core_import name" in text
        assert made["manifest"]["rows"] == dict.fromkeys([*SAID, *KNOWN, "core_privacy_request"], 1)

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


NOT_THEIRS = {
    "core_file name": "It is about whoever the row is about that points at the file.",
    "core_allow_list networks": "The agency's own networks.",
    "core_legal_hold reason": "That somebody is held to account is not for them to learn here.",
    **dict.fromkeys(
        (f"core_custom_value {name}" for name in ("text_value", "number_value", "day_value")),
        "They are about whoever the row is about that they are values of.",
    ),
}
"""Columns that say nothing a colleague is told."""


class TestOneself:
    def test_is_told_everything_the_catalogue_lists_about_colleagues(
        self, app: Application, agency: AgencyUnderTest, database: Database
    ) -> None:
        """Whatever personal column of whatever table: one that is added later is wanted here by itself."""
        me = agency.newcomer("agent")
        assert me.user_id is not None
        person = Person(agency.id, user_id=me.user_id)
        wanted = {
            each
            for each in columns(app, "")
            if not each.startswith(("contacts_", "leads_", "tasks_", "capture_")) and each not in NOT_THEIRS
        }
        for table in sorted({each.split()[0] for each in wanted} - {"core_user", "core_event_origin"}):
            about = {user for column in Model.metadata.tables[table].columns if (user := user_of(column)) is not None}
            database.add(table, person, **dict.fromkeys(about or {"user_id"}, me.user_id))
        event = database.add("core_event", person, seq=900_000, actor_id=me.user_id)
        database.add("core_event_origin", person, event_id=event)
        database.mark("core_user", person, where="id", like=me.user_id)
        text = str(ok(me.post("/privacy/me")))
        missing = {each for each in wanted if f"{person.marker} {each}" not in text}
        assert missing == {"core_user email", "core_invitation email"}, "Those are spelled their own way"
        for address in ("core_user", "core_invitation"):
            assert f"{person.marker}.{address}@example.com" in text
        for secret in ("digest", "secret", "password_hash"):
            assert f"'{secret}'" not in text

    def test_is_told_what_they_did_in_anothers_name(self, agency: AgencyUnderTest, database: Database) -> None:
        me, other = agency.newcomer("owner"), agency.newcomer("agent")
        assert me.user_id is not None
        person = Person(agency.id, impersonator_id=me.user_id)
        for table in ("core_impersonation", "core_auth_session"):
            database.add(table, person, user_id=other.user_id)
        event = database.add("core_event", person, seq=900_000, actor_id=other.user_id)
        database.add("core_event_origin", person, event_id=event)
        mine, others = str(ok(me.post("/privacy/me"))), str(ok(other.post("/privacy/me")))
        for word in (
            "core_impersonation reason",
            "core_auth_session ip",
            "core_event_origin ip",
            "core_event_origin user_agent",
        ):
            assert f"{person.marker} {word}" in mine, word
        for word in ("core_auth_session ip", "core_event_origin ip", "core_event_origin user_agent"):
            assert f"{person.marker} {word}" not in others, word

    def test_is_told_of_everything_they_ever_did(self, agency: AgencyUnderTest, database: Database) -> None:
        me = agency.newcomer("agent")
        database.connection.execute(
            "INSERT INTO core_event (agency_id, id, seq, name, subject, subject_id, occurred_at, actor_id, actor_kind,"
            " payload, schema_version, form) SELECT %s, gen_random_uuid(), 900000 + each, 'contacts.contact_changed',"
            " 'contacts.contact', gen_random_uuid(), now(), %s, 'user', '{}', 1, 1 FROM generate_series(1, 10500) each",
            [agency.id, me.user_id],
        )
        told = [each for each in ok(me.post("/privacy/me"))["holdings"] if each["table"] == "core_event"]
        assert len({each["row_id"] for each in told}) >= 10_500

    def test_is_told_of_sessions_elsewhere_by_nobody(
        self, agency: AgencyUnderTest, other_agency: AgencyUnderTest, database: Database
    ) -> None:
        """What an agency knows of a person it shares with another is what happened in it."""
        me = agency.newcomer("agent")
        assert me.user_id is not None
        elsewhere = Person(other_agency.id, user_id=me.user_id)
        for table in ("core_auth_session", "core_one_time_token"):
            database.add(table, elsewhere)
        assert elsewhere.marker not in str(ok(me.post("/privacy/me")))

    def test_is_not_told_secrets_that_a_link_goes_with(self, agency: AgencyUnderTest, database: Database) -> None:
        me = agency.newcomer("agent")
        assert me.user_id is not None
        data = Jsonb({"seed": "2.sealed", "email": "new@example.com"})
        database.add("core_one_time_token", Person(agency.id, user_id=me.user_id), agency_id=None, data=data)
        text = str(ok(me.post("/privacy/me")))
        assert "new@example.com" in text
        assert "2.sealed" not in text

    def test_does_not_tell_the_agency_of_devices(
        self, api: ApiClient, agency: AgencyUnderTest, database: Database, work_off: Callable[[], list[str]]
    ) -> None:
        """They are the person's, whichever agencies they work for; where they were signed in here is the agency's."""
        user_id = agency.newcomer("agent").user_id
        assert user_id is not None
        person = Person(agency.id, user_id=user_id)
        for table in ("core_device", "core_passkey", "core_auth_session"):
            database.add(table, person)
        made = ok(api.post("/privacy/exports", {"subject": {"kind": "users.user", "id": str(user_id)}}), 202)
        assert work_off() == []
        text = str(ok(api.post(f"/privacy/requests/{made['id']}/bundle")))
        assert f"{person.marker} core_auth_session ip" in text
        assert "core_device" not in text
        assert "core_passkey" not in text

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
        caused = {"actor_id": me.user_id, "impersonator_id": other.user_id}
        event = database.add("core_event", Person(agency.id), seq=900_000, **caused)
        whence = {"ip": "203.0.113.9", "user_agent": "Their phone"}
        database.add("core_event_origin", Person(agency.id), event_id=event, **whence)
        text = str(ok(me.post("/privacy/me")))
        assert "203.0.113.9" not in text
        assert "Their phone" not in text
