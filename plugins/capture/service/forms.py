"""Forms, as agencies set them up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from core.sdk import Fault, Invalid, ListQuery, Page, gather, ids, outbound, publish, sealing, settings_of
from plugins.contacts import api as contacts

from ..errors import TooManySources
from ..events import FormChanged, FormCreated, FormDeleted
from ..models import Form
from ..repository import forms
from ..schemas.forms import ConsentAsked, FormCaptcha, FormDraft, FormField, FormPatch, FormRow, FormView
from ..settings import CaptureSettings
from . import captchas, keys, sources
from .catalogue import named

SECRET = "capture_form.captcha_secret"  # noqa: S105 - where it is stored


def rows(query: ListQuery) -> Page[FormRow]:
    """A page of forms."""
    return forms.rows(query)


def view(form_id: UUID) -> FormView:
    """A form. Raises NotFound."""
    return forms.shown(form_id)


def create(draft: FormDraft) -> FormView:
    """Set up a form. Raises Invalid, TooManySources."""
    given = {name: getattr(draft, name) for name in draft.__struct_fields__}
    _check(given)
    if forms.count() >= settings_of(CaptureSettings).most_sources:
        raise TooManySources
    form = Form(id=ids.new(), key=keys.new())
    _apply(form, given)
    forms.add(form)
    publish(FormCreated(form_id=form.id), of=form)
    return forms.shown(form.id)


def change(form_id: UUID, patch: FormPatch, *, version: int | None) -> FormView:
    """Change a form. Raises Invalid, NotFound, PreconditionFailed."""
    # Looking up where answers are verified takes seconds, and meanwhile no connection is held.
    changes = patch.changes()
    forms.shown(form_id)
    _check(changes)
    form = forms.get(form_id, version=version)
    if changes:
        _apply(form, changes)
        forms.save()
        publish(FormChanged(form_id=form.id, fields=sorted(changes)), of=form)
    return forms.shown(form.id)


def delete(form_id: UUID, *, version: int | None) -> None:
    """Delete a form; what came by it stays. Raises NotFound, PreconditionFailed."""
    form = forms.get(form_id, version=version)
    form.active, form.captcha_secret, form.captcha_provider = False, None, None
    forms.remove(form)
    publish(FormDeleted(form_id=form.id))


def captcha_secret(form_id: UUID) -> str:
    """What shows to whoever verifies answers that we ask. Raises NotFound, Unreadable."""
    return sealing.opened(forms.captcha_secret(form_id), column=SECRET, row_id=form_id)


def _apply(form: Form, changes: dict[str, Any]) -> None:
    rest = dict(changes)
    if "captcha" in rest:
        captcha: FormCaptcha | None = rest.pop("captcha")
        form.captcha_provider = form.captcha_site_key = form.captcha_url = form.captcha_secret = None
        if captcha is not None:
            form.captcha_provider, form.captcha_site_key = captcha.provider, captcha.site_key
            form.captcha_url = captcha.verify_url
            form.captcha_secret = sealing.sealed(captcha.secret, column=SECRET, row_id=form.id)
    for name, value in rest.items():
        setattr(form, name, value)


def _check(changes: dict[str, Any]) -> None:
    checks = [partial(sources.check, changes)]
    if "fields" in changes:
        checks.append(partial(_check_fields, changes["fields"]))
    if "consents" in changes:
        checks.append(partial(_check_consents, changes["consents"]))
    if changes.get("captcha") is not None:
        checks.append(partial(_check_captcha, changes["captcha"]))
    gather(*checks)


def _check_fields(listed: Sequence[FormField]) -> None:
    known, times = named(each.name for each in listed), Counter(each.name for each in listed)
    faults = [
        Fault(f"/fields/{number}/name", "unknown", "There is no such field")
        if each.name not in known
        else Fault(f"/fields/{number}/name", "duplicate", "Each field once")
        for number, each in enumerate(listed)
        if each.name not in known or times[each.name] > 1
    ]
    if not {"email", "phone"} & times.keys():
        faults.append(Fault("/fields", "unreachable", "Ask for email or phone: nobody could answer"))
    if faults:
        raise Invalid(errors=faults)


def _check_consents(asked: Sequence[ConsentAsked]) -> None:
    times = Counter(each.purpose for each in asked)
    faults = [
        Fault(f"/consents/{number}/purpose", "duplicate", "Each purpose once")
        for number, each in enumerate(asked)
        if times[each.purpose] > 1
    ]
    purposes, channels = contacts.consents_there_are()
    faults += [
        Fault(f"/consents/{number}/purpose", "unknown", f"Choose one of {', '.join(purposes)}")
        for number, each in enumerate(asked)
        if each.purpose not in purposes
    ]
    faults += [
        Fault(f"/consents/{number}/channels", "unknown", f"Choose from {', '.join(channels)}")
        for number, each in enumerate(asked)
        if not set(each.channels) <= set(channels)
    ]
    if faults:
        raise Invalid(errors=faults)


def _check_captcha(captcha: FormCaptcha) -> None:
    known = captchas.providers()
    if captcha.provider not in known:
        # Nobody would answer for anything it takes in.
        raise Invalid(errors=[Fault("/captcha/provider", "unknown", f"Choose one of {', '.join(known)}")])
    if (captcha.provider == captchas.OTHER) != (captcha.verify_url is not None):
        message = f"A verify_url goes with the provider {captchas.OTHER}, and only with it"
        raise Invalid(errors=[Fault("/captcha/verify_url", "required", message)])
    if captcha.verify_url is None:
        return
    try:
        outbound.SafeClient.for_addresses_of_users("capture").check(captcha.verify_url)
    except outbound.Refused as refused:
        raise Invalid(errors=[Fault("/captcha/verify_url", "refused_address", refused.reason)]) from None
    except outbound.NoReply as failure:
        raise Invalid(errors=[Fault("/captcha/verify_url", "unreachable_address", str(failure))]) from None
