"""What saved views say about clients: whom a search looks for, and whom it is named after."""

# A colleague's own views are told and erased with the colleague; a shared one is nobody's, and outlasts its maker.

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import select

from core.events.log import publish
from core.extensions import db
from core.privacy.collecting import NAMELESS
from core.privacy.subjects import CONTACT, Holding, Outcome, Subject
from core.search import fold
from core.views.events import ViewChanged
from core.views.models import SavedView
from core.views.repository import views

_LEAST_DIGITS = 7
"""Fewer are no number that somebody is called by."""


class Found(NamedTuple):
    """A view that names somebody, and where."""

    view: SavedView
    in_name: bool
    filters: list[str]


def held(subject: Subject) -> list[Holding]:
    """The name and the conditions that name a client, whoever keeps the view."""
    return [Holding(table=SavedView.__tablename__, row_id=each.view.id, values=_said(each)) for each in _found(subject)]


def erased(subject: Subject) -> list[Outcome]:
    """Take these conditions out of views, which show more rows then, and the person out of their names."""
    count = 0
    for view, in_name, filters in _found(subject):
        count += 1
        if in_name:
            view.name = NAMELESS
        view.filter = {name: text for name, text in view.filter.items() if name not in filters}
        fields = (["filter"] if filters else []) + (["name"] if in_name else [])
        publish(ViewChanged(view_id=view.id, fields=fields), of=view)
    views.save()
    return [Outcome(table=SavedView.__tablename__, rows=count)] if count else []


def _found(subject: Subject) -> Iterator[Found]:
    if subject.kind != CONTACT:
        return
    # An agency has some hundreds at most, and no index knows what stands in them.
    for view in db.session.scalars(select(SavedView).order_by(SavedView.id)).all():
        filters = [name for name, text in view.filter.items() if _names(text, subject)]
        in_name = _names(view.name, subject)
        if filters or in_name:
            yield Found(view, in_name, filters)


def _said(found: Found) -> dict[str, object]:
    said: dict[str, object] = {"filter": {name: found.view.filter[name] for name in found.filters}}
    return said | {"name": found.view.name} if found.in_name else said


def _names(text: str, subject: Subject) -> bool:
    """Whether a text has an address or a number of theirs, or all the words of their name in any order."""
    plain = fold(text)
    words = set(re.findall(r"\w+", plain))
    if any(fold(email) in plain for email in subject.emails):
        return True
    if any(set(re.findall(r"\w+", fold(name))) <= words for name in subject.called):
        return True
    digits = re.sub(r"\D", "", text).lstrip("0")
    return len(digits) >= _LEAST_DIGITS and any(
        phone.endswith(digits) or phone.lstrip("+") in digits for phone in subject.phones
    )
