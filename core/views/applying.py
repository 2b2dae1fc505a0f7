"""Puts a saved view under the parameters of a request: what the request says itself counts first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from core.db.query import Operator
from core.errors import Fault, Invalid, NotFound
from core.listed import Listed
from core.views import judging
from core.views.errors import ViewBroken
from core.views.repository import views
from core.views.schemas import SavedViewView

_SUFFIXES = tuple(f".{operator}" for operator in Operator)


def merged(listed: Listed[Any], view_id: UUID, given: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The parameters that count, and the columns of the view: one statement. Raises Invalid, ViewBroken.

    A parameter of the request takes the place of everything the view says about the same filter.
    """
    view = _view(listed, view_id)
    wrong = judging.faults(view.entity, view.filter, view.columns)
    if wrong:
        raise ViewBroken(errors=wrong)
    said = {_about(name) for name in given}
    kept = {name: text for name, text in view.filter.items() if _about(name) not in said}
    return kept | dict(given), tuple(view.columns)


def _view(listed: Listed[Any], view_id: UUID) -> SavedViewView:
    try:
        view = views.shown(view_id)
    except NotFound:
        view = None
    if view is None or view.entity != listed.entity:
        raise Invalid(errors=[Fault("?view", "unknown", "There is no such view of this list")])
    return view


def _about(name: str) -> str:
    """The filter a parameter is about: `created_at.gte` and `created_at.lt` are about one."""
    found = next((suffix for suffix in _SUFFIXES if name.endswith(suffix)), "")
    return name.removesuffix(found)
