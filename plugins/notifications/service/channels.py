"""The ways people can be told: the product itself, and what plugins bring."""

from __future__ import annotations

from core.sdk import installed

from ..hookspecs import Channel
from ..schemas import IN_APP, ChannelView, Choice

# What people can choose before there is a plugin that delivers it.
FORESEEN = {IN_APP: "In the product", "mail": "E-mail"}


def delivering() -> dict[str, Channel]:
    """The channels that plugins deliver on in the acting agency, by name."""
    answers: list[list[Channel]] = installed().hook.notifications_channels()
    return {channel.name: channel for channels in answers for channel in channels if channel.name != IN_APP}


def defaults(delivered: dict[str, Channel]) -> dict[str, Choice]:
    """What somebody gets who has chosen nothing, on every channel that exists."""
    return {IN_APP: "now", **{channel.name: channel.default for channel in delivered.values()}}


def views(delivered: dict[str, Channel]) -> list[ChannelView]:
    """Every channel there is or will be."""
    summaries = FORESEEN | {channel.name: channel.summary for channel in delivered.values()}
    return [ChannelView(name, summary, name in {IN_APP, *delivered}) for name, summary in summaries.items()]
