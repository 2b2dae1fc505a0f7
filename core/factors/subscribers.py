"""Letters to people about their second factors: whoever did not do it themselves must hear of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from core.auth.people.places import belongs_to
from core.db.tenancy import current_agency_id
from core.factors.events import (
    FactorAdded,
    FactorRemoved,
    FactorsReset,
    PasskeyCountFell,
    RecoveryCodesMade,
    RecoveryCodeUsed,
)
from core.factors.repository import PERSON
from core.mail.api import Message, send

_KINDS = {"totp": "an authenticator app", "passkey": "a passkey"}
_NOT_YOU = (
    "If that was not you, change your password and look through your second factors now, and tell whoever"
    " administers your agency."
)
Told = FactorAdded | FactorRemoved | FactorsReset | PasskeyCountFell | RecoveryCodesMade | RecoveryCodeUsed


def tell_owner(event: Told) -> None:
    """Write to the person whose second factors changed, or who signed in with a recovery code."""
    person = PERSON.first(user_id=event.user_id)
    if person is None or not _is_first_told(event):
        return
    subject, sentence = _words(event)
    send(Message(to=person.email, subject=subject, text=f"{sentence}\n\n{_NOT_YOU}\n"))


def _is_first_told(event: Told) -> bool:
    """Whether this is the one letter where every agency of the person is told."""
    agencies = belongs_to(event.user_id)
    return not isinstance(event, FactorsReset) or agencies[:1] == [current_agency_id()]


def _words(event: Told) -> tuple[str, str]:
    match event:
        case FactorAdded():
            return "A second factor was added", f"Somebody signed in as you added {_KINDS[event.kind]}."
        case FactorRemoved():
            return "A second factor was removed", f"Somebody signed in as you removed {_KINDS[event.kind]}."
        case FactorsReset():
            return "Your second factors were reset", "They were removed for you, and all your sessions ended."
        case RecoveryCodesMade():
            return "New recovery codes", "Recovery codes were made for your account; earlier ones no longer work."
        case RecoveryCodeUsed():
            left = f"{event.left} of your recovery codes are left."
            return "A recovery code was used", f"Somebody proved to be you with a recovery code. {left}"
        case PasskeyCountFell():
            return "A passkey was refused", "One of your passkeys may have been copied; it was refused. Remove it."


ALL: Mapping[str, tuple[Callable[..., None], ...]] = {
    kind.name: (tell_owner,)
    for kind in (FactorAdded, FactorRemoved, FactorsReset, PasskeyCountFell, RecoveryCodesMade, RecoveryCodeUsed)
}
