"""What plugins say about the people they hold something about."""

from __future__ import annotations

from core.privacy.erasures import NAMELESS
from core.privacy.repository import on_hold
from core.privacy.rows import held, wipe
from core.privacy.subjects import CONTACT, USER, Holding, Outcome, Subject

__all__ = ["CONTACT", "NAMELESS", "USER", "Holding", "Outcome", "Subject", "held", "on_hold", "wipe"]
