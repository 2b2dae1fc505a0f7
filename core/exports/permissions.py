"""How often lists may be taken away; who may is for each plugin to say."""

from __future__ import annotations

from core.plugins.spec import Quota

FILES = Quota("exports.files", 500, "Lists taken away as files.")
QUOTAS = (FILES,)
