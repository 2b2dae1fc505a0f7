"""What loading refuses of a plugin's live side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from core.config import ConfigurationError
from core.plugins.manager import Plugins
from core.plugins.spec import Permission, Plugin
from core.realtime.spec import Room, Topic, TopicPage, handler
from core.structs import Frozen

Make = Callable[..., Plugin]
Load = Callable[..., Plugins]
READ = Permission("visas.read", "See visas.")


class Item(msgspec.Struct):
    """One item of a topic."""

    seq: int


class Word:
    """No Struct."""


def room(kind: str = "visa", permission: object = READ) -> Room:
    return Room(kind=kind, summary="Who looks at a visa.", permission=permission, may_join=lambda _visa_id: True)


def topic(name: str = "visas", permission: object = None) -> Topic:
    return Topic(
        name=name, summary="Visas.", item=Item, scope=lambda _actor: name, pull=_nothing, permission=permission
    )


def _nothing(after: int, _limit: int) -> TopicPage:
    return TopicPage([], after, False)


class TestLiveSide:
    def test_two_plugins_do_not_share_a_topic(self, make: Make, load_these: Load) -> None:
        """The name of one may begin with that of the other, and then both may call a topic so."""
        visas, express = make(topics=(topic("visas_express"),)), make("visas_express", topics=(topic("visas_express"),))
        with pytest.raises(ConfigurationError, match="visas and visas_express both have a topic 'visas_express'"):
            load_these(visas, express)
        assert load_these(visas, make("visas_express")).plugins

    def test_a_room_takes_a_permission_that_is_declared(self, make: Make, load_these: Load) -> None:
        assert load_these(make(permissions=(READ,), rooms=(room(),))).plugins["visas"].rooms

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"rooms": (room(permission="visas.write"),)}, "asks for 'visas.write'"),
            ({"rooms": (room(kind="user"),)}, "a lower-case word other than user, team, stream, named"),
            ({"rooms": (room(kind="named"),)}, "a lower-case word other than user, team, stream, named"),
            ({"rooms": (room(), room())}, "two rooms are of the kind 'visa'"),
            ({"topics": (topic(), topic())}, "two topics are called 'visas'"),
            ({"topics": (topic(permission="visas.write"),)}, "asks for 'visas.write', which it does not declare"),
            ({"emits": {"word": Word}}, "without a Struct"),
            ({"emits": {"visas.word": Frozen("Said", (), {})}}, "bare lower-case word"),
            ({"sockets": {"typing": print}}, "has no handler"),
            (
                {"sockets": {"typing": handler(permission="visas.shout", accepts=Frozen("Sent", (), {}))(print)}},
                "asks for 'visas.shout'",
            ),
        ],
    )
    def test_what_is_wrong_is_a_sentence(
        self, make: Make, load_these: Load, changes: dict[str, Any], sentence: str
    ) -> None:
        with pytest.raises(ConfigurationError, match=sentence):
            load_these(make(permissions=(READ,), **changes))
