"""Mail: one way out for every letter the product writes to a person."""

from __future__ import annotations

from core.mail import hooks
from core.plugins.spec import Plugin

plugin = Plugin(
    name="mail",
    version="1.0.0",
    core=">=1.0,<2",
    summary="Mail: one way out for every letter the product writes to a person.",
    hooks=hooks,
)
