"""Sign-in: passwords, sessions and tokens."""

from __future__ import annotations

from core.auth import (
    endpoints,
    facts,
    hooks,
    jobs,
    letters,
    models,
    password_endpoints,
    permissions,
    proof_endpoints,
)
from core.plugins.spec import Plugin

plugin = Plugin(
    name="auth",
    version="1.0.0",
    core=">=1.0,<2",
    summary="Sign-in: passwords, sessions and tokens.",
    permissions=permissions.ALL,
    models=models,
    blueprints=(endpoints.blueprint, proof_endpoints.blueprint, password_endpoints.blueprint),
    jobs=(
        facts.tell_of_failure,
        jobs.forget_guesses,
        jobs.forget_revocations,
        jobs.forget_sessions,
        letters.send_letter,
    ),
    hooks=hooks,
)
