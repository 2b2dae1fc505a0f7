"""What came in by a file and is taken back leaves everything as it was, wherever the worker was killed meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from core.actor import system
from core.db.base import Model
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.extensions import db
from core.http.application import Application
from core.imports import work
from core.imports.attempts import Attempts
from core.testing.clients import ApiClient, ok
from tests.core.imports.bringing import CONTACTS, LEADS, Bringing, sheet

# What happened is never untold, and a reference that somebody may have read out is not given again.
APART = ("core_event", "core_stream", "core_job", "core_import", "core_file", "core_storage", "core_quota")
ASIDE = {"core_number_series", "core_follower", "core_idempotency", "core_schedule"}
NAMES = st.sampled_from(["Ana Duarte", "Duarte, Ana", "Ben Okri", "Zo\u00eb M\u00fcller", "Иван Петров", "", "x" * 201])
EMAILS = st.sampled_from(["ana@example.com", "ANA@example.com", "ben@example.com", "nowhere", ""])
PHONES = st.sampled_from(["+351912345678", "912 345 678", "12", ""])
PLACES = st.sampled_from(["Kenya, Peru", "Japan", ""])
DAYS = st.sampled_from(["2027-05-14", "15/05/2027", "31/02/2027", ""])
TIERS = st.sampled_from(["gold", "silver", "tin", ""])
NOTES = st.sampled_from(["By the sea", ""])
OF_A_CONTACT = st.lists(st.tuples(NAMES, EMAILS, PHONES, TIERS, NOTES), min_size=1, max_size=7)
OF_A_LEAD = st.lists(st.tuples(NAMES, EMAILS, PHONES, PLACES, DAYS, NOTES), min_size=1, max_size=7)
HEADINGS: dict[str, tuple[str, ...]] = {
    CONTACTS: ("name", "email", "phone", "custom.tier", "note"),
    LEADS: ("contact_name", "contact_email", "contact_phone", "destinations", "start_date", "note"),
}
DEFAULTS: dict[str, dict[str, str]] = {CONTACTS: {}, LEADS: {"tags": "fair, 2027"}}
KILLS = st.lists(st.integers(1, 7), max_size=2)


class Killed(BaseException):
    """Stands for the end of the worker."""


def rows(app: Application, api: ApiClient) -> dict[str, list[Any]]:
    """Every row that the agency has, but in ledgers."""
    found = {}
    with app.app_context(), unit_of_work(), acting_as(system(api.agency_id)):
        for table in Model.metadata.sorted_tables:
            name = str(table.name)
            if "agency_id" not in table.columns or name.startswith(APART) or name in ASIDE:
                continue
            may = db.session.scalar(text("SELECT has_table_privilege(:name, 'SELECT')"), {"name": name})
            if may:
                every = db.session.connection().execute(text(f"select to_jsonb(t) from {name} t"))
                found[name] = sorted((row for (row,) in every), key=repr)
    return found


@contextmanager
def killed(at: list[int]) -> Iterator[None]:
    """Let the worker end in the middle of these rows, counted over all its attempts."""
    real, count = Attempts.of, 0

    def of(attempts: Attempts, line: Any) -> dict[str, Any]:
        nonlocal count
        made = real(attempts, line)
        count += 1
        if count in at:
            raise Killed
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "PORTION", 3)
        patch.setattr(Attempts, "of", of)
        yield


@pytest.fixture
def tiers(api: ApiClient) -> None:
    """A field that the agency added."""
    choices = [{"code": "gold", "label": "Gold"}, {"code": "silver", "label": "Silver"}]
    field = {"entity": CONTACTS, "key": "tier", "label": "Tier", "kind": "choice", "choices": choices}
    ok(api.post("/custom-fields", field), 201)


EXAMPLES = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def comes_and_goes(app: Application, bringing: Bringing, entity: str, lines: list[Any], kills: list[int]) -> None:
    if not any(any(line) for line in lines):
        return
    import_id = ok(bringing.upload(sheet([HEADINGS[entity], *lines]), entity=entity), 201)["id"]
    bringing.change(import_id, options={"phone_country": "PT", "defaults": DEFAULTS[entity]})
    before = rows(app, bringing.api)
    checked = finished(bringing, import_id, "check", [])
    assert rows(app, bringing.api) == before
    made = finished(bringing, import_id, "run", kills)
    # What the check said is what came of it, and no row came twice.
    assert (made["created"], made["duplicates"], made["faulty"]) == (
        checked["good"],
        checked["duplicates"],
        checked["faulty"],
    )
    told = bringing.rows(import_id, limit=200)
    assert len({row["line"] for row in told}) == len(told) == made["total"]
    created = [row["entity_id"] for row in told if row["state"] == "created"]
    assert len(set(created)) == made["created"]
    if made["created"]:
        undone = finished(bringing, import_id, "revert", [])
        assert (undone["reverted"], undone["kept"]) == (made["created"], 0)
    assert rows(app, bringing.api) == before


def finished(bringing: Bringing, import_id: str, what: str, kills: list[int]) -> dict[str, Any]:
    """Have it done, however often the worker is killed."""
    with killed(kills):
        ok(bringing.ask(import_id, what), 202)
        bringing.worker.work()
        wanted = {"check": "checked", "run": "done", "revert": "reverted"}[what]
        for _ in kills:
            if bringing.show(import_id)["state"] != wanted:
                bringing.worker.hurry()
    found = bringing.show(import_id)
    assert found["state"] == wanted, found
    return found


@EXAMPLES
@given(OF_A_CONTACT, KILLS)
def test_contacts_come_and_go(
    app: Application, bringing: Bringing, tiers: None, lines: list[Any], kills: list[int]
) -> None:
    comes_and_goes(app, bringing, CONTACTS, lines, kills)


@EXAMPLES
@given(OF_A_LEAD, KILLS)
def test_leads_come_and_go(app: Application, bringing: Bringing, lines: list[Any], kills: list[int]) -> None:
    comes_and_goes(app, bringing, LEADS, lines, kills)
