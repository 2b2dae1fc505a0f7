"""Hooks, as agencies set them up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from core.sdk import (
    UNSET,
    ListQuery,
    Page,
    Problem,
    acting_as,
    clock,
    current_agency_id,
    db,
    gather,
    ids,
    origins,
    outbound,
    publish,
    sealing,
    settings_of,
    system,
)
from plugins.leads import api as leads

from ..errors import TooManySources
from ..events import HookChanged, HookCreated, HookDeleted, SecretRotated
from ..models import Hook
from ..repository import hooks
from ..schemas.hooks import (
    AnyRule,
    HookCreatedView,
    HookDraft,
    HookPatch,
    HookRow,
    HookSecretView,
    HookView,
    TriedFault,
    TriedMapping,
    TryDraft,
)
from ..settings import CaptureSettings
from . import intake, keys, mapping, sources

OVERLAP = timedelta(hours=24)
"""How long the secret before the present one is good beside it."""
_SECRET = "capture_hook.secret"  # noqa: S105 - where it is stored


# What is of the moment, or tells of somebody who is known.
_NOT_SHOWN = {"id", "reference", "version", "created_at", "updated_at", "status_since"}
_NOT_SHOWN |= {"contact_id", "contact_name", "contact_email", "contact_phone"}


def rows(query: ListQuery) -> Page[HookRow]:
    """A page of hooks."""
    return hooks.rows(query)


def view(hook_id: UUID) -> HookView:
    """A hook. Raises NotFound."""
    return hooks.shown(hook_id)


def create(draft: HookDraft) -> HookCreatedView:
    """Make an address that others send leads to; its secret is shown this once. Raises Invalid, TooManySources."""
    given = {name: getattr(draft, name) for name in draft.__struct_fields__}
    _check(given)
    if hooks.count() >= settings_of(CaptureSettings).most_sources:
        raise TooManySources
    hook_id, secret = ids.new(), outbound.new_secret()
    hook = Hook(id=hook_id, key=keys.new(), secret=_sealed(secret, hook_id), **given)
    hooks.add(hook)
    publish(HookCreated(hook_id=hook.id), of=hook)
    shown = hooks.shown(hook.id)
    return HookCreatedView(**msgspec.structs.asdict(shown), url=address(shown), secret=secret)


def change(hook_id: UUID, patch: HookPatch, *, version: int | None) -> HookView:
    """Change a hook. Raises Invalid, NotFound, PreconditionFailed."""
    hook, changes = hooks.get(hook_id, version=version), patch.changes()
    _check(changes)
    if changes:
        for name, value in changes.items():
            setattr(hook, name, value)
        hooks.save()
        publish(HookChanged(hook_id=hook.id, fields=sorted(changes)), of=hook)
    return hooks.shown(hook.id)


def delete(hook_id: UUID, *, version: int | None) -> None:
    """Delete a hook; what came by it stays. Raises NotFound, PreconditionFailed."""
    hook = hooks.get(hook_id, version=version)
    hook.active, hook.secret, hook.previous_secret = False, "", None
    hooks.remove(hook)
    publish(HookDeleted(hook_id=hook.id))


def rotate(hook_id: UUID) -> HookSecretView:
    """Give a hook a new secret; the old one is good beside it for a day. Raises NotFound."""
    hook, secret = hooks.get(hook_id), outbound.new_secret()
    hook.previous_secret, hook.previous_secret_until = hook.secret, clock.now() + OVERLAP
    hook.secret = _sealed(secret, hook.id)
    hooks.save()
    publish(SecretRotated(hook_id=hook.id), of=hook)
    return HookSecretView(secret, hook.previous_secret_until)


def secrets_of(hook_id: UUID) -> list[str]:
    """What a sender may prove itself with now. Raises NotFound, Unreadable."""
    kept = hooks.secrets(hook_id)
    until = kept.previous_secret_until
    stored = [kept.secret]
    if kept.previous_secret and until is not None and clock.now() < until:
        stored.append(kept.previous_secret)
    return [sealing.opened(each, column=_SECRET, row_id=hook_id) for each in stored]


def try_out(hook_id: UUID, draft: TryDraft) -> TriedMapping:
    """What would become of what a sender would send, were it of somebody new; nothing does.

    Raises NotFound, Invalid for a wrong mapping.
    """
    hook = hooks.shown(hook_id)
    rules: Sequence[AnyRule] = hook.mapping
    if draft.mapping is not UNSET:
        mapping.check(draft.mapping)
        rules = draft.mapping
    filled = mapping.fill(rules, draft.sample)
    values = dict(filled.values)
    try:
        with _undone():
            made = intake.make_lead(source_of(hook), filled, [], anew=True)
            lead = msgspec.to_builtins(leads.view(made.lead_id))
    except Problem as problem:
        if problem.status >= 500:
            raise
        faults = [TriedFault(each.pointer, each.code, each.message) for each in problem.errors]
        return TriedMapping(values, None, faults or [TriedFault("", problem.code, problem.detail or problem.title)])
    # Whoever sets up hooks need not be somebody who may see clients.
    shown = {name: value for name, value in lead.items() if name not in _NOT_SHOWN and value not in (None, [], {})}
    return TriedMapping(values, shown, [])


@contextmanager
def _undone() -> Iterator[None]:
    """Do something as the system, and take it back at the end."""
    with acting_as(system(current_agency_id())):
        savepoint = db.session.begin_nested()
        try:
            yield
        finally:
            if savepoint.is_active:
                savepoint.rollback()


def address(hook: HookView) -> str:
    """Where others send leads to."""
    return f"{origins.own()}/p/capture/hooks/{hook.key}"


def source_of(hook: HookView) -> intake.Source:
    """What is said of every lead that comes by a hook."""
    return intake.Source(
        "hook",
        hook_id=hook.id,
        brand_id=hook.brand_id,
        owner_id=hook.owner_id,
        team_id=hook.team_id,
        defaults=hook.defaults,
        failing=hook.failing_since is not None,
    )


def _check(changes: dict[str, Any]) -> None:
    checks = [partial(sources.check, changes)]
    if "mapping" in changes:
        checks.append(partial(mapping.check, changes["mapping"]))
    gather(*checks)


def _sealed(secret: str, hook_id: UUID) -> str:
    return sealing.sealed(secret, column=_SECRET, row_id=hook_id)
