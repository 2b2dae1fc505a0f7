"""What clients are worth: what plugins say of contacts, put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from uuid import UUID

from core.sdk import from_minor, installed

from ..repository.members import together
from ..schemas.value import ContactFigures, ContactValue, Figures


def of_contact(contact_id: UUID) -> ContactValue:
    """What a contact is worth, alone and with their household or company. Raises NotFound, MergedAway."""
    found = together(contact_id)
    everybody = {contact_id, *([found.group_id] if found.group_id else []), *found.member_ids}
    said = _said(everybody)
    own = put_together(each for each in said if each.contact_id == contact_id)
    return ContactValue(contact_id, own, found.group_id, put_together(said) if found.group_id else None)


def put_together(said: Iterable[ContactFigures]) -> Figures:
    """What figures come to, amounts by currency."""
    every = list(said)
    enquiries, still_open, won, lost = (
        sum(getattr(each, name) for each in every) for name in ("enquiries", "open", "won", "lost")
    )
    value: Counter[str] = Counter()
    for each in every:
        value.update(each.value)
    decided = won + lost
    return Figures(
        enquiries,
        still_open,
        won,
        lost,
        round(100 * won / decided) if decided else None,
        min((each.first_at for each in every if each.first_at), default=None),
        max((each.last_at for each in every if each.last_at), default=None),
        won > 1,
        [from_minor(minor, currency) for currency, minor in sorted(value.items())],
    )


def _said(contact_ids: Collection[UUID]) -> list[ContactFigures]:
    answers = installed().hook.contacts_value(contact_ids=sorted(contact_ids))
    return [each for answer in answers for each in answer]
