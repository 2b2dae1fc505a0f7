"""Sign-in over HTTP."""

from __future__ import annotations

from uuid import UUID

from flask import request

from core.auth import permissions
from core.auth.accounts import new_passwords
from core.auth.accounts.schemas import PasswordChange
from core.auth.http import profile
from core.auth.schemas import AgencySignOut, Challenge, Login, Me, Refresh, SessionList, SocketTicket, Switch, Tokens
from core.auth.sessions import listing, opening, rotation, tickets
from core.auth.tokens import cookies
from core.auth.ways_in import password, switching
from core.config import Settings
from core.http.blueprint import Blueprint
from core.users.permissions import MANAGE as MANAGE_MEMBERS


def _sign_ins(settings: Settings) -> str:
    return settings.rate_limit_login


blueprint = Blueprint("auth", description="Sign in, stay signed in, sign out.")


@blueprint.post("/login", public=True, limit=_sign_ins, credentials=True, problems=(401, 403))
@blueprint.arguments(Login)
@blueprint.response(200, Tokens)
@blueprint.or_response(202, Challenge)
def login(credentials: Login) -> Tokens | Challenge:
    """Sign in with e-mail address and password."""
    if credentials.cookies:
        cookies.wish()
    return password.sign_in(credentials)


@blueprint.post("/refresh", public=True, limit=_sign_ins, credentials=True, problems=(401, 403))
@blueprint.arguments(Refresh)
@blueprint.response(200, Tokens)
def refresh(body: Refresh) -> Tokens:
    """Trade the refresh token for the next pair. Using one twice ends the session."""
    return rotation.refresh(rotation.sent(body))


@blueprint.post("/switch", signed_in=True, everywhere=True, credentials=True)
@blueprint.arguments(Switch)
@blueprint.response(200, Tokens)
@blueprint.or_response(202, Challenge)
def switch(body: Switch) -> Tokens | Challenge:
    """Act in another agency you belong to."""
    return switching.switch(body.agency)


@blueprint.post("/logout", signed_in=True)
@blueprint.response(204)
def logout() -> None:
    """End this session: its access and refresh tokens stop working."""
    opening.sign_out()
    if cookies.wanted(request):
        cookies.forget()


@blueprint.post("/password", signed_in=True, everywhere=True, step_up=True, limit=_sign_ins, credentials=True)
@blueprint.arguments(PasswordChange)
@blueprint.response(204)
def change_password(change: PasswordChange) -> None:
    """Change your password; every other session of yours ends."""
    new_passwords.change(change)


@blueprint.get("/me", signed_in=True)
@blueprint.response(200, Me)
def me() -> Me:
    """Who you are, where, and what you may do."""
    return profile.me()


@blueprint.get("/sessions", signed_in=True, everywhere=True)
@blueprint.response(200, SessionList)
def show_sessions() -> SessionList:
    """Where you are signed in."""
    return listing.rows()


@blueprint.delete("/sessions", signed_in=True, everywhere=True)
@blueprint.response(204)
def end_other_sessions() -> None:
    """Sign out everywhere but here."""
    listing.end_others()


@blueprint.delete("/sessions/<uuid:session_id>", signed_in=True, everywhere=True)
@blueprint.response(204)
def end_session(session_id: UUID) -> None:
    """Sign out somewhere: its tokens and live connections end within two seconds."""
    listing.end(session_id)


@blueprint.delete("/members/<uuid:user_id>/sessions", permission=MANAGE_MEMBERS, step_up=True)
@blueprint.response(204)
def end_sessions_of_member(user_id: UUID) -> None:
    """Sign a member out of this agency, everywhere."""
    listing.end_of_member(user_id)


@blueprint.post("/agency/sign-out", permission=permissions.END_SESSIONS, step_up=True)
@blueprint.arguments(AgencySignOut)
@blueprint.response(204)
def end_sessions_of_agency(body: AgencySignOut) -> None:
    """Sign everybody out of this agency but yourself."""
    listing.end_of_agency(body.agency)


@blueprint.post("/socket-ticket", signed_in=True, credentials=True)
@blueprint.response(200, SocketTicket)
def hand_out_socket_ticket() -> SocketTicket:
    """A ticket for one socket connection, in place of the access token."""
    return tickets.hand_out()
