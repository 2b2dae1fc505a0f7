"""`tripfile config`: the settings in use, without what is secret in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click
from pydantic import BaseModel, SecretStr

if TYPE_CHECKING:
    from core.config import Settings


@click.group()
def config() -> None:
    """The settings in use."""


@config.command()
def show() -> None:
    """Print every setting as it is in use, one per line; secrets are masked."""
    from core.config import load
    from core.plugins import manager

    settings = load()
    for line in lines(settings):
        click.echo(line)
    for name, values in manager.load(settings).settings.items():
        for line in lines(values, prefix=f"{name.upper()}__"):
            click.echo(line)


def lines(settings: Settings | BaseModel, *, prefix: str = "") -> Iterator[str]:
    """Every setting as `KEY=value`, as a file of them would have it."""
    for name, field in type(settings).model_fields.items():
        key = str(field.validation_alias or name).upper()
        yield f"{prefix}{key}={shown(getattr(settings, name), name)}"


def shown(value: Any, name: str = "") -> str:
    """A value in words. Whatever is a secret, by its type, its name or its shape, is masked."""
    from core import telemetry

    if value is None or value == "":
        return ""
    if isinstance(value, SecretStr) or telemetry.is_secret_name(name):
        return telemetry.MASK
    if isinstance(value, (list, tuple, set, frozenset)):
        return ",".join(shown(each) for each in value)
    if isinstance(value, dict):
        return ",".join(f"{key}:{shown(each, str(key))}" for key, each in value.items())
    if isinstance(value, timedelta):
        return f"{int(value.total_seconds())}s"
    if isinstance(value, bool):
        return str(value).lower()
    # Addresses may hold a password, whatever they are for.
    return telemetry.masked(str(value))
