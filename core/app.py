"""The composition root: an application is made of settings, extensions, plugins and nothing else."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from core import structs, telemetry
from core.auth.tokens import access, cookies
from core.bus import wiring
from core.config import ConfigurationError, Settings, load
from core.db import closing, read
from core.db.read import connect_options
from core.events import subscriptions
from core.extensions import db, migrate
from core.http.application import Application
from core.plugins import manager, mount
from core.storage import wiring as storage


def create_app(settings: Settings | None = None) -> Application:
    """Compose the application. Raises ConfigurationError with a sentence for everything that is wrong."""
    settings = settings or load()
    if settings.problems():
        raise ConfigurationError(settings.problems())
    telemetry.configure(settings)
    app = Application(settings)
    app.extensions["tripfile.cursor_key"] = settings.key_for("page cursors")
    _connect(app, settings)
    access.install(app, settings)
    cookies.install(app)
    plugins = manager.load(settings)
    app.extensions["tripfile.plugins"] = plugins
    wiring.install(app, settings)
    storage.install(app, settings, plugins)
    app.extensions["tripfile.subscriptions"] = subscriptions.install(plugins)
    mount.mount(app, app.api, plugins)
    # Otherwise whoever opens /docs first would notice.
    app.api.check_names()
    structs.settle()
    with app.app_context():
        plugins.hook.app_ready(app=app)
    return app


def _connect(app: Application, settings: Settings) -> None:
    if settings.database_url is None or settings.database_system_url is None:
        raise ConfigurationError(["DATABASE_URL is missing; `tripfile run` starts an embedded PostgreSQL instead"])
    main = settings.database_url.get_secret_value()
    system = settings.database_system_url.get_secret_value()
    app.config["SQLALCHEMY_DATABASE_URI"] = _sqlalchemy_url(main)
    app.config["SQLALCHEMY_BINDS"] = {"system": {"url": _sqlalchemy_url(system), **_engine_options(settings)}}
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = _engine_options(settings)
    db.init_app(app)
    migrate.init_app(app, db)
    read.install(app, settings, app_url=main, system_url=system)


def _engine_options(settings: Settings) -> dict[str, Any]:
    connect = {**connect_options(settings), "prepare_threshold": None if settings.database_pooler != "none" else 5}
    # An error's text goes into logs and dead letters: without the values of rows, which may be somebody's.
    common = {"connect_args": connect, "hide_parameters": True}
    if settings.database_pooler == "transaction":
        # PgBouncer is the pool.
        return {**common, "poolclass": NullPool}
    return {
        **common,
        "pool_size": settings.database_pool_size,
        "max_overflow": 0,
        "pool_timeout": settings.database_statement_timeout.total_seconds(),
    }


def _sqlalchemy_url(url: str) -> str:
    return make_url(url).set(drivername=closing.DRIVER).render_as_string(hide_password=False)
