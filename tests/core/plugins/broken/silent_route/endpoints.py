"""One route."""

from __future__ import annotations

from msgspec import Struct

from core.sdk import Blueprint

blueprint = Blueprint("silent_route")


class Answer(Struct):
    """What it answers."""

    word: str


@blueprint.get("/", public=True)
def show() -> Answer:
    return Answer("yes")
