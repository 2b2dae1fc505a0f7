"""What looks after API keys in the background."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func

from core import clock
from core.api_keys import form, repository
from core.api_keys.models import ApiKey
from core.db.session import apart
from core.jobs.job import job
from core.mail import api as mail

KEEP = timedelta(days=90)
"""How long keys that have ended stay in the list."""
_TEXT = """Hello {name},

your API key "{key_name}" ({prefix}...) was reported as found where it does
not belong, as in a public repository, and has been revoked. Whatever used it
does not work any more.

Find out where it was published and remove it there, look in the audit log for
what was done with it, then make a new key.
"""


@job()
def tell_owner(key_id: UUID) -> None:
    """Write to the owner of a key that was reported and revoked."""
    owner = repository.owner_of(key_id)
    if owner is None:
        return
    prefix = form.prefix(key_id, within=repository.environment())
    text = _TEXT.format(name=owner.name, key_name=owner.key_name, prefix=prefix)
    mail.send(mail.Message(to=owner.email, subject="An API key of yours was found and revoked", text=text))


@job(platform=True, schedule="41 3 * * *")
def forget_ended() -> None:
    """Remove the keys that ended long ago."""
    ended = func.least(ApiKey.revoked_at, ApiKey.expires_at)
    with apart() as session:
        session.execute(delete(ApiKey).where(ended < clock.now() - KEEP))
