"""Registering: a person founds an agency of their own once they have shown that their address is theirs."""

from __future__ import annotations

from uuid import UUID

from flask import current_app

from core.auth import answers, credentials, identities, letters, one_time, people, rules
from core.auth.errors import dead_link
from core.auth.password_schemas import Registration, Setup
from core.config import Settings
from core.db.session import apart
from core.errors import NotFound, gather
from core.fields import check_language, check_zone
from core.money import check_currency
from core.users import founding
from core.users.first_start import SETUP


def ask(draft: Registration) -> None:
    """Note who wants to register and have a letter sent, whoever has the address. Raises NotFound, Invalid."""
    if not is_open():
        raise NotFound
    made = _checked(draft)
    with apart() as session:
        letters.write(
            session,
            letters.RegistrationAsked(
                email=people.plain(draft.email),
                name=draft.name,
                stored=made.stored,
                is_long=made.is_long,
                agency=draft.agency,
                currency=draft.currency,
                zone=draft.zone,
                language=draft.language,
            ),
        )


def finish(token: str) -> None:
    """Make the person and the agency of an opened link. Raises NotFound, Invalid."""
    if not is_open():
        raise NotFound
    handed = one_time.look(answers.REGISTRATION, token)
    letter_id = UUID(handed.data["letter_id"]) if handed is not None else None
    asked = letters.read(letter_id) if letter_id is not None else None
    if letter_id is None or not isinstance(asked, letters.RegistrationAsked):
        raise dead_link()
    agency_id = founding.agency(asked.agency, currency=asked.currency, zone=asked.zone, language=asked.language)
    with apart() as session:
        if one_time.take(session, answers.REGISTRATION, token) is None or people.with_email(asked.email) is not None:
            raise dead_link()
        user_id = identities.add(session, email=asked.email, name=asked.name, language=asked.language, zone=asked.zone)
        credentials.store(session, user_id, credentials.Hashed(asked.stored, asked.is_long))
        people.note_verified(session, user_id, email=asked.email)
        letters.drop(session, letter_id)
    founding.appoint_owner(agency_id, user_id)


def set_up(draft: Setup) -> None:
    """Make the first agency and its owner by the operator's token. Raises NotFound once there is one, Invalid."""
    if founding.is_done():
        raise NotFound
    if one_time.look(SETUP, draft.token) is None:
        raise dead_link()
    made = _checked(draft)
    agency_id = founding.agency(draft.agency, currency=draft.currency, zone=draft.zone, language=draft.language)
    with apart() as session:
        if one_time.take(session, SETUP, draft.token) is None:
            raise dead_link()
        user_id = identities.add(
            session, email=people.plain(draft.email), name=draft.name, language=draft.language, zone=draft.zone
        )
        credentials.store(session, user_id, made)
    founding.appoint_owner(agency_id, user_id)


def is_open() -> bool:
    """Whether REGISTRATION lets anybody register now."""
    settings: Settings = current_app.extensions["tripfile.settings"]
    return settings.registration == "open" or (settings.registration == "first" and not founding.is_done())


def _checked(draft: Registration) -> credentials.Hashed:
    """The hash of the password, where all of the draft is well. Raises Invalid with every fault."""
    gather(
        lambda: rules.check_rules(draft.password, about=(draft.email, draft.name, draft.agency)),
        lambda: check_currency(draft.currency),
        lambda: check_zone(draft.zone),
        lambda: check_language(draft.language),
    )
    return credentials.hashed(draft.password)
