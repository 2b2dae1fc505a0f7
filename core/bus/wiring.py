"""Which bus an application has."""

from __future__ import annotations

from hashlib import blake2b

from flask import Flask
from sqlalchemy.engine import make_url

from core.bus import Bus
from core.bus.through_postgres import PostgresBus
from core.bus.through_redis import RedisBus
from core.config import Settings
from core.db import closing
from core.db.read import connect_options
from core.realtime.emit import announce_heads


def install(app: Flask, settings: Settings) -> None:
    """Give the application its bus; it connects with the first message and the first subscription."""
    app.extensions["tripfile.bus"] = _bus(settings)
    with app.app_context():
        closing.listeners().append(announce_heads)


def _bus(settings: Settings) -> Bus:
    url = settings.database_direct_url or settings.database_url
    assert url is not None
    if settings.redis_url is None:
        return PostgresBus(url.get_secret_value(), {**connect_options(settings), "application_name": "tripfile-bus"})
    return RedisBus(settings.redis_url, prefix=redis_prefix(settings))


def redis_prefix(settings: Settings) -> str:
    """What the names of an installation start with in a Redis that others may use as well."""
    url = settings.database_direct_url or settings.database_url
    assert url is not None
    # Every process of an installation knows both, and no two installations share them.
    database = make_url(url.get_secret_value()).database or ""
    secret = settings.key_for("bus channels")
    return f"tripfile:{blake2b(database.encode(), key=secret, digest_size=8).hexdigest()}:"
