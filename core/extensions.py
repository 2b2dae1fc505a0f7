"""The Flask extensions, made once and bound to the application in `core.app`, and its settings."""

from __future__ import annotations

from flask import current_app
from flask_jwt_extended import JWTManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

from core.config import Settings
from core.db.base import Model

db = SQLAlchemy(model_class=Model, disable_autonaming=True, session_options={"expire_on_commit": False})
migrate = Migrate(directory="migrations", command="alembic")
jwt = JWTManager()


def settings() -> Settings:
    """The settings of the running application."""
    found: Settings = current_app.extensions["tripfile.settings"]
    return found
