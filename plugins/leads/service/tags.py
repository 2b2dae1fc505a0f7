"""Tags that come and go one by one, where a patch replaces all of them: of many leads at once, in a few statements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from core.sdk import Fault, Invalid, MergedAway, NotFound, PreconditionFailed, Problem, publish, search

from ..events import LeadChanged
from ..repository import tagging
from ..repository.merges import references_in
from ..repository.tagging import Tagged
from .leads import ENTITY, texts

MOST = 30
_Problems = Mapping[UUID, Problem]


class _Judged(NamedTuple):
    """Which leads get which tags, and why others do not."""

    changed: list[tuple[Tagged, list[str]]]
    problems: _Problems


def add(lead_ids: Sequence[UUID], tags: Sequence[str], versions: Mapping[UUID, int]) -> _Problems:
    """Give leads tags besides those they have; the problem of each that is left as it is."""
    new = list(dict.fromkeys(tags))
    judged = _judge(lead_ids, versions, lambda has: [*has, *(tag for tag in new if tag not in has)])
    tagging.give([(each.id, tag) for each, wanted in judged.changed for tag in wanted[len(each.tags) :]])
    return _tell(judged)


def remove(lead_ids: Sequence[UUID], tags: Sequence[str], versions: Mapping[UUID, int]) -> _Problems:
    """Take tags from leads, where they have them; the problem of each that is left as it is."""
    judged = _judge(lead_ids, versions, lambda has: [tag for tag in has if tag not in tags])
    tagging.take([each.id for each, _ in judged.changed], tags)
    return _tell(judged)


def _judge(
    lead_ids: Sequence[UUID], versions: Mapping[UUID, int], wanted: Callable[[Sequence[str]], list[str]]
) -> _Judged:
    found = tagging.among(lead_ids)
    into = tagging.merged_away([lead_id for lead_id in lead_ids if lead_id not in found])
    problems: dict[UUID, Problem] = {}
    changed: list[tuple[Tagged, list[str]]] = []
    for lead_id in lead_ids:
        lead = found.get(lead_id)
        if lead is None:
            problems[lead_id] = MergedAway(into[lead_id]) if lead_id in into else NotFound()
        elif versions.get(lead_id, lead.version) != lead.version:
            problems[lead_id] = PreconditionFailed()
        elif len(tags := wanted(lead.tags)) > MOST:
            problems[lead_id] = Invalid(errors=[Fault("/tags", "length", f"A lead has {MOST} tags at most")])
        elif tags != lead.tags:
            # What changes nothing is no change of the lead.
            changed.append((lead, tags))
    return _Judged(changed, problems)


def _tell(judged: _Judged) -> _Problems:
    """Let the leads that got other tags be found by these, and record it."""
    lead_ids = [each.id for each, _ in judged.changed]
    if lead_ids:
        tagging.touch(lead_ids)
        merged = references_in(lead_ids)
        found_by = {each.id: [*texts(each, tags), *merged.get(each.id, ())] for each, tags in judged.changed}
        search.index_all(ENTITY, found_by)
    for lead_id in lead_ids:
        publish(LeadChanged(lead_id=lead_id, fields=["tags"]))
    return judged.problems
