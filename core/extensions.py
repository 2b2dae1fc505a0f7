"""The Flask extensions, made once and bound to the application in `core.app`."""

from __future__ import annotations

from flask_jwt_extended import JWTManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

from core.db.base import Model

db = SQLAlchemy(model_class=Model, disable_autonaming=True, session_options={"expire_on_commit": False})
migrate = Migrate(directory="migrations", command="alembic")
jwt = JWTManager()
