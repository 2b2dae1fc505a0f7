"""A form as pages draw it: everything a website needs to know, and nothing about the agency's leads."""

from __future__ import annotations

from html import escape
from typing import Any

from core.sdk import agencies, origins

from ..schemas.forms import (
    FormEmbed,
    FormField,
    FormView,
    PublicForm,
    ShownCaptcha,
    ShownConsent,
    ShownField,
)
from . import labels, wording
from .catalogue import Known, named, shown_kind

TRAP = "website"
_LONGEST = {"long": 8000, "text": 2000, "words": 2000, "email": 254, "phone": 40}
_INPUTS = {"email": "email", "phone": "tel", "number": "number", "date": "date"}


def of(form: FormView) -> PublicForm:
    """A form as pages draw it."""
    known = named(each.name for each in form.fields)
    # An own field that was archived since is asked for no more.
    fields = [_field(each, known[each.name], form.language) for each in form.fields if each.name in known]
    return PublicForm(
        title=form.title,
        intro=form.intro,
        button=form.button or wording.of(form.language).send,
        language=form.language,
        direction=wording.direction(form.language),
        brand=_brand(form),
        color=form.color,
        fields=fields,
        consents=[ShownConsent(each.purpose, each.text, each.version, each.required) for each in form.consents],
        captcha=ShownCaptcha(form.captcha.provider, form.captcha.site_key) if form.captcha else None,
        needs_token=form.needs_token,
        trap=TRAP,
        schema=_schema(fields),
    )


def embed(form: FormView) -> FormEmbed:
    """How a form gets onto a page."""
    base = origins.own()
    page = f"{base}/app/capture/{form.key}"
    title = escape(form.title)
    frame = f'<iframe src="{page}" title="{title}" loading="lazy" style="border:0;width:100%;height:60rem"></iframe>'
    return FormEmbed(page, frame, _html(of(form), f"{base}/p/capture/forms/{form.key}"))


def _brand(form: FormView) -> str:
    found = agencies.brand_name(form.brand_id) if form.brand_id is not None else None
    return found or agencies.agency_view().name


def _field(field: FormField, known: Known, language: str) -> ShownField:
    label, choices = field.label or labels.title(known, language), labels.offered(known, language)
    return ShownField(field.name, label, field.help, shown_kind(known), field.required, choices)


def _schema(fields: list[ShownField]) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {each.name: _property(each) for each in fields},
        "required": [each.name for each in fields if each.required],
        "additionalProperties": False,
    }


def _property(field: ShownField) -> dict[str, Any]:
    about: dict[str, Any] = {"title": field.label, "type": "string"}
    if field.help:
        about["description"] = field.help
    if field.kind == "yes_no":
        about["type"] = "boolean"
    elif field.kind == "number":
        about |= {"type": "integer", "minimum": 0}
    elif field.kind == "choice":
        about["oneOf"] = [{"const": each.value, "title": each.title} for each in field.choices]
    elif field.kind == "choices":
        about |= {"type": "array", "items": {"enum": [each.value for each in field.choices]}, "uniqueItems": True}
    elif field.kind in {"email", "date"}:
        about["format"] = field.kind
    if field.kind in _LONGEST:
        about["maxLength"] = _LONGEST[field.kind]
    return about


def _html(form: PublicForm, action: str) -> str:
    """HTML of a form that needs neither script nor style."""
    lines = [f'<form method="post" action="{escape(action)}" accept-charset="utf-8" lang="{escape(form.language)}">']
    lines += [f"  <p><label>{escape(each.label)}<br>{_input(each)}{_help(each)}</label></p>" for each in form.fields]
    for asked in form.consents:
        required = " required" if asked.required else ""
        box = f'<input type="checkbox" name="consent.{escape(asked.purpose)}" value="yes"{required}>'
        read = f'<input type="hidden" name="consent_version.{escape(asked.purpose)}" value="{escape(asked.version)}">'
        lines.append(f"  <p><label>{box} {escape(asked.text)}</label>{read}</p>")
    empty = wording.of(form.language).leave_empty
    lines.append(
        f'  <p style="position:absolute;left:-9999px" aria-hidden="true"><label>{escape(empty)}'
        f'<input name="{form.trap}" tabindex="-1" autocomplete="off"></label></p>'
    )
    return "\n".join([*lines, f'  <button type="submit">{escape(form.button)}</button>', "</form>"])


def _help(field: ShownField) -> str:
    # In the label, so that it is read out with it: ids might be those of something else on the page.
    return f"<br><small>{escape(field.help)}</small>" if field.help else ""


def _input(field: ShownField) -> str:
    name, required = escape(field.name), " required" if field.required else ""
    if field.kind == "long":
        return f'<textarea name="{name}" rows="5"{required}></textarea>'
    if field.kind in {"choice", "choices"}:
        many = " multiple" if field.kind == "choices" else ""
        options = "".join(
            f'<option value="{escape(each.value)}">{escape(each.title)}</option>' for each in field.choices
        )
        blank = "" if many else "<option></option>"
        return f'<select name="{name}"{many}{required}>{blank}{options}</select>'
    if field.kind == "yes_no":
        return f'<input type="checkbox" name="{name}" value="yes"{required}>'
    return f'<input name="{name}" type="{_INPUTS.get(field.kind, "text")}"{required}>'
