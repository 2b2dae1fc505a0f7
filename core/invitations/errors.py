"""What can go wrong with invitations."""

from __future__ import annotations

from core.errors import Conflict, Forbidden, NotFound


class NoInvitation(NotFound):
    """The link is wrong, used, withdrawn, replaced by a later one, older than a week, or of a suspended agency.

    Which of these is not told.
    """

    code = "no_invitation"
    title = "This invitation is not valid any more; ask for another one"


class AlreadyInvited(Conflict):
    """There is an invitation to this address that is still good."""

    code = "already_invited"
    title = "This address has an invitation already; send it again instead"


class NotPending(Conflict):
    """The invitation was accepted or withdrawn."""

    code = "not_pending"
    title = "This invitation is not open any more"


class SignInToJoin(Forbidden):
    """The account has a second factor, which this link does not show."""

    code = "sign_in_to_join"
    title = "Sign in with your second factor, and join as who you are then"


class InvitationVoid(Conflict):
    """Whoever invited may no longer give what was offered, or it is gone."""

    code = "invitation_void"
    title = "What this invitation offered can no longer be given; ask for another one"


class ForSomebodyElse(Forbidden):
    """The signed-in person has another address than the invited one."""

    code = "for_somebody_else"
    title = "This invitation is for another address"
