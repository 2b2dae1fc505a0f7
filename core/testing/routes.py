"""Whether every route of a plugin is guarded and described."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask

from core.http.contract import Contract, contract_of, rule_of
from core.plugins.mount import places
from core.testing.subject import Subject


def problems(subject: Subject) -> list[str]:
    """Every route without permission, summary or described answer."""
    declared = {permission.name for permission in subject.plugin.permissions}
    found = []
    for prefix, blueprint in places(subject.plugin, "/api/v1"):
        for place, view in _views(prefix, blueprint):
            found += [f"{subject.name}: {place} {problem}" for problem in _judge(view, declared)]
    return found


def contracts(subject: Subject) -> Iterator[Contract]:
    """What each route of a plugin's API reads and answers."""
    for prefix, blueprint in places(subject.plugin, "/api/v1"):
        yield from (contract_of(view) for _, view in _views(prefix, blueprint))


def _views(prefix: str, blueprint: Blueprint) -> Iterator[tuple[str, Callable[..., Any]]]:
    app = Flask(__name__)
    app.register_blueprint(blueprint, url_prefix=prefix)
    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static":
            methods = ", ".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
            yield f"{methods} {rule.rule}", app.view_functions[rule.endpoint]


def _judge(view: Callable[..., Any], declared: set[str]) -> Iterator[str]:
    rule = rule_of(view)
    if rule is None or not (rule.permission or rule.signed_in or rule.public):
        yield "declares no permission; add `permission=`, or `public=True` for all the world"
    elif rule.permission and rule.permission not in declared:
        yield f"asks for {rule.permission!r}, which permissions.py does not declare; declare it"
    if not (view.__doc__ or "").strip():
        yield "has no summary; give its function a docstring"
    contract = contract_of(view)
    answers = contract.result is not None or contract.media_types
    if not answers and contract.status != HTTPStatus.NO_CONTENT:
        yield "does not say what it answers; add `@blueprint.response(200, AStruct)`"
