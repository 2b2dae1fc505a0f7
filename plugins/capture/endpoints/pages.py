"""Forms as pages of their own, which work without a script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import msgspec
from flask import Response, request, url_for
from jinja2 import Environment, StrictUndefined

from core.sdk import Blueprint, Fault, Invalid, NotFound, Problem, Sent, TooManyRequests

from ..schemas.forms import PublicForm
from ..service import posting, wording

blueprint = Blueprint("capture_pages", description="Forms as pages.")
_HTML = "text/html; charset=utf-8"
_BRIEFLY = "public, max-age=300"
# What the pages of those who tell people from programs need.
_CAPTCHAS: Mapping[str, tuple[str, str, str]] = {
    "turnstile": (
        "https://challenges.cloudflare.com/turnstile/v0/api.js",
        "cf-turnstile",
        "https://challenges.cloudflare.com",
    ),
    "hcaptcha": ("https://js.hcaptcha.com/1/api.js", "h-captcha", "https://hcaptcha.com https://*.hcaptcha.com"),
}
# Which of the words says so.
_BY_CODE: Mapping[str, str] = {"length": "too_long", "choice": "choice", "order": "order"}
_BY_KIND: Mapping[str, str] = {
    "email": "email",
    "phone": "phone",
    "number": "number",
    "decimal": "number",
    "date": "date",
    "choice": "choice",
    "choices": "choice",
}


@blueprint.get("/<key>", public=True, uncached=True)
@blueprint.file("text/html")
def page(key: str) -> Response:
    """Show a form as a page."""
    try:
        shown = posting.open_page(key)
    except NotFound:
        return _nowhere()
    return _drawn(key, shown, values={}, faults=())


@blueprint.get("/<key>/thanks", public=True)
@blueprint.file("text/html")
def thanks(key: str) -> Response:
    """Show what whoever sent a form is told."""
    try:
        shown = posting.open_page(key)
    except NotFound:
        return _nowhere()
    return _page("thanks.html", shown, 200, said=shown.thanks)


def answer(key: str, sent: Sent, arrival: posting.Arrival) -> Response:
    """Take in what a page without a script sent: lead on, or show the form once more with what is wrong."""
    try:
        told = posting.post(key, sent, arrival)
    except (Invalid, TooManyRequests) as problem:
        return _again(key, sent, problem)
    except NotFound:
        return _nowhere()
    return Response(status=303, headers={"Location": told.redirect_url or url_for("capture_pages.thanks", key=key)})


def kept_briefly(form: PublicForm) -> Response:
    """The same for everybody, and kept for some minutes by whoever asked."""
    response = Response(msgspec.json.encode(form), content_type="application/json")
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:32])
    response.headers["Cache-Control"] = _BRIEFLY
    response.make_conditional(request)
    return response


def _again(key: str, sent: Sent, problem: Problem) -> Response:
    shown = posting.open_page(key)
    try:
        values = sent.values()
    except Problem:
        values = {}
    if any(fault.code == posting.CHANGED for fault in problem.errors):
        # What was ticked was something else.
        values = {name: value for name, value in values.items() if not name.startswith("consent.")}
    response = _drawn(key, shown, values=values, faults=problem.errors, problem=problem)
    response.headers.update(problem.headers)
    return response


def _drawn(
    key: str,
    shown: posting.Opened,
    *,
    values: Mapping[str, Any],
    faults: tuple[Fault, ...],
    problem: Problem | None = None,
) -> Response:
    form, words = shown.form, wording.of(shown.form.language)
    kinds = {f"/values/{each.name}": each.kind for each in form.fields}
    captcha = _CAPTCHAS.get(form.captcha.provider) if form.captcha else None
    return _page(
        "form.html",
        shown,
        problem.status if problem else 200,
        action=url_for("capture_public.send", key=key),
        values=values,
        chosen=_chosen,
        wrong={fault.pointer: _told(fault, kinds.get(fault.pointer, ""), words) for fault in faults},
        busy=words.busy if isinstance(problem, TooManyRequests) else "",
        captcha=captcha,
        names=_names(form),
    )


def _page(template: str, shown: posting.Opened, status: int, **more: Any) -> Response:
    form = shown.form
    style = _style(form.color)
    html = _template(template).render(
        form=form, token=shown.token, words=wording.of(form.language), style=style, **more
    )
    return _answered(html, status, _policy(shown, style))


def _nowhere() -> Response:
    """A page for whoever comes to where no form is, in a language of theirs. Raises NotFound for programs."""
    if all(kind != "text/html" for kind, _ in request.accept_mimetypes):
        # Browsers name it first of all; programs are told as everywhere.
        raise NotFound
    # Not `best_match`, which takes English before the French of Canada where that is asked for first.
    asked = (wording.main_of(tag) for tag, quality in request.accept_languages if quality)
    language = next((each for each in asked if each in wording.LANGUAGES), "en")
    style, words = _style(None), wording.of(language)
    html = _template("gone.html").render(
        language=language, direction=wording.direction(language), said=words.gone, style=style
    )
    return _answered(html, NotFound.status, f"{_nothing_but(style)}; base-uri 'none'; frame-ancestors 'self'")


def _answered(html: str, status: int, policy: str) -> Response:
    response = Response(html, status, content_type=_HTML)
    response.headers["Content-Security-Policy"] = policy
    # A browser that may not say where it comes from calls its own pages strangers.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    return response


def _policy(shown: posting.Opened, style: str) -> str:
    leads_to = urlsplit(shown.redirect_url or "")
    redirect = f" {leads_to.scheme}://{leads_to.netloc}" if shown.redirect_url else ""
    captcha = shown.form.captcha
    theirs = _CAPTCHAS[captcha.provider][2] if captcha and captcha.provider in _CAPTCHAS else ""
    scripts = f"script-src {theirs}; frame-src {theirs}; connect-src {theirs}; " if theirs else ""
    return (
        f"{_nothing_but(style)} {theirs}; {scripts}base-uri 'none';"
        f" form-action 'self'{redirect}; frame-ancestors 'self' {' '.join(shown.origins)}"
    )


def _nothing_but(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'"


def _told(fault: Fault, kind: str, words: wording.Words) -> str:
    """What is wrong with a field of some kind, in the form's language."""
    if fault.pointer == "/token" or fault.code == posting.CHANGED:
        return words.again
    if fault.pointer == "/captcha":
        return words.robot
    if fault.code == "required":
        return words.consent if fault.pointer.startswith("/consents/") else words.fill_in
    # What is wrong with one of several words is that it is no number.
    of_kind = "number" if kind == "words" and fault.code in {"type", "range"} else kind
    name = _BY_CODE.get(fault.code) or _BY_KIND.get(of_kind, "wrong")
    told: str = getattr(words, name)
    return told


def _names(form: PublicForm) -> dict[str, str]:
    """What each place that something may be wrong with is called."""
    fields = {f"/values/{each.name}": each.label for each in form.fields}
    return fields | {f"/consents/{each.purpose}": each.text.rstrip(".") for each in form.consents}


def _chosen(values: Mapping[str, Any], name: str) -> list[str]:
    found = values.get(name, [])
    return found if isinstance(found, list) else [found]


@cache
def _style(color: str | None) -> str:
    accent = color or "#0b62bb"
    on = "#ffffff" if _luminance(accent) < 0.36 else "#111820"
    return _read("form.css").replace("ACCENT_ON", on).replace("ACCENT", accent)


def _luminance(color: str) -> float:
    """How light a colour is, from 0 to 1 (WCAG 2.2, relative luminance)."""
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@cache
def _template(name: str) -> Any:
    made = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    return made.from_string(_read(name))


@cache
def _read(name: str) -> str:
    return (files(__package__.rpartition(".")[0]) / "templates" / name).read_text()
