"""Tokens on open connections: they end, are replaced, and what they were worth is asked anew when that changes."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from flask import Flask
from msgspec import Struct

from core.actor import Actor
from core.allow_lists import boundary
from core.allow_lists.errors import AddressNotAllowed
from core.auth import api as auth
from core.auth.api import principals
from core.auth.errors import InvalidToken
from core.errors import Fault, Invalid
from core.realtime.errors import AnotherPerson
from core.realtime.protocol import DEFAULT, EXPIRING_SECONDS, AuthExpiring, AuthRefresh, SessionRevoked
from core.revocations.api import Revoked
from gateway import work
from gateway.rooms import Rooms
from gateway.sessions import Session, Sessions, Turn
from gateway.sockets import Sockets
from gateway.topics import Topics

log = structlog.get_logger()


class Credentials:
    """Watches over the tokens of this process' sessions. `later` runs a call in the background."""

    def __init__(
        self,
        app: Flask,
        sockets: Sockets,
        sessions: Sessions,
        topics: Topics,
        rooms: Rooms,
        later: Callable[[Callable[[], None]], None],
    ) -> None:
        self._app = app
        self._sockets = sockets
        self._sessions = sessions
        self._topics = topics
        self._rooms = rooms
        self._later = later

    def open(self, transport: str, token: str, *, address: str) -> Session:
        """The session of a transport whose client shows a token. Raises InvalidToken, AddressNotAllowed, AnotherPerson.

        API keys are no tokens: programs have the change feed and webhooks.
        """
        actor, expires = _read(token, address)
        made = Session(transport, actor, token, expires, address)
        session = self._sessions.add(made)
        if session is not made:
            self._replace(session, actor, token, expires)
        return session

    def refresh(self, turn: Turn, sent: AuthRefresh) -> AuthExpiring:
        """Go on with a new token. Raises Invalid, InvalidToken, AddressNotAllowed, AnotherPerson."""
        token = _sent(sent)
        actor, expires = _read(token, turn.session.address)
        self._replace(turn.session, actor, token, expires)
        return AuthExpiring(int(turn.session.expires))

    def actor_of(self, session: Session) -> Actor:
        """The person of a session with the rights they have now.

        Raises InvalidToken and AddressNotAllowed, and ends the session then.
        """
        try:
            actor = _admitted(session.token, session.address)
        except (InvalidToken, AddressNotAllowed):
            self.end(session)
            raise
        if actor == session.actor:
            return session.actor
        # The feed of revocations will say so too, but this event comes first.
        self._check_later(session)
        return actor

    def end(self, session: Session) -> None:
        """Close the transport of a session that does not count any more; unless its token simply ended, say why."""
        if session.expires > time.time():
            self._tell(session, "session_revoked", SessionRevoked())
            self._sockets.close(session.transport, "The session was ended")
        else:
            self._sockets.close(session.transport, "The token has ended")

    def revoked(self, told: Revoked) -> None:
        """Act on a revocation; short, the rest is done in the background."""
        for session in self._sessions:
            if told.kind == "session":
                if session.session_id == told.subject_id:
                    self.end(session)
            elif told.kind == "all" or _concerns(told, session):
                self._check_later(session)

    def check(self, session: Session) -> None:
        """Ask anew what a session may do, and take from it what it may not do any more."""
        session.check_due = False
        if session.ended:
            return
        try:
            with work.event(self._app, chore="check"):
                work.persistently(lambda: self._check(session), reads=True)
        except (InvalidToken, AddressNotAllowed):
            self.end(session)
        except Exception:
            # Whoever cannot be checked must not stay; the client connects again, and is checked then.
            log.exception("socket.not_checked")
            self._sockets.close(session.transport, "Your rights could not be checked")

    def tick(self) -> None:
        """Once a second: warn of tokens that end soon, and close the transports of those that have ended."""
        now = time.time()
        for session in self._sessions:
            if session.expires <= now:
                self.end(session)
            elif session.expires - EXPIRING_SECONDS <= now and not session.warned:
                session.warned = True
                self._tell(session, "auth.expiring", AuthExpiring(int(session.expires)))

    def _check(self, session: Session) -> None:
        actor = _admitted(session.token, session.address)
        with session.lock:
            # From here on, what was allowed before is not put in force any more.
            session.epoch += 1
            epoch, session.actor = session.epoch, actor
        work.become(actor)
        self._rooms.settle(session, actor, epoch)
        self._rooms.check(session, actor)
        self._topics.check(session, actor)

    def _check_later(self, session: Session) -> None:
        if not session.check_due:
            session.check_due = True
            self._later(lambda: self.check(session))

    def _replace(self, session: Session, actor: Actor, token: str, expires: float) -> None:
        if (actor.agency_id, actor.user_id) != (session.actor.agency_id, session.actor.user_id):
            raise AnotherPerson
        if expires <= session.expires:
            return
        changed = actor != session.actor
        with session.lock:
            session.token, session.expires, session.warned = token, expires, False
            # At once: its revocation may come before the rights are asked anew.
            session.session_id = actor.session_id
        if changed:
            self._check_later(session)

    def _tell(self, session: Session, event: str, data: Struct) -> None:
        with session.lock:
            namespace = DEFAULT if DEFAULT in session.sids else next(iter(session.sids), DEFAULT)
            sid = session.sids.get(namespace)
        if sid is not None:
            self._sockets.emit(namespace, event, data, to=sid)


def _sent(sent: AuthRefresh) -> str:
    """The token of a refresh, or the one its ticket stands for. Raises Invalid, InvalidToken."""
    token, ticket = sent.token, sent.ticket
    if isinstance(token, str) == isinstance(ticket, str):
        raise Invalid(errors=[Fault("/token", "either", "Send either a token or a ticket")])
    return token if isinstance(token, str) else auth.redeem_ticket(str(ticket))


def _admitted(token: str, address: str) -> Actor:
    """Whose a token is, who may work from where they are. Raises InvalidToken, AddressNotAllowed."""
    actor = principals().actor_of(token)
    boundary.admit(actor, address)
    return actor


def _read(token: str, address: str) -> tuple[Actor, float]:
    """Whose a token is and when it ends. Raises InvalidToken, AddressNotAllowed."""
    actor = _admitted(token, address)
    return actor, float(auth.verify(token).exp)


def _concerns(told: Revoked, session: Session) -> bool:
    if told.agency_id != session.agency_id:
        return False
    return told.kind == "agency" or told.subject_id in {session.user_id, session.actor.impersonator_id}
