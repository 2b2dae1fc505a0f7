"""Looking after the rings of keys: what there is, a new one, and an end to an old one."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from core import clock
from core.agencies.models import Agency
from core.db.session import apart
from core.errors import Conflict, NotFound
from core.keyring import rings
from core.keyring.rings import SETTLED_AFTER, TOKENS, VAULT, Key
from core.revocations import api as revocations

RINGS = {
    TOKENS: "Signs access and refresh tokens.",
    VAULT: "Encrypts the keys of what is encrypted.",
}


class KeyInUse(Conflict):
    """Something is encrypted under the key still, and would be lost."""

    code = "key_in_use"
    title = "Something is still encrypted under this key"


def every(ring: str) -> list[Key]:
    """The keys of a ring, the oldest first. Raises NotFound."""
    return _ring(ring).all()


def rotate(ring: str) -> Key:
    """Make a new current key. What the one before signed or encrypted stays good. Raises NotFound."""
    found = _ring(ring)
    # A ring that was never used gets its first key, so that there is one to go on with meanwhile.
    found.current()
    return found.rotate()


def drop(ring: str, key_id: UUID) -> None:
    """Make what an old key signed worthless: whoever has such a token signs in again. Raises NotFound, KeyInUse."""
    found = _ring(ring)
    if ring == VAULT:
        _refuse_loss(found, key_id)
    found.drop(key_id)
    if ring == TOKENS:
        _have_tokens_checked()


def _refuse_loss(ring: rings.Ring, key_id: UUID) -> None:
    # Late: the vault stands on the rings.
    from core.vault import rewrapping

    if clock.now() - ring.current().made_at < SETTLED_AFTER:
        raise KeyInUse("Some process may still encrypt under it: wait a minute, then run `tripfile vault rewrap`")
    unseen = rewrapping.unseen()
    if unseen:
        raise KeyInUse(f"What {', '.join(unseen)} sealed is not counted: load these plugins, or remove them")
    needed = rewrapping.uses(key_id)
    if needed:
        raise KeyInUse(f"{needed} keys and secrets still need it: run `tripfile vault rewrap` first")


def _have_tokens_checked() -> None:
    """Processes would notice within half a minute; told, they do within seconds, and live connections too."""
    with apart() as session:
        for agency_id in session.scalars(select(Agency.id)):
            revocations.revoke("agency", agency_id, agency_id=agency_id, session=session)


def _ring(name: str) -> rings.Ring:
    if name not in RINGS:
        raise NotFound(f"There is no ring {name}; there are {', '.join(RINGS)}")
    return rings.ring(name)
