"""Contacts that may be the same person: found, weighed, and told apart."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple
from uuid import UUID

from core.sdk import UNSET, Fault, Invalid, duplicates, fields, gather, likeness, publish

from ..events import ContactsDistinguished
from ..repository import contacts
from ..repository import duplicates as stored
from ..repository.duplicates import Candidate
from ..schemas import ContactDraft, ContactView, SoughtContact

# How sure each makes by itself. An address or a number may be a family's: with another name it says less.
_EMAIL, _FAMILYS_EMAIL = 90, 55
_PHONE, _FAMILYS_PHONE = 85, 50
_SAME_NAME, _ALIKE_NAME = 60, 50
_ONE_FAMILY = 60
"""Names less alike than this are two people's, whatever else they share."""


class Sought(NamedTuple):
    """What others are compared with."""

    kind: str
    name: str
    emails: Sequence[str]
    phones: Sequence[str]


class Found(NamedTuple):
    """A contact that may be the same, whether or not the caller may see it."""

    duplicate: duplicates.Duplicate
    within: bool


def of_draft(draft: SoughtContact) -> duplicates.Duplicates:
    """Who somebody that is not saved yet may be. Raises Invalid for numbers that are none."""
    return duplicates.told(like(sought_of(draft)))


def of_contact(contact_id: UUID) -> duplicates.Duplicates:
    """Who else a contact may be. Raises NotFound, MergedAway."""
    return duplicates.told(_like(contacts.shown(contact_id)))


def like_contact(contact_id: UUID) -> list[Found]:
    """The same, with those the caller may not see, for neighbours: whether or not they may see this one."""
    return _like(contacts.written(contact_id))


def like_draft(draft: SoughtContact) -> list[Found]:
    """The same for somebody who is not saved yet."""
    return like(sought_of(draft))


def like(sought: Sought, *, but: UUID | None = None, least: int = 0) -> list[Found]:
    """Everybody who may be somebody, as sure as that at least, in one statement."""
    keys = name_keys(sought, least)
    if not (keys or sought.emails or sought.phones):
        return []
    rows = stored.candidates(sought.kind, emails=sought.emails, phones=sought.phones, keys=keys, but=but)
    return [_weighed(sought, row) for row in rows]


def name_keys(sought: Sought, least: int) -> list[str]:
    """What a name is looked for by; nothing where a name alone does not make it sure enough."""
    return likeness.keys(sought.name) if least <= _SAME_NAME else []


def _like(shown: ContactView) -> list[Found]:
    emails, phones = [each.address for each in shown.emails], [each.number for each in shown.phones]
    return like(Sought(shown.kind, shown.name, emails, phones), but=shown.id)


def distinguish(contact_id: UUID, other_id: UUID) -> None:
    """Remember that two contacts are two people. Raises NotFound, MergedAway, Invalid."""
    _check(contact_id, other_id)
    if stored.distinguish(contact_id, other_id):
        publish(ContactsDistinguished(contact_id=contact_id, other_id=other_id, distinct=True))


def confuse(contact_id: UUID, other_id: UUID) -> None:
    """Take that back. Raises NotFound, MergedAway, Invalid."""
    _check(contact_id, other_id)
    if stored.confuse(contact_id, other_id):
        publish(ContactsDistinguished(contact_id=contact_id, other_id=other_id, distinct=False))


def _check(contact_id: UUID, other_id: UUID) -> None:
    contacts.shown(contact_id)
    if contact_id == other_id or contacts.find(other_id) is None:
        raise Invalid(errors=[Fault("/other_id", "unknown", "There is no such other contact")])


def sought_of(draft: SoughtContact | ContactDraft) -> Sought:
    """What others are compared with. Raises Invalid for numbers that are none."""
    name = draft.name if draft.name is not UNSET else ""
    numbers = [
        partial(fields.to_e164, entry.number, country=draft.country, pointer=f"/phones/{position}/number")
        for position, entry in enumerate(draft.phones)
    ]
    joined = " ".join(part for part in (draft.given_name, draft.family_name) if part)
    return Sought(draft.kind, name or joined, [entry.address.lower() for entry in draft.emails], gather(*numbers))


def reasons(sought: Sought, *, name: str, emails: Sequence[str], phones: Sequence[str]) -> list[duplicates.Reason]:
    """What somebody has in common with whoever is called and reached so."""
    alike = likeness.names(sought.name, name)
    one_name = alike >= _ONE_FAMILY
    found = [
        *_shared("same_email", _EMAIL if one_name else _FAMILYS_EMAIL, sought.emails, emails),
        *_shared("same_phone", _PHONE if one_name else _FAMILYS_PHONE, sought.phones, phones),
    ]
    if alike >= likeness.ALIKE:
        weight = _SAME_NAME if alike == 100 else _ALIKE_NAME
        found.append(duplicates.Reason("alike_name", weight, f"{name}: {alike} of 100"))
    return found


def _weighed(sought: Sought, row: Candidate) -> Found:
    common = reasons(sought, name=row.name, emails=row.emails, phones=row.phones)
    told = duplicates.Duplicate(
        id=row.id,
        label=row.name,
        score=duplicates.score(common),
        reasons=common,
        owner_id=row.owner_id,
        owner_name=row.owner_name,
        team_id=row.team_id,
        version=row.version,
        created_at=row.created_at,
    )
    return Found(told, row.within)


def _shared(code: str, weight: int, mine: Sequence[str], theirs: Sequence[str]) -> list[duplicates.Reason]:
    """What both have, once: a second address says nothing that the first has not."""
    return [duplicates.Reason(code, weight, each) for each in sorted({*mine} & {*theirs})[:1]]
