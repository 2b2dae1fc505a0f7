"""Registering: a person founds an agency of their own once they have shown that their address is theirs."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from core.auth.accounts import identities
from core.auth.accounts.schemas import Registration, RegistrationOpened, Setup
from core.auth.errors import dead_link
from core.auth.letters import outbox
from core.auth.letters.topics import RegistrationAsked
from core.auth.once import one_time, purposes
from core.auth.passwords import credentials, rules
from core.auth.people import persons
from core.db.session import apart, unit_of_work
from core.errors import NotFound, gather
from core.extensions import settings
from core.fields import check_language, check_zone
from core.money import check_currency
from core.users import founding


def ask(draft: Registration) -> None:
    """Note who wants to register and have a letter sent, whoever has the address. Raises NotFound, Invalid."""
    if not is_open():
        raise NotFound
    gather(*_checks(draft))
    with apart() as session:
        outbox.write(session, _asked(draft))


def finish(body: RegistrationOpened) -> None:
    """Make the person and the agency of an opened link. Raises NotFound, Invalid."""
    if not is_open():
        raise NotFound
    handed = one_time.look(purposes.REGISTRATION, body.token)
    letter_id = UUID(handed.data["letter_id"]) if handed is not None else None
    asked = outbox.read(letter_id) if letter_id is not None else None
    if letter_id is None or not isinstance(asked, RegistrationAsked):
        raise dead_link()
    # Not when it was asked for: whoever typed the address in may have been anybody.
    rules.check_rules(body.password, about=_words(asked))
    made = credentials.hashed(body.password)
    user_id = _founded(asked, may=is_open)
    with apart() as session:
        # Last: until now the link can be opened again, whatever went wrong.
        if one_time.take(session, purposes.REGISTRATION, body.token) is None:
            raise dead_link()
        credentials.store(session, user_id, made)
        persons.note_verified(session, user_id, email=asked.email)
        outbox.drop(session, letter_id)


def set_up(draft: Setup) -> None:
    """Make the first agency and its owner by the operator's token. Raises NotFound once there is one, Invalid."""
    if founding.is_done():
        raise NotFound
    if one_time.look(purposes.SETUP, draft.token) is None:
        raise dead_link()
    asked = _asked(draft)
    gather(lambda: rules.check_rules(draft.password, about=_words(asked)), *_checks(draft))
    made = credentials.hashed(draft.password)
    user_id = _founded(asked, may=lambda: not founding.is_done())
    with apart() as session:
        if one_time.take(session, purposes.SETUP, draft.token) is None:
            raise dead_link()
        credentials.store(session, user_id, made)


def is_open() -> bool:
    """Whether REGISTRATION lets anybody register now."""
    return settings().registration == "open" or (settings().registration == "first" and not founding.is_done())


def _founded(asked: RegistrationAsked, *, may: Callable[[], bool]) -> UUID:
    """An agency and its owner, who cannot sign in yet. Raises NotFound, Invalid, and then there is no agency."""
    with unit_of_work():
        founding.hold()
        # Another link may have been opened meanwhile.
        if not may():
            raise NotFound
        user_id = _person(asked)
        agency_id = founding.agency(asked.agency, currency=asked.currency, zone=asked.zone, language=asked.language)
        founding.appoint_owner(agency_id, user_id)
    return user_id


def _person(asked: RegistrationAsked) -> UUID:
    """The new person, also where an earlier attempt got no further than them. Raises Invalid."""
    person = persons.with_email(asked.email)
    if person is not None:
        if not person.is_blank:
            raise dead_link()
        return person.id
    with apart() as session:
        return identities.add(session, email=asked.email, name=asked.name, language=asked.language, zone=asked.zone)


def _asked(draft: Registration) -> RegistrationAsked:
    return RegistrationAsked(
        email=persons.plain(draft.email),
        name=draft.name,
        agency=draft.agency,
        currency=draft.currency,
        zone=draft.zone,
        language=draft.language,
    )


def _words(asked: RegistrationAsked) -> tuple[str, ...]:
    """What a password must not be made of."""
    return (asked.email, asked.name, asked.agency)


def _checks(draft: Registration) -> tuple[Callable[[], object], ...]:
    return (
        lambda: check_currency(draft.currency),
        lambda: check_zone(draft.zone),
        lambda: check_language(draft.language),
    )
