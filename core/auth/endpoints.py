"""Sign-in over HTTP."""

from __future__ import annotations

from core.auth import rotation, service, sessions
from core.auth.schemas import Challenge, Login, Me, PasswordChange, Refresh, Switch, Tokens
from core.config import Settings
from core.http.blueprint import Blueprint


def _sign_ins(settings: Settings) -> str:
    return settings.rate_limit_login


blueprint = Blueprint("auth", description="Sign in, stay signed in, sign out.")


@blueprint.post("/login", public=True, limit=_sign_ins, credentials=True, problems=(401, 403))
@blueprint.arguments(Login)
@blueprint.response(200, Tokens)
@blueprint.or_response(202, Challenge)
def login(credentials: Login) -> Tokens | Challenge:
    """Sign in with e-mail address and password."""
    return service.sign_in(credentials)


@blueprint.post("/refresh", public=True, limit=_sign_ins, credentials=True, problems=(401,))
@blueprint.arguments(Refresh)
@blueprint.response(200, Tokens)
def refresh(body: Refresh) -> Tokens:
    """Trade the refresh token for the next pair. Using one twice ends the session."""
    return rotation.refresh(body.refresh_token)


@blueprint.post("/switch", signed_in=True, credentials=True)
@blueprint.arguments(Switch)
@blueprint.response(200, Tokens)
def switch(body: Switch) -> Tokens:
    """Act in another agency you belong to."""
    return sessions.switch(body.agency)


@blueprint.post("/logout", signed_in=True)
@blueprint.response(204)
def logout() -> None:
    """End this session: its access and refresh tokens stop working."""
    sessions.sign_out()


@blueprint.post("/password", signed_in=True, limit=_sign_ins)
@blueprint.arguments(PasswordChange)
@blueprint.response(204)
def change_password(change: PasswordChange) -> None:
    """Change your password; every other session of yours ends."""
    service.change_password(change)


@blueprint.get("/me", signed_in=True)
@blueprint.response(200, Me)
def me() -> Me:
    """Who you are, where, and what you may do."""
    return service.me()
