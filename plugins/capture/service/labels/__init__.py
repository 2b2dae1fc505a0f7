"""What forms call the fields they can show where nobody wrote it otherwise, in the languages of their pages."""

from __future__ import annotations

from collections.abc import Mapping

from ...schemas.sources import CaptureChoice
from ..catalogue import Known, choices
from ..wording import main_of
from . import ar, de, es, fr, he, pt

_OF: Mapping[str, Mapping[str, str]] = {
    "ar": ar.LABELS,
    "de": de.LABELS,
    "es": es.LABELS,
    "fr": fr.LABELS,
    "he": he.LABELS,
    "pt": pt.LABELS,
}


def title(field: Known, language: str) -> str:
    """What a field is called; as it is in English where there is no other word for it, and own ones as they are."""
    return of(language).get(field.name, field.title)


def offered(field: Known, language: str) -> list[CaptureChoice]:
    """What there is to choose from, called so."""
    words = of(language)
    return [CaptureChoice(each.value, words.get(f"{field.name}.{each.value}", each.title)) for each in choices(field)]


def of(language: str) -> Mapping[str, str]:
    """What there is in a language, by field and by `field.choice`."""
    return _OF.get(main_of(language), {})
