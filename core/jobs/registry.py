"""The jobs an application knows, by name: those that plugins list, and one for each subscriber."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from flask import Flask, current_app

from core.jobs.job import Job


class Known(NamedTuple):
    """A job and the plugin it belongs to."""

    plugin: str
    job: Job[Any]


def known(app: Flask) -> Mapping[str, Known]:
    """Every job this application can run, by name."""
    found: dict[str, Known] = {}
    for plugin in app.extensions["tripfile.plugins"].plugins.values():
        found |= {job.name: Known(plugin.name, job) for job in plugin.jobs}
    for subscribed in app.extensions["tripfile.subscriptions"].values():
        found |= {job.name: Known(plugin, job) for plugin, job in subscribed}
    return MappingProxyType(found)


def current() -> Mapping[str, Known]:
    """Every job the running application can run, by name."""
    return known(current_app)


def by_queue(jobs: Mapping[str, Known]) -> Mapping[str, tuple[str, ...]]:
    """The names of the jobs in each queue."""
    found: dict[str, list[str]] = {}
    for name, (_, job) in jobs.items():
        found.setdefault(job.queue, []).append(name)
    return {queue: tuple(sorted(names)) for queue, names in sorted(found.items())}
