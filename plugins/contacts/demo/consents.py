"""What the people of a made-up agency said about being contacted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from core.sdk import bulk, demo, ids

from ..models import Consent, ConsentStatement
from ..service.consents import event_of, stands
from .people import Known

_ASKED = (("newsletter", "email", 0.42), ("marketing", "email", 0.2), ("marketing", "whatsapp", 0.12))
"""What people are asked for when they first write, and the share who say yes."""
_WITHDRAWN, _UNCONFIRMED = 0.11, 0.06
_SAID = ("contact_id", "purpose", "channel", "state", "basis", "source", "wording", "said_at", "expires_at")


class Consents:
    """Where an agency writes down what people say."""

    def __init__(self, world: demo.World) -> None:
        self._world = world
        self._random = world.stream("contacts.consents")

    def write(self, people: Sequence[Known]) -> None:
        """Write what people said, what it comes to, and that they said so."""
        each_said = [list(self._said(person)) for person in people]
        said = [each for theirs in each_said for each in theirs]
        standing = [each for theirs in each_said for each in stands(theirs).values()]
        bulk.insert(ConsentStatement, (_row(each) for each in said))
        bulk.insert(Consent, (self._standing(each) for each in standing))
        # Nobody says anything that is earlier than what they have said: all of it stood once.
        self._world.tell(
            demo.Fact(event=event_of(each, stands=True), at=each.said_at, user_id=each.recorded_by) for each in said
        )

    def _said(self, person: Known) -> Iterator[ConsentStatement]:
        for purpose, channel, share in _ASKED:
            reached = person.email if channel == "email" else person.phone
            if reached is None or self._random.random() > share:
                continue
            is_open = person.taken_in_by is None and self._random.random() < _UNCONFIRMED
            state = "pending" if is_open else "given"
            yield self._statement(person, purpose, channel, state, at=person.since)
            if not is_open and self._random.random() < _WITHDRAWN:
                left = (self._world.until - person.since).total_seconds()
                later = person.since + timedelta(seconds=1 + int(left * self._random.random()))
                yield self._statement(person, purpose, channel, "withdrawn", at=min(later, self._world.until))

    def _statement(self, person: Known, purpose: str, channel: str, state: str, *, at: datetime) -> ConsentStatement:
        given = state != "withdrawn"
        return ConsentStatement(
            id=ids.at(at, self._random),
            contact_id=person.id,
            purpose=purpose,
            channel=channel,
            state=state,
            basis="consent",
            source=("phone" if person.taken_in_by else "form") if given else "email",
            wording=f"{purpose}-{person.since.year}" if given else None,
            said_at=at,
            expires_at=None,
            recorded_by=person.taken_in_by if given else None,
        )

    def _standing(self, said: ConsentStatement) -> dict[str, Any]:
        given_for = f"{said.purpose}:{said.channel}" if said.state == "given" else None
        asked_at = said.said_at if said.state == "pending" else None
        row_id = ids.at(said.said_at, self._random)
        more = {"id": row_id, "statement_id": said.id, "given_for": given_for, "asked_at": asked_at}
        return {**_columns(said), **more}


def _row(said: ConsentStatement) -> dict[str, Any]:
    return {**_columns(said), "id": said.id, "recorded_by": said.recorded_by}


def _columns(said: ConsentStatement) -> dict[str, Any]:
    columns = {name: getattr(said, name) for name in _SAID}
    return {**columns, "created_at": said.said_at, "updated_at": said.said_at}
