"""Whether whoever asks is a contact already: then they are not made a second time, and what differs is noted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from core.sdk import current_agency_id, decoding, locks
from plugins.contacts import api as contacts

from .catalogue import Known
from .reading import Enquiry

_SAME = {"same_email", "same_phone"}
_SOUGHT = ("name", "given_name", "family_name", "emails", "phones", "country")
_ENTRIES = {"emails": "address", "phones": "number"}


def find(enquiry: Enquiry) -> UUID | None:
    """The contact with their address or number; of several the one whose name is most like theirs. Raises Invalid.

    Whoever else comes with the same address meanwhile waits, so that one person is made once.
    """
    for reached in sorted(filter(None, (enquiry.email, enquiry.phone))):
        locks.exclusive(f"capture:{current_agency_id()}:{reached}")
    sought = {name: enquiry.contact[name] for name in _SOUGHT if name in enquiry.contact}
    draft = decoding.decode(msgspec.json.encode(sought), contacts.SoughtContact)
    found = [each.duplicate for each in contacts.like_draft(draft)]
    same = [each for each in found if _SAME & {reason.code for reason in each.reasons}]
    return min(same, key=lambda each: (-each.score, each.created_at, each.id)).id if same else None


def differences(contact_id: UUID, enquiry: Enquiry, fields: dict[str, Known]) -> list[str]:
    """What somebody said of themselves that we have otherwise, a line for each. Nothing of it is changed."""
    kept = contacts.view(contact_id)
    lines = []
    for name, said in enquiry.contact.items():
        if name == "custom_fields":
            lines += [
                f"{fields[f'contact.{key}'].title}: {words(value)}"
                for key, value in said.items()
                if kept.custom_fields.get(key) != value
            ]
        elif name in _ENTRIES:
            have = {getattr(entry, _ENTRIES[name]) for entry in getattr(kept, name)}
            lines += [f"{name[:-1].title()}: {value}" for each in said for value in each.values() if value not in have]
        elif not _is_same(getattr(kept, name), said) and not _is_address(said, enquiry):
            lines.append(f"{name.replace('_', ' ').capitalize()}: {said}")
    return lines


def _is_same(kept: Any, said: Any) -> bool:
    return str(kept or "").casefold() == str(said).casefold()


def _is_address(said: Any, enquiry: Enquiry) -> bool:
    """Whether it only stands for a name that nobody said."""
    return said in (enquiry.email, enquiry.phone)


def words(value: Any) -> str:
    """A value as people read it."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
