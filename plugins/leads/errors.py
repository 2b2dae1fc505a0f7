"""What can go wrong with leads."""

from __future__ import annotations

from core.sdk import Conflict, Forbidden


class MoveNotAllowed(Conflict):
    """The pipeline has no such step from where the lead is."""

    code = "lead_move_not_allowed"
    title = "The lead cannot go there from its present status"


class AlreadyWon(Conflict):
    """A won lead keeps its owner: the trip file has them now."""

    code = "lead_already_won"
    title = "The lead is won and keeps its owner"


class ContactIsDeleted(Conflict):
    """Whose enquiry it is was deleted after the lead was."""

    code = "lead_contact_deleted"
    title = "Restore the contact first"


class NoteOfSomebodyElse(Forbidden):
    """What somebody wrote stays theirs."""

    code = "note_of_somebody_else"
    title = "Somebody else wrote this note"


class CallOfSomebodyElse(Forbidden):
    """Whoever was on the phone knows what was said; others take `leads.delete` to correct it."""

    code = "call_of_somebody_else"
    title = "Somebody else logged this call"


class ClientsDiffer(Conflict):
    """What one client said never ends up in the lead of another: who they are comes first."""

    code = "clients_differ"
    title = "The leads are of two contacts; merge these first, or correct whose enquiry one of them is"


class WonLeadStays(Conflict):
    """The trip file stands under a won lead's reference: the other one goes into it."""

    code = "won_lead_stays"
    title = "A won lead does not go into another one; merge the other way round"
