"""What can go wrong with lists of allowed networks."""

from __future__ import annotations

from core.errors import Conflict, Forbidden


class AddressNotAllowed(Forbidden):
    """The caller's address is on none of the lists that hold for them."""

    code = "address_not_allowed"
    title = "You may not work from this network"


class WouldLockYouOut(Conflict):
    """After this change the caller could not work from where they are."""

    code = "would_lock_you_out"
    title = "This would lock you out: your own address must stay allowed"


class AlreadyListed(Conflict):
    """The agency or the role has a list already."""

    code = "already_listed"
    title = "There is a list already; change that one"
