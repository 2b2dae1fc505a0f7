"""The pages that links in letters lead to, as long as no front end of the agencies' own answers them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec
from flask import Response
from jinja2 import Environment, StrictUndefined

from core.http.contract import Rule, declare
from core.http.documents import revalidated

if TYPE_CHECKING:
    from core.http.application import Application


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What one kind of link asks of whoever opened it, and says afterwards."""

    title: str
    about: str
    sends: str
    """Where in the API the token goes."""
    looks: str = ""
    """Where the API tells first what the link offers."""
    asks_name: bool = False
    password: str = ""
    """What the field for a password is called; none where there is nothing to say."""
    is_for_somebody_new: bool = True
    """Whether a password chosen here is the first one of its account."""
    button: str
    done: str


PAGES = {
    "invitation": Page(
        title="You are invited",
        about="Join your colleagues in Tripfile.",
        looks="/invitations/look",
        sends="/invitations/accept",
        asks_name=True,
        password="Password",  # noqa: S106 - what a field is called
        button="Join",
        done="You are in. Sign in with your e-mail address and this password.",
    ),
    "new-password": Page(
        title="A new password",
        about="Choose the password you sign in with from now on. You are signed out everywhere.",
        sends="/auth/password/reset",
        password="New password",  # noqa: S106 - what a field is called
        is_for_somebody_new=False,
        button="Set the password",
        done="This is your password now. Sign in with it.",
    ),
    "email": Page(
        title="Your e-mail address",
        about="Confirm that this letter reached you, and that you sign in with its address.",
        sends="/auth/email/verify",
        button="Confirm the address",
        done="Thank you, the address is confirmed.",
    ),
    "email-undo": Page(
        title="Keep your e-mail address",
        about="Somebody asked to move your account to another address. You keep this one, or get it back.",
        sends="/auth/email/undo",
        button="It was not me",
        done="The address is yours, and everybody is signed out. A letter with a link to a new password is on its way.",
    ),
    "registration": Page(
        title="One more step",
        about="Choose a password, and your account and your agency are made.",
        sends="/auth/register/verify",
        password="Password",  # noqa: S106 - what a field is called
        button="Begin",
        done="Your agency is made. Sign in with your e-mail address and this password.",
    ),
}
_ASSETS = {"link.js": "text/javascript", "link.css": "text/css"}
# The script writes texts alone, never HTML: browsers that know of it hold it to that.
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)


def install(app: Application) -> None:
    """Add `/app/<kind>` for each kind of link, with a style and a script, unless FRONT_END_URL says who has them."""
    if app.settings.front_end_url:
        return
    for name in PAGES:
        _add(app, f"/app/{name}", f"link_{name}", name)
    for name in _ASSETS:
        _add(app, f"/app/{name}", f"link_{name.replace('.', '_')}", name)


def _add(app: Application, address: str, endpoint: str, name: str) -> None:
    def view() -> Response:
        return _asset(name) if name in _ASSETS else _page(name, app.settings.api_prefix)

    declare(view, Rule(public=True, internal=True))
    app.add_url_rule(address, endpoint, view, methods=["GET"])


def _page(name: str, api_prefix: str) -> Response:
    response = revalidated(_rendered(name, api_prefix), "text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = _CSP
    return response


def _asset(name: str) -> Response:
    return revalidated(_read(name), _ASSETS[name])


@cache
def _rendered(name: str, api_prefix: str) -> bytes:
    templates = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    template = templates.from_string(_read("link.html").decode())
    return template.render(page=PAGES[name], kind=name, api=api_prefix).encode()


@cache
def _read(name: str) -> bytes:
    return (files("core.http") / "pages" / name).read_bytes()
