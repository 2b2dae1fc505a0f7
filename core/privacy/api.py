"""What plugins say about the people they hold something about."""

from __future__ import annotations

from core.privacy.collecting import NAMELESS
from core.privacy.elsewhere import forget_elsewhere, said_elsewhere
from core.privacy.repository import all_on_hold, is_erased, on_hold, undisturbed
from core.privacy.rows import held, wipe
from core.privacy.subjects import CONTACT, USER, Holding, Outcome, Subject, Words
from core.privacy.words import stand_in

__all__ = [
    "CONTACT",
    "NAMELESS",
    "USER",
    "Holding",
    "Outcome",
    "Subject",
    "Words",
    "all_on_hold",
    "forget_elsewhere",
    "held",
    "is_erased",
    "on_hold",
    "said_elsewhere",
    "stand_in",
    "undisturbed",
    "wipe",
]
