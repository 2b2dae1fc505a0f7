"""An agency with people in it about whom everything says something, and its background work done on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest
from sqlalchemy import make_url, text

from core import ids
from core.actor import system
from core.config import Settings
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.extensions import db
from core.http.application import Application
from core.jobs import registry
from core.jobs.lane import Lane
from core.jobs.runner import Runner
from core.sdk import sealing
from core.testing.clients import ApiClient, ok
from core.testing.databases import Server
from core.testing.factories import AgencyUnderTest
from plugins.capture.schemas.submissions import Payload
from tests.contract.files import PDF
from tests.core.privacy.people import Database, Person

Within = Callable[[UUID], AbstractContextManager[None]]
CONTACTS = ("contacts_contact", "contacts_email", "contacts_phone", "contacts_address")
LEADS = (
    "leads_lead", "leads_tag", "leads_note", "leads_note_version", "leads_status_change", "leads_call",
    "leads_call_version", "leads_attachment",
)  # fmt: skip
CAPTURED = ("capture_submission", "capture_sender")
OTHERS = ("tasks_task", "core_import")
SAID = (*CONTACTS, *LEADS, *CAPTURED, *OTHERS)
"""Tables in which something is said about the client."""
KNOWN = ("contacts_member", "contacts_consent", "contacts_consent_statement")
"""Tables with ids and codes alone that are about them all the same."""


@pytest.fixture(scope="module")
def database(settings: Settings, database_server: Server) -> Iterator[Database]:
    """The module's database as its superuser."""
    assert settings.database_url is not None
    name = make_url(settings.database_url.get_secret_value()).database
    address = make_url(database_server.superuser_url).set(database=name)
    with psycopg.connect(address.render_as_string(hide_password=False), autocommit=True) as connection:
        yield Database(connection)


@pytest.fixture
def within(app: Application) -> Within:
    """A unit of work of its own as the system in an agency; it really commits."""

    @contextmanager
    def enter(agency_id: UUID) -> Iterator[None]:
        with app.app_context(), unit_of_work(), acting_as(system(agency_id)):
            yield

    return enter


@pytest.fixture
def work_off(app: Application) -> Callable[[], list[str]]:
    """Run every job that is due; the errors of those that failed."""

    def run() -> list[str]:
        jobs = registry.known(app)
        runner = Runner(app, jobs, backoff=timedelta(hours=1))
        # Twice: what happened lets jobs of other queues be done.
        for queue, names in [*registry.by_queue(jobs).items()] * 2:
            Lane(app, queue, names, runner, lease=timedelta(seconds=30), ring=lambda: None).drain()
        with app.app_context(), db.engines["system"].begin() as connection:
            failed = "DELETE FROM core_job WHERE name LIKE 'privacy.%' AND last_error IS NOT NULL RETURNING last_error"
            return list(connection.scalars(text(failed)))

    return run


@pytest.fixture
def erase(api: ApiClient, work_off: Callable[[], list[str]]) -> Callable[[dict[str, str]], dict[str, Any]]:
    """Has somebody erased."""

    def run(subject: dict[str, str]) -> dict[str, Any]:
        made = ok(api.post("/privacy/erasures", {"subject": subject, "reason": "asked_for"}), 202)
        assert work_off() == []
        shown: dict[str, Any] = ok(api.get(f"/privacy/requests/{made['id']}"))
        return shown

    return run


def attach(api: ApiClient, lead_id: str) -> None:
    """A file that belongs to a lead."""
    path = f"/leads/{lead_id}/attachments"
    headers = {"Content-Type": "application/pdf"}
    ok(api.call("POST", path, data=PDF, query_string={"name": "passport.pdf"}, headers=headers), 201)


def capture(person: Person, within: Within, database: Database) -> None:
    """What somebody sent by a form, sealed as it is stored."""
    made, text = ids.new(), Payload(values={"message": f"{person.marker} capture_submission payload"})
    with within(person.agency_id):
        payload = sealing.sealed(msgspec.json.encode(text).decode(), column="capture_submission.payload", row_id=made)
    database.add("capture_submission", person, id=made, payload=payload, state="accepted", channel="form")
    database.add("capture_sender", person, submission_id=made)


def bring_in(person: Person, database: Database) -> None:
    """The file that somebody came by."""
    # What is set for an import is its owner's, and says nothing about who is in the file.
    made = database.add("core_import", person, file_id=ids.new(), options="{}")
    database.add("core_import_row", person, import_id=made, person_id=person.known["contact_id"])


@pytest.fixture
def client(agency: AgencyUnderTest, api: ApiClient, database: Database, within: Within) -> Person:
    """A contact with a lead, about whom every personal column of every plugin says something."""
    contact = ok(api.post("/contacts", {"kind": "person", "name": "Ana"}))
    lead = ok(api.post("/leads", {"contact_id": contact["id"], "kind": "fit", "source": "phone"}))
    person = Person(agency.id, contact_id=UUID(contact["id"]), lead_id=UUID(lead["id"]))
    # Through the API, so that search finds them.
    ok(api.patch(f"/contacts/{contact['id']}", {
        "name": f"{person.marker} Ana", "emails": [{"address": person.email}], "phones": [{"number": person.phone}],
        "addresses": [{"lines": ["Rua das Flores 1"]}],
    }, version="*"))  # fmt: skip
    family = ok(api.post("/contacts", {"kind": "household", "name": "A family"}), 201)
    ok(api.post(f"/contacts/{family['id']}/members", {"contact_id": contact["id"]}))
    news = {"purpose": "newsletter", "channel": "email", "state": "given", "basis": "consent", "source": "phone"}
    ok(api.post(f"/contacts/{contact['id']}/consents", {"consents": [news]}))
    task = {"title": f"Call {person.marker}", "note": "x", "subject": "leads.lead", "subject_id": lead["id"]}
    ok(api.post("/tasks", task), 201)
    ok(
        api.patch(
            f"/leads/{lead['id']}",
            {
                "tags": [f"{person.marker}tag"],
                "restrictions": f"{person.marker} leads_lead restrictions",
            },
            version="*",
        )
    )
    key = {"Idempotency-Key": ids.new().hex}
    note = ok(api.post(f"/leads/{lead['id']}/notes", {"text": f"{person.marker} likes tea"}, headers=key))
    ok(api.patch(f"/leads/{lead['id']}/notes/{note['id']}", {"text": f"{person.marker} likes coffee"}, version="*"))
    call = ok(api.post(f"/leads/{lead['id']}/calls", {"direction": "inbound", "outcome": "no_answer", "note": "x"}))
    ok(api.patch(f"/leads/{lead['id']}/calls/{call['id']}", {"note": "y"}, version="*"))
    attach(api, lead["id"])
    for table, where in (
        ("contacts_contact", "id"), *((each, "contact_id") for each in CONTACTS if each != "contacts_contact"),
        ("leads_lead", "id"), *((each, "lead_id") for each in LEADS if each != "leads_lead"),
        ("tasks_task", "subject_id"),
    ):  # fmt: skip
        known = person.known["contact_id" if table.startswith("contacts") else "lead_id"]
        database.mark(table, person, where=where, like=known)
    capture(person, within, database)
    bring_in(person, database)
    person.email = f"{person.marker}.contacts_email@example.com"
    return person
