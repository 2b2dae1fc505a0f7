"""The daily digest: what people let wait comes to them in the morning of their own day."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from core.sdk import clock, ids, settings_of, users

from ..hookspecs import Channel
from ..repository.stored import Digested, notifications
from ..schemas import IN_APP, Choice
from ..settings import NotificationSettings
from . import channels, kinds
from .telling import Matter, store

KIND = "notifications.digest"


def send_due() -> None:
    """Give a digest to everybody for whom something has waited since before their last digest hour."""
    waiting = notifications.waiting_people()
    if not waiting:
        return
    hour, delivered = settings_of(NotificationSettings).digest_hour, channels.delivering()
    for user_id, zone in users.zones(waiting).items():
        _digest(user_id, last_hour(clock.now(), zone=zone, hour=hour), delivered)


def last_hour(now: datetime, *, zone: str, hour: int) -> datetime:
    """When it last was this hour of the day in a zone. On a day whose clock skips the hour: when it would have been."""
    local = now.astimezone(ZoneInfo(zone))
    today = datetime.combine(local.date(), time(hour), tzinfo=local.tzinfo)
    return today if today <= now else datetime.combine(local.date() - timedelta(days=1), time(hour), local.tzinfo)


def _digest(user_id: UUID, before: datetime, delivered: dict[str, Channel]) -> None:
    digest_id = ids.new()
    told = notifications.digest(user_id, before=before, digest_id=digest_id, at=clock.now())
    if not told:
        return
    wanted = {name for each in told for name in each.daily}
    choices: dict[str, Choice] = {name: "now" if name in wanted else "off" for name in (IN_APP, *delivered)}
    matter = Matter(notice=kinds.declared()[KIND], words=_words(told))
    store(matter, user_id, choices, delivered, notification_id=digest_id)


def _words(told: list[Digested]) -> dict[str, str]:
    """`12 things happened` and ` on 5 leads and 1 trip`."""
    subjects = {(each.subject, each.subject_id) for each in told if each.subject and each.subject_id}
    nouns = Counter(str(subject).rpartition(".")[2].replace("_", " ") for subject, _ in subjects)
    *others, last = [_counted(number, noun) for noun, number in nouns.most_common()] or [""]
    where = f"{', '.join(others)} and {last}" if others else last
    return {"things": _counted(len(told), "thing"), "where": f" on {where}" if where else ""}


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
