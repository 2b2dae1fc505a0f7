"""Sign-in: passwords, sessions and tokens."""

from __future__ import annotations

from core.auth import hooks, jobs, models, permissions
from core.auth.http import links, proofs, sign_in
from core.auth.letters import outbox
from core.auth.ways_in import facts
from core.plugins.spec import Plugin

plugin = Plugin(
    name="auth",
    version="1.0.0",
    core=">=1.0,<2",
    summary="Sign-in: passwords, sessions and tokens.",
    permissions=permissions.ALL,
    models=models,
    blueprints=(sign_in.blueprint, proofs.blueprint, links.blueprint),
    jobs=(
        facts.tell_of_failure,
        jobs.forget_guesses,
        jobs.forget_revocations,
        jobs.forget_sessions,
        jobs.forget_unused,
        outbox.send_letter,
    ),
    hooks=hooks,
)
