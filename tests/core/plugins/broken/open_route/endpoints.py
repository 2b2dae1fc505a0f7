"""One route."""

from __future__ import annotations

from msgspec import Struct

from core.sdk import Blueprint

blueprint = Blueprint("open_route")


class Answer(Struct):
    """What it answers."""

    word: str


@blueprint.get("/")
@blueprint.response(200, Answer)
def show() -> Answer:
    """Answer."""
    return Answer("yes")
