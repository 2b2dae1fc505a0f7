"""What is kept about people: where, for how long, handing it to them, and erasing it."""

from __future__ import annotations

from core.plugins.spec import Plugin
from core.privacy import endpoints, hooks, jobs, models, own_rules, permissions

plugin = Plugin(
    name="privacy",
    version="1.0.0",
    core=">=1.0,<2",
    summary="What is kept about people: where, for how long, handing it to them, and erasing it.",
    permissions=permissions.ALL,
    quotas=permissions.QUOTAS,
    models=models,
    blueprints=(endpoints.blueprint,),
    jobs=(
        jobs.make_export,
        jobs.carry_out_erasure,
        jobs.apply_retention,
        jobs.apply_rule,
        jobs.erase_again,
        jobs.erase_late,
        jobs.note_erased,
        jobs.end_orphans,
    ),
    retention=(own_rules.ANSWERS, own_rules.EXPORTS),
    hooks=hooks,
)
