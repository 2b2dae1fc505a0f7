"""What tasks do by the clock."""

from __future__ import annotations

from core.sdk import job

from .service import reminders


@job(schedule="*/5 * * * *")
def send_reminders() -> None:
    """Tell people of tasks that are due soon or overdue."""
    if reminders.send():
        # What is left is told in a unit of work of its own.
        send_reminders.enqueue()
