"""What other modules use to write to people: `send(Message(to, subject, text))`, from a job."""

from __future__ import annotations

from core.mail.delivery import send
from core.mail.messages import Message, Unsendable

__all__ = ["Message", "Unsendable", "send"]
