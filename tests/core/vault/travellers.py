"""Travellers with a passport: a table as a plugin would make it, in the test's database alone."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.orm import Mapped

from core.db.base import Model, Owned
from core.sdk import Code, vault
from core.vault.columns import Secret

SUBJECT = "contacts.contact"


class Traveller(Owned, Model):
    """Somebody who travels on a passport."""

    __tablename__ = "test_traveller"

    contact_id: Mapped[UUID]
    note: Mapped[Code | None]
    passport: Mapped[Secret | None] = vault.encrypted("contact_id", subject=SUBJECT)
    diet: Mapped[Secret | None] = vault.encrypted("contact_id", subject=SUBJECT, category="special")
    passport_index: Mapped[UUID | None] = vault.blind_index("passport")


TABLE = Traveller.__table__
assert isinstance(TABLE, Table)
# It is in no migration, and other tests compare the two.
Model.metadata.remove(TABLE)

STATEMENTS = """
CREATE TABLE test_traveller (
    id uuid PRIMARY KEY, agency_id uuid NOT NULL, contact_id uuid NOT NULL, note text, passport text, diet text,
    passport_index uuid, version bigint NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
    UNIQUE (agency_id, id)
);
CREATE INDEX test_traveller_passport_idx ON test_traveller (agency_id, passport_index);
ALTER TABLE test_traveller ENABLE ROW LEVEL SECURITY;
ALTER TABLE test_traveller FORCE ROW LEVEL SECURITY;
CREATE POLICY test_traveller_agency ON test_traveller TO tripfile_app
    USING (agency_id = (select nullif(current_setting('app.agency_id', true), '')::uuid));
GRANT SELECT, INSERT, UPDATE, DELETE ON test_traveller TO tripfile_app;
"""
