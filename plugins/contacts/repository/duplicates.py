"""Contacts that may be the same person, found by addresses, numbers and the keys of their names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CompoundSelect,
    ScalarSelect,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    delete,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)

from core.sdk import Scope, acting_user_id, current_actor, db, privacy, read, search, users

from ..models import Contact, Distinct, EmailAddress, PhoneNumber
from . import Contacts

MOST = 60
"""How many candidates each way of finding them gives."""
_PER_KEY = 2_000
"""How many names with one key are looked at, the newest ones: half of an agency may be called Maria."""
_NOBODY = UUID(int=0)
_texts = ARRAY(Text())


class _Shown(Contacts):
    """Contacts as far as the caller may see them, whatever they are doing."""

    def scope(self) -> Scope | None:
        return current_actor().scope_of(self.permission)


_shown = _Shown()


class Candidate(NamedTuple):
    """A contact that may be the same."""

    id: UUID
    name: str
    emails: list[str]
    phones: list[str]
    owner_id: UUID | None
    owner_name: str | None
    team_id: UUID | None
    version: int
    created_at: datetime
    within: bool
    """Whether the caller may see it."""


def candidates(
    kind: str, *, emails: Sequence[str], phones: Sequence[str], keys: Sequence[str], but: UUID | None
) -> list[Candidate]:
    """Contacts of a kind with one of these addresses, numbers or keys, but one and who it was told apart from."""
    values = {"emails": list(emails), "phones": list(phones), "tokens": [search.key_token(key) for key in keys]}
    query = _shown.prepared(("candidates", _shown.scope()), _build)
    return query.rows(wanted_kind=kind, but_id=but or _NOBODY, **values, **_shown.scope_values())


def _build() -> read.Query[Candidate]:
    but = bindparam("but_id", type_=Uuid())
    told_apart = union_all(
        select(Distinct.other_id).where(Distinct.one_id == but), select(Distinct.one_id).where(Distinct.other_id == but)
    )
    found = select(
        Contact.id,
        Contact.name,
        func.array(_all(EmailAddress.address, EmailAddress), type_=_texts),
        func.array(_all(PhoneNumber.number, PhoneNumber), type_=_texts),
        Contact.owner_id,
        users.name_of(Contact.owner_id),
        Contact.team_id,
        Contact.version,
        Contact.created_at,
        and_(_shown.in_scope(), literal(value=True)),
    ).where(
        # Of a table nobody has analysed yet, a list of ids is still looked up by index, which a subquery is not.
        Contact.id == any_(func.array(_ids().scalar_subquery(), type_=ARRAY(Uuid()))),
        Contact.id != but,
        Contact.id.not_in(told_apart),
        Contact.kind == bindparam("wanted_kind", type_=Text()),
        Contact.name != privacy.NAMELESS,
    )
    return read.Query(found, Candidate)


def _all(column: object, of: type[EmailAddress | PhoneNumber]) -> ScalarSelect[str]:
    return select(column).where(of.contact_id == Contact.id).correlate(Contact).scalar_subquery()  # type: ignore[call-overload, no-any-return] # either's


def _ids() -> CompoundSelect[tuple[UUID]]:
    token = search.SearchToken
    sought = func.unnest(bindparam("tokens", type_=_texts)).table_valued("token").render_derived("sought")
    # Ids are by time: the newest come first, straight from the index.
    having = (
        select(token.entity_id)
        .where(token.entity == privacy.CONTACT, token.token == sought.c.token)
        .order_by(token.entity_id.desc())
        .limit(_PER_KEY)
        .lateral("having")
    )
    named = (
        select(having.c.entity_id)
        .select_from(sought)
        .join(having, true())
        .group_by(having.c.entity_id)
        .order_by(func.count().desc(), having.c.entity_id.desc())
        .limit(MOST)
    )
    written = select(EmailAddress.contact_id).where(EmailAddress.address == any_(bindparam("emails", type_=_texts)))
    called = select(PhoneNumber.contact_id).where(PhoneNumber.number == any_(bindparam("phones", type_=_texts)))
    return union_all(
        select(written.limit(MOST).subquery().c.contact_id),
        select(called.limit(MOST).subquery().c.contact_id),
        select(named.subquery().c.entity_id),
    )


def distinguish(contact_id: UUID, other_id: UUID) -> bool:
    """Remember that two contacts are two; whether that is news."""
    one_id, second_id = sorted((contact_id, other_id))
    if db.session.scalar(select(Distinct.id).where(*_pair(contact_id, other_id))) is not None:
        return False
    db.session.add(Distinct(one_id=one_id, other_id=second_id, told_by=acting_user_id()))
    db.session.flush()
    return True


def confuse(contact_id: UUID, other_id: UUID) -> bool:
    """Forget that again; whether there was anything to forget."""
    gone = db.session.execute(delete(Distinct).where(*_pair(contact_id, other_id)).returning(Distinct.id))
    return gone.first() is not None


def is_told_apart(contact_id: UUID) -> bool:
    """Whether somebody said of a contact that it is not another one."""
    either = or_(Distinct.one_id == contact_id, Distinct.other_id == contact_id)
    return db.session.scalar(select(Distinct.id).where(either).limit(1)) is not None


def _pair(contact_id: UUID, other_id: UUID) -> tuple[ColumnElement[bool], ...]:
    one_id, second_id = sorted((contact_id, other_id))
    return (Distinct.one_id == one_id, Distinct.other_id == second_id)
