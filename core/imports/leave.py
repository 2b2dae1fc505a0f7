"""The leave of a job to work on an import, asked for anew before each portion: files take hours, and much happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import g
from msgspec import structs

from core.actor import Actor, Scope, using
from core.agencies import api as agencies
from core.api_keys import api as api_keys
from core.db.tenancy import acting_as
from core.impersonation import warrants
from core.imports import permissions, repository
from core.imports.importer import Importer
from core.imports.repository import Plan
from core.imports.schemas import Doer
from core.jobs.job import Discard, RetryAfter
from core.jobs.run import current_run
from core.plugins.manager import installed, is_on
from core.users import api as users

_REST = 60.0
"""Seconds after which a job of a suspended agency is back in its queue, where it rests with all others."""


class Stopped(Discard):
    """An import cannot go on, whoever tries again."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@contextmanager
def portion(import_id: UUID, doer: Doer, *, state: str) -> Iterator[tuple[Plan, Importer[Any]]]:
    """Work on an import as who asked for it, as far as they reached then and still do. Raises Stopped, RetryAfter.

    Until that is committed nobody else changes the import, nor deletes its file.
    """
    plan = _held(import_id, state)
    importer = installed().imports.get(plan.entity)
    if importer is None or not is_on(importer.owner):
        raise Stopped("plugin_off")
    if agencies.is_suspended():
        raise RetryAfter(_REST, "The agency is suspended")
    g.request_id = told_as(plan.id)
    with acting_as(_actor(doer)) as actor, using(importer.permission.name):
        for needed in (permissions.RUN, importer.permission):
            if actor.scope_of(needed.name) is None:
                raise Stopped("not_permitted")
        yield plan, importer


def told_as(import_id: UUID) -> str:
    """What the log knows everything by that an import did: the id of a request, which nobody can send as theirs."""
    return f"import:{import_id}"


def _held(import_id: UUID, state: str) -> Plan:
    """The import, where it is this job that is to work on it: not one of before that somebody has repeated."""
    plan = repository.held(import_id)
    if plan is None:
        raise Stopped("gone")
    if plan.state != state or plan.job_id != current_run().id:
        raise Stopped("superseded")
    return plan


def _actor(doer: Doer) -> Actor:
    found = users.actors([doer.user_id]).get(doer.user_id)
    if found is None:
        raise Stopped("not_active")
    grants = api_keys.within({name: Scope(scope) for name, scope in doer.grants.items()}, found.grants)
    kind = found.kind
    if doer.key_id is not None:
        key = api_keys.standing(doer.key_id)
        if key is None:
            raise Stopped("not_active")
        kind, grants = "key", api_keys.within(key.scopes, grants)
    if doer.impersonator_id is not None:
        left = warrants.narrowed(doer.session_id, grants) if doer.session_id is not None else None
        if left is None:
            raise Stopped("not_active")
        grants = {**left}
    return structs.replace(found, kind=kind, grants=grants, impersonator_id=doer.impersonator_id, key_id=doer.key_id)
