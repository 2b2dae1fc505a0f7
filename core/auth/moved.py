"""Where what lay flat in core.auth went; gone once nobody asks by the old names."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

_MODULES = {
    "core.auth.addresses": "core.auth.accounts.addresses",
    "core.auth.admission": "core.auth.ways_in.admission",
    "core.auth.answers": "core.auth.letters.writing",
    "core.auth.attempts": "core.auth.guessing.attempts",
    "core.auth.blocklist": "core.auth.passwords.blocklist",
    "core.auth.breaches": "core.auth.passwords.breaches",
    "core.auth.choices": "core.auth.passwords.choices",
    "core.auth.commands": "core.keyring.commands",
    "core.auth.cookies": "core.auth.tokens.cookies",
    "core.auth.credentials": "core.auth.passwords.credentials",
    "core.auth.devices": "core.auth.sessions.devices",
    "core.auth.endpoints": "core.auth.http.sign_in",
    "core.auth.facts": "core.auth.ways_in.facts",
    "core.auth.guards": "core.auth.guessing.models",
    "core.auth.identities": "core.auth.accounts.identities",
    "core.auth.keys": "core.keyring.upkeep",
    "core.auth.letters": "core.auth.letters.outbox",
    "core.auth.one_time": "core.auth.once.one_time",
    "core.auth.open_sessions": "core.auth.sessions.listing",
    "core.auth.pairs": "core.auth.sessions.pairs",
    "core.auth.password_endpoints": "core.auth.http.links",
    "core.auth.password_schemas": "core.auth.accounts.schemas",
    "core.auth.passwords": "core.auth.passwords.hashing",
    "core.auth.people": "core.auth.people.persons",
    "core.auth.principals": "core.auth.sessions.principals",
    "core.auth.proof_endpoints": "core.auth.http.proofs",
    "core.auth.refresh_tokens": "core.auth.tokens.refresh",
    "core.auth.registration": "core.auth.accounts.registration",
    "core.auth.repository": "core.auth.sessions.standing",
    "core.auth.requirements": "core.auth.sessions.requirements",
    "core.auth.resets": "core.auth.accounts.resets",
    "core.auth.revocations": "core.revocations.api",
    "core.auth.rotation": "core.auth.sessions.rotation",
    "core.auth.rules": "core.auth.passwords.rules",
    "core.auth.second_step": "core.auth.ways_in.second_step",
    "core.auth.service": "core.auth.ways_in.password",
    "core.auth.sessions": "core.auth.sessions.opening",
    "core.auth.step_up": "core.auth.ways_in.proving",
    "core.auth.switching": "core.auth.ways_in.switching",
    "core.auth.throttle": "core.auth.guessing.throttle",
    "core.auth.tickets": "core.auth.sessions.tickets",
    "core.auth.tokens": "core.auth.tokens.access",
    "core.auth.wording": "core.auth.letters.wording",
    "core.keyring": "core.keyring.rings",
}
_NAMES = {
    ("core.auth.guards", "Device"): ("core.auth.sessions.models", "Device"),
    ("core.auth.guards", "Letter"): ("core.auth.letters.models", "Letter"),
    ("core.auth.letters", "Details"): ("core.auth.letters.topics", "Details"),
    ("core.auth.letters", "EmailChangeAsked"): ("core.auth.letters.topics", "EmailChangeAsked"),
    ("core.auth.letters", "EmailChangeBegun"): ("core.auth.letters.topics", "EmailChangeBegun"),
    ("core.auth.letters", "EmailChanged"): ("core.auth.letters.topics", "EmailChanged"),
    ("core.auth.letters", "NewDevice"): ("core.auth.letters.topics", "NewDevice"),
    ("core.auth.letters", "PasswordSet"): ("core.auth.letters.topics", "PasswordSet"),
    ("core.auth.letters", "RegistrationAsked"): ("core.auth.letters.topics", "RegistrationAsked"),
    ("core.auth.letters", "ResetAsked"): ("core.auth.letters.topics", "ResetAsked"),
    ("core.auth.letters", "VerificationAsked"): ("core.auth.letters.topics", "VerificationAsked"),
    ("core.auth.models", "Credential"): ("core.auth.passwords.models", "Credential"),
    ("core.auth.models", "OneTimeToken"): ("core.auth.once.models", "OneTimeToken"),
    ("core.auth.models", "Revocation"): ("core.revocations.models", "Revocation"),
    ("core.auth.repository", "AGENCIES"): ("core.auth.people.places", "AGENCIES"),
    ("core.auth.repository", "IDENTITY"): ("core.auth.passwords.credentials", "IDENTITY"),
    ("core.auth.repository", "IDENTITY_BY_ID"): ("core.auth.passwords.credentials", "IDENTITY_BY_ID"),
    ("core.auth.repository", "Identity"): ("core.auth.passwords.credentials", "Identity"),
    ("core.auth.repository", "MOST_SESSIONS"): ("core.auth.sessions.listing", "MOST_SESSIONS"),
    ("core.auth.repository", "OpenSession"): ("core.auth.sessions.listing", "OpenSession"),
    ("core.auth.repository", "PROFILE"): ("core.auth.people.persons", "PROFILE"),
    ("core.auth.repository", "SESSIONS"): ("core.auth.sessions.listing", "SESSIONS"),
    ("core.auth.repository", "end"): ("core.auth.sessions.ending", "end"),
    ("core.auth.repository", "hold"): ("core.auth.sessions.locks", "hold"),
    ("core.auth.repository", "live"): ("core.auth.sessions.locks", "live"),
    ("core.auth.repository", "locked_session"): ("core.auth.sessions.locks", "locked"),
    ("core.auth.repository", "revoke"): ("core.auth.sessions.ending", "revoke"),
    ("core.auth.repository", "standing"): ("core.auth.sessions.standing", "of"),
    ("core.auth.revocations", "CHANNEL_"): ("core.revocations.watch", "CHANNEL_"),
    ("core.auth.revocations", "EVERY"): ("core.revocations.watch", "EVERY"),
    ("core.auth.revocations", "STALE"): ("core.revocations.watch", "STALE"),
    ("core.auth.revocations", "_Listener"): ("core.revocations.watch", "_Listener"),
    ("core.auth.schemas", "PasswordChange"): ("core.auth.accounts.schemas", "PasswordChange"),
    ("core.auth.service", "change_password"): ("core.auth.accounts.password", "change"),
    ("core.auth.service", "me"): ("core.auth.http.me", "me"),
    ("core.auth.step_up", "sign_in"): ("core.auth.ways_in.passkey", "sign_in"),
    ("core.auth.step_up", "sign_in_options"): ("core.auth.ways_in.passkey", "options"),
    ("core.auth.tokens", "access_token"): ("core.auth.tokens.access", "make"),
    ("core.keyring", "RingKey"): ("core.keyring.models", "RingKey"),
}


def find(module: str, name: str) -> Any:
    """What had this name in that module."""
    folder = Path(__file__).parents[2].joinpath(*module.split("."))
    if name.startswith("__") or folder.joinpath(f"{name}.py").is_file():
        raise AttributeError(name)
    place, word = _NAMES.get((module, name)) or (_MODULES[module], name)
    return getattr(import_module(place), word)
