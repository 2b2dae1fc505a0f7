"""Passwords that people choose for themselves: how long they must be depends on what else they sign in with."""

from __future__ import annotations

from uuid import UUID

from core.auth.passwords import credentials, rules
from core.auth.passwords.credentials import Hashed
from core.auth.people import persons
from core.factors import api as factors


def chosen_by(user_id: UUID, password: str, *, pointer: str = "/password") -> Hashed:
    """A password somebody chose, hashed. Raises Invalid."""
    person = persons.of(user_id)
    about = person.words if person else ()
    has_factor = any(place.has_factor for place in factors.places(user_id))
    least = rules.WITH_FACTOR if has_factor else rules.ALONE
    rules.check_rules(password, pointer=pointer, minimum=least, about=about)
    return credentials.hashed(password)
