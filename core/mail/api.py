"""What other modules write to people with: `send(Message(to, subject, text))` from a job, and `link` for pages."""

from __future__ import annotations

from core.mail.delivery import send
from core.mail.links import link
from core.mail.messages import Message, Unsendable

__all__ = ["Message", "Unsendable", "link", "send"]
