"""What contacts said about being contacted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, and_, any_, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from core.sdk import RANGE, Filter, Instant, Listing, ListQuery, Page, Repository, db, read, users

from ..models import Consent, ConsentStatement, Contact
from ..schemas.consents import Basis, Channel, ConsentState, Purpose, Stated, StatementView
from .standing import STATE

_NAMED = users.name_of(ConsentStatement.recorded_by)
STATEMENT = select(*read.columns(StatementView, ConsentStatement, recorded_by_name=_NAMED))
Key = tuple[str, str]
"""A purpose and a channel."""


class Statements(Repository[ConsentStatement]):
    """Everything a contact said; who may see the contact may see it."""

    model = ConsentStatement
    permission = "contacts.read"
    listing = Listing(
        filters={
            "purpose": Filter(ConsentStatement.purpose, Purpose, "What they are contacted for."),
            "channel": Filter(ConsentStatement.channel, Channel, "How."),
            "state": Filter(ConsentStatement.state, Stated, "What they said."),
            "created_at": Filter(ConsentStatement.created_at, Instant, "When it was recorded.", RANGE),
        },
        sorts={"created_at": ConsentStatement.created_at},
    )

    def rows(self, contact_ids: list[UUID], query: ListQuery) -> Page[StatementView]:
        """A page of what contacts said, the latest to be recorded first."""
        return self.page(query, STATEMENT, StatementView, within={ConsentStatement.contact_id: contact_ids})


def latest(contact_ids: Sequence[UUID]) -> Sequence[ConsentStatement]:
    """The statements that may decide how things stand: the last yes or no, and the last question, of each kind."""
    said = ConsentStatement
    is_question = said.state == "pending"
    key = (said.purpose, said.channel, is_question)
    order = (*key, said.said_at.desc(), (said.state == "withdrawn").desc(), said.id.desc())
    mine = select(said).where(said.contact_id == any_(bindparam("ids", type_=ARRAY(Uuid())))).ext(distinct_on(*key))
    return db.session.scalars(mine.order_by(*order), {"ids": list(contact_ids)}).all()


def withdrawn_since(contact_id: UUID, since: datetime) -> Sequence[ConsentStatement]:
    """The withdrawals of a contact that were recorded after an instant."""
    said = ConsentStatement
    mine = select(said).where(said.contact_id == contact_id, said.state == "withdrawn", said.created_at > since)
    return db.session.scalars(mine.order_by(said.created_at, said.id)).all()


def add(statements: Iterable[ConsentStatement]) -> None:
    """Write down what was said."""
    db.session.add_all(statements)
    db.session.flush()


def standing(contact_id: UUID) -> dict[Key, Consent]:
    """How things stand for a contact, for changing it."""
    found = db.session.scalars(select(Consent).where(Consent.contact_id == contact_id))
    return {(each.purpose, each.channel): each for each in found}


def settle(contact_id: UUID, standing: Mapping[Key, ConsentStatement], asked: Mapping[Key, ConsentStatement]) -> bool:
    """Let things stand as these statements say, with open questions beside them; whether that changed anything."""
    known = _standing(contact_id)
    gone = [each for key, each in known.items() if key not in standing]
    changed = bool(gone)
    for each in gone:
        db.session.delete(each)
    for key, said in standing.items():
        row = known.get(key) or Consent(contact_id=contact_id, purpose=said.purpose, channel=said.channel)
        asked_at = asked[key].said_at if key in asked else None
        if (row.statement_id, row.asked_at) == (said.id, asked_at):
            continue
        changed, row.asked_at = True, asked_at
        row.statement_id, row.state, row.basis, row.source = said.id, said.state, said.basis, said.source
        row.wording, row.said_at, row.expires_at = said.wording, said.said_at, said.expires_at
        row.given_for = ":".join(key) if said.state == "given" else None
        db.session.add(row)
    db.session.flush()
    return changed


_standing = standing


def of_people(ids: Sequence[UUID]) -> list[ConsentStatement | Consent]:
    """Everything contacts said, and how it stands."""
    said = select(ConsentStatement).where(ConsentStatement.contact_id.in_(ids)).order_by(ConsentStatement.id)
    stood = select(Consent).where(Consent.contact_id.in_(ids)).order_by(Consent.id)
    return [*db.session.scalars(said), *db.session.scalars(stood)]


def forget(ids: Sequence[UUID]) -> tuple[int, int]:
    """Remove it; how many statements, and how many that stood."""
    said = db.session.execute(delete(ConsentStatement).where(ConsentStatement.contact_id.in_(ids)).returning(1))
    stood = db.session.execute(delete(Consent).where(Consent.contact_id.in_(ids)).returning(1))
    return len(said.all()), len(stood.all())


class Stood(NamedTuple):
    """How it stands for one purpose and channel; nothing where nothing was said."""

    name: str
    state: ConsentState | None
    basis: Basis | None


def _stood() -> read.Query[Stood]:
    asked = aliased(Contact)
    stays = select(func.coalesce(asked.merged_into, asked.id)).where(asked.id == bindparam("wanted_id", type_=Uuid()))
    mine = and_(
        Consent.contact_id == Contact.id,
        Consent.purpose == bindparam("wanted_purpose", type_=Text()),
        Consent.channel == bindparam("wanted_channel", type_=Text()),
    )
    found = select(Contact.name, STATE, Consent.basis).join(Consent, mine, isouter=True)
    wanted = (Contact.id == stays.scalar_subquery(), Contact.deleted_at.is_(None))
    return read.Query(found.where(*wanted), Stood, include_deleted=True)


_STOOD = _stood()


def stood(contact_id: UUID, channel: str, purpose: str) -> Stood | None:
    """How it stands for a contact, by any id they ever had; None for nobody and for who was put away."""
    return _STOOD.first(wanted_id=contact_id, wanted_channel=channel, wanted_purpose=purpose)


statements = Statements()
