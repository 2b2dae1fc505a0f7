"""What other modules use to write to people: `send(Message(to, subject, text))`, from a job; `link` for what is in it."""

from __future__ import annotations

from core.mail.delivery import send
from core.mail.links import link
from core.mail.messages import Message, Unsendable

__all__ = ["Message", "Unsendable", "link", "send"]
