"""What strangers send by a form: read, judged, kept, and made a lead of; they all hear the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

import msgspec

from core.sdk import Fault, Invalid, Sent, clock, decoding, gather, limits, origins, settings_of

from ..errors import OriginNotAllowed
from ..hookspecs import CaptchaAnswer
from ..repository import forms
from ..schemas.forms import FormPost, FormThanks, FormToken, FormView, PublicForm
from ..schemas.submissions import ConsentSaid, Payload
from ..settings import CaptureSettings
from . import captchas, intake, keys, shown, tokens, wording
from . import forms as own
from .catalogue import UTM, still
from .reading import VALUES, Filled

_CONSENT, _VERSION = "consent.", "consent_version."
_ANSWERS = ("captcha", "cf-turnstile-response", "h-captcha-response", "g-recaptcha-response")
CHANGED = "changed"
_TOLD = ("/token", "/captcha")


class Arrival(NamedTuple):
    """How something was sent."""

    origin: str
    """The page it was sent from, as its browser says; empty where it was none."""
    address: str
    here: str
    """The origin it was sent to."""
    once: str
    """The Idempotency-Key that came with it."""


def show(key: str, *, origin: str) -> PublicForm:
    """A form, for whoever draws it. Raises NotFound."""
    with keys.opened(key, forms.of_key) as form:
        _let_read(form, origin)
        return shown.of(form)


class Opened(NamedTuple):
    """A form as a page of ours draws it."""

    form: PublicForm
    token: str
    thanks: str
    origins: list[str]
    redirect_url: str | None


def open_page(key: str) -> Opened:
    """A form, for a page of ours. Raises NotFound."""
    with keys.opened(key, forms.of_key) as form:
        token = tokens.hand_out(form).token
        return Opened(shown.of(form), token, _thanks(form), form.origins, form.redirect_url)


def begin(key: str, *, origin: str) -> FormToken:
    """What shows later when somebody began. Raises NotFound."""
    with keys.opened(key, forms.of_key) as form:
        _let_read(form, origin)
        return tokens.hand_out(form)


def post(key: str, sent: Sent, arrival: Arrival) -> FormThanks:
    """Take in what somebody sent.

    Raises NotFound, OriginNotAllowed, TooManyRequests, and Invalid with what they can put right.
    """
    with keys.opened(key, forms.of_key) as form:
        _let_read(form, arrival.origin)
        if form.origins and arrival.origin and arrival.origin not in {*form.origins, arrival.here, origins.own()}:
            raise OriginNotAllowed
        limits.take("capture.form", str(form.id), settings_of(CaptureSettings).form_rate)
        _take(form, _said(sent), arrival)
        return FormThanks(_thanks(form), form.redirect_url)


def source_of(form: FormView) -> intake.Source:
    """What is said of every lead that comes by a form."""
    return intake.Source(
        "form",
        form_id=form.id,
        brand_id=form.brand_id,
        owner_id=form.owner_id,
        team_id=form.team_id,
        language=form.language,
        defaults=form.defaults,
        failing=form.failing_since is not None,
    )


def _thanks(form: FormView) -> str:
    return form.thanks or wording.of(form.language).thanks


def _let_read(form: FormView, origin: str) -> None:
    if origin in form.origins:
        origins.open_to([origin])


def _take(form: FormView, said: FormPost, arrival: Arrival) -> None:
    source = source_of(form)
    payload = Payload(values=said.values, consents=_consents(form, said))
    if said.website:
        intake.set_aside(source, payload, "spam", "trap", named=said.values)
        return
    began = _began(form, said)
    told = {*(VALUES + each.name for each in form.fields), *_TOLD}
    # Before anybody outside is asked: what is wrong with it is wrong whoever sent it.
    gather(partial(_check_values, form, said, source), partial(_check_consents, form, said, began))
    suspicion = _suspicion(form, said, began, arrival)
    if suspicion:
        intake.set_aside(source, payload, "spam", suspicion, named=said.values)
        return
    once = (began.nonce if began else "") or arrival.once
    window = tokens.lasts() if once else timedelta(minutes=settings_of(CaptureSettings).repeat_minutes)
    intake.take_in(
        source,
        payload,
        lambda: Filled(said.values),
        fingerprint=intake.fingerprint(source, once or [said.values, said.consents]),
        since=clock.now() - window,
        named=said.values,
        told=told,
    )


def _said(sent: Sent) -> FormPost:
    """What was filled in, whichever way it was sent. Raises Invalid."""
    if not sent.is_form:
        return _untrapped(decoding.decode(sent.data, FormPost))
    values: dict[str, Any] = sent.values()
    taken: dict[str, Any] = {name: _one(name, values.pop(name)) for name in ("token", shown.TRAP) if name in values}
    answers = [_one(name, values.pop(name)) for name in _ANSWERS if name in values]
    if any(answers):
        taken["captcha"] = next(filter(None, answers))
    agreed = {name for name in values if name.startswith(_CONSENT)}
    consents = {name.removeprefix(_CONSENT): values.pop(name) not in ("", "no", "false", "0") for name in agreed}
    read = [name for name in values if name.startswith(_VERSION)]
    versions = {name.removeprefix(_VERSION): _one(name, values.pop(name)) for name in read}
    said = {"values": values, "consents": consents, "consent_versions": versions}
    body = {name: value for name, value in taken.items() if value} | said
    return decoding.decode(msgspec.json.encode(body), FormPost)


def _untrapped(said: FormPost) -> FormPost:
    """The same with the trap beside the fields, wherever it was sent: who falls into it is not told so."""
    if shown.TRAP not in said.values:
        return said
    values = dict(said.values)
    filled = _is_said(values.pop(shown.TRAP))
    return msgspec.structs.replace(said, values=values, website=said.website or ("filled in" if filled else ""))


def _one(name: str, value: str | list[str]) -> str:
    if isinstance(value, list):
        raise Invalid(errors=[Fault(f"/{name}", "type", "This comes once")])
    return value


def _check_values(form: FormView, said: FormPost, source: intake.Source) -> None:
    """Raise Invalid for fields the form has not, those that must be filled in, and what cannot be read."""
    shown_names = {each.name for each in form.fields} | set(UTM)
    faults = [
        Fault(VALUES + _step(name), "unknown_field", "The form has no such field")
        for name in said.values
        if name not in shown_names
    ]
    required = [each.name for each in form.fields if each.required and not _is_said(said.values.get(each.name))]
    faults += [Fault(VALUES + name, "required", "This is required") for name in still(dict.fromkeys(required))]
    if not any(_is_said(said.values.get(name)) for name in ("email", "phone")):
        first = next(each.name for each in form.fields if each.name in {"email", "phone"})
        if not any(fault.pointer == VALUES + first for fault in faults):
            faults.append(Fault(VALUES + first, "required", "Without it nobody can answer"))
    there = {name: value for name, value in said.values.items() if name in shown_names}
    told = {each.pointer for each in faults}
    _refuse([*faults, *(each for each in _unreadable(there, source) if each.pointer not in told)])


def _unreadable(values: dict[str, Any], source: intake.Source) -> list[Fault]:
    """What is wrong besides: told at once, since somebody is waiting."""
    try:
        intake.read(values, source)
    except Invalid as wrong:
        return [each for each in wrong.errors if each.pointer.removeprefix(VALUES) in values]
    return []


def _check_consents(form: FormView, said: FormPost, began: tokens.Began | None) -> None:
    asked = {each.purpose: each for each in form.consents}
    faults = [
        Fault(f"/consents/{_step(name)}", "unknown_field", "The form does not ask for this")
        for name in said.consents
        if name not in asked
    ]
    faults += [
        Fault(f"/consents/{each.purpose}", "required", "This is required")
        for each in form.consents
        if each.required and not said.consents.get(each.purpose)
    ]
    given = {name for name, agreed in said.consents.items() if agreed and name in asked}
    others = {
        name for name, version in said.consent_versions.items() if name in given and version != asked[name].version
    }
    if began is not None and began.words != tokens.words_of(form.consents):
        others = given
    # What they read is what they agreed to.
    faults += [Fault(f"/consents/{name}", CHANGED, "This is asked in other words by now") for name in sorted(others)]
    _refuse(faults)


def _consents(form: FormView, said: FormPost) -> list[ConsentSaid]:
    """What they said, with the words they read."""
    return [
        ConsentSaid(
            each.purpose,
            each.channels,
            each.version,
            each.text,
            given=said.consents.get(each.purpose, False),
            double_opt_in=each.double_opt_in,
        )
        for each in form.consents
    ]


def _began(form: FormView, said: FormPost) -> tokens.Began | None:
    if said.token is not None:
        return tokens.read(form.id, said.token)
    if form.needs_token:
        raise Invalid(errors=[Fault("/token", "required", "Ask for a token first")])
    return None


def _suspicion(form: FormView, said: FormPost, began: tokens.Began | None, arrival: Arrival) -> str:
    """Why it is looked at before a lead is made of it; empty where nothing speaks against it. Raises Invalid."""
    if began is not None and began.seconds < form.min_seconds:
        return "too_fast"
    if form.captcha is None:
        return ""
    if not said.captcha:
        raise Invalid(errors=[Fault("/captcha", "required", "Show that a person sends this")])
    asked = CaptchaAnswer(
        provider=form.captcha.provider,
        answer=said.captcha,
        secret=own.captcha_secret(form.id),
        address=arrival.address,
        verify_url=form.captcha.verify_url,
    )
    verdict = captchas.judge(asked)
    if verdict == "program":
        raise Invalid(errors=[Fault("/captcha", "captcha", "Show once more that a person sends this")])
    return "captcha_unanswered" if verdict == "unknown" else ""


def _is_said(value: Any) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value not in (None, [], False)


def _step(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise Invalid(errors=faults)
