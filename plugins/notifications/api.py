"""What neighbours may have done: telling people, and bringing notifications to them on another channel."""

from __future__ import annotations

from .hookspecs import Channel
from .schemas import Delivery, NotificationView
from .service.reading import delivery
from .service.telling import UnknownKind, notify

__all__ = ["Channel", "Delivery", "NotificationView", "UnknownKind", "delivery", "notify"]
