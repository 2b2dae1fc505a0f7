"""Chores: jobs of every temper, for tests of the worker."""

from __future__ import annotations

from core.sdk import Plugin

from . import hooks, jobs, subscribers

plugin = Plugin(
    name="chores",
    version="1.0.0",
    core=">=1.0,<2",
    summary="Jobs of every temper, for tests of the worker.",
    jobs=(
        jobs.nothing,
        jobs.add_team,
        jobs.wait,
        jobs.take_the_process_down,
        jobs.fail,
        jobs.fail_until,
        jobs.retry_later,
        jobs.give_up,
        jobs.report,
        jobs.tidy,
        jobs.sweep_the_yard,
        jobs.morning,
        jobs.outlast_the_lease,
    ),
    hooks=hooks,
    subscribers={"agencies.brand_created": (subscribers.greet,)},
)
