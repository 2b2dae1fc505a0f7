"""What other parts of the core do with people's accounts and sessions: the one door into sign-in."""

from __future__ import annotations

from core.auth.accounts.identities import create, create_without_password, find, set_password
from core.auth.people.persons import Person, note_verified, plain, profile, with_email
from core.auth.people.places import belongs_to
from core.auth.sessions.ending import end, revoke
from core.auth.sessions.listing import end_of_agency
from core.auth.sessions.locks import live, locked
from core.auth.sessions.opening import open_session, open_support, yourself
from core.auth.sessions.principals import principals
from core.auth.sessions.requirements import STRONG, require_own_factor
from core.auth.sessions.standing import of as standing
from core.auth.sessions.standing import rights_of
from core.auth.sessions.tickets import hand_out as hand_out_ticket
from core.auth.sessions.tickets import redeem as redeem_ticket
from core.auth.tokens.access import Claims, verify
from core.auth.ways_in.admission import admit
from core.auth.ways_in.password import check as check_password

__all__ = [
    "STRONG",
    "Claims",
    "Person",
    "admit",
    "belongs_to",
    "check_password",
    "create",
    "create_without_password",
    "end",
    "end_of_agency",
    "find",
    "hand_out_ticket",
    "live",
    "locked",
    "note_verified",
    "open_session",
    "open_support",
    "plain",
    "principals",
    "profile",
    "redeem_ticket",
    "require_own_factor",
    "revoke",
    "rights_of",
    "set_password",
    "standing",
    "verify",
    "with_email",
    "yourself",
]
