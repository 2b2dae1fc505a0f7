"""What people often filter lists by is found by index in the list's order, however few rows have the value."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from core.actor import system
from core.db.session import unit_of_work
from core.db.tenancy import acting_as
from core.extensions import db
from core.http.application import Application
from core.testing.factories import AgencyUnderTest


@pytest.mark.parametrize(
    ("table", "column", "order"),
    [
        ("leads_lead", "source", "created_at DESC, id DESC"),
        ("contacts_contact", "country", "created_at DESC, id DESC"),
        ("tasks_task", "subject", "sort_due, id"),
    ],
)
def test_are_found_by_index(app: Application, agency: AgencyUnderTest, table: str, column: str, order: str) -> None:
    with app.app_context(), unit_of_work(), acting_as(system(agency.id)):
        db.session.execute(text("SET LOCAL enable_seqscan = off"))
        asked = f"SELECT id FROM {table} WHERE agency_id = :agency AND {column} = 'x' ORDER BY {order} LIMIT 50"
        plan = "\n".join(row[0] for row in db.session.execute(text(f"EXPLAIN {asked}"), {"agency": agency.id}))
    assert f"{table}_{column}_idx" in plan
    assert "Sort" not in plan
