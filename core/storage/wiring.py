"""Which storage an application uses: what a plugin brings, else what the settings say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, current_app

from core.config import ConfigurationError, Settings
from core.storage.local import LocalStorage
from core.storage.port import Storage

if TYPE_CHECKING:
    from core.plugins.manager import Plugins

_KEY = "tripfile.storage"


def install(app: Flask, settings: Settings, plugins: Plugins) -> None:
    """Ask the plugins for a storage, once. Raises ConfigurationError where the chosen one cannot be used."""
    brought = plugins.hook.storage_backend(settings=settings)
    app.extensions[_KEY] = brought or _configured(settings)


def storage() -> Storage:
    """The storage of the running application."""
    found: Storage = current_app.extensions[_KEY]
    return found


def _configured(settings: Settings) -> Storage:
    if not settings.files_s3_bucket:
        return LocalStorage(folder_of(settings))
    try:
        # An extra: a light install has no boto3.
        from core.storage.s3 import S3Storage
    except ImportError:
        raise ConfigurationError(["FILES_S3_BUCKET needs boto3: pip install 'tripfile[s3]'"]) from None
    return S3Storage(settings)


def folder_of(settings: Settings) -> Path:
    """Where files lie on this machine."""
    return settings.files_dir or settings.var_dir / "files"
