"""What loading refuses of a plugin's live side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.config import ConfigurationError
from core.plugins.manager import Plugins
from core.plugins.spec import Permission, Plugin
from core.realtime.spec import Room, handler
from core.structs import Frozen

Make = Callable[..., Plugin]
Load = Callable[..., Plugins]
READ = Permission("visas.read", "See visas.")


class Word:
    """No Struct."""


def room(kind: str = "visa", permission: object = READ) -> Room:
    return Room(kind=kind, summary="Who looks at a visa.", permission=permission, may_join=lambda _visa_id: True)


class TestLiveSide:
    def test_a_room_takes_a_permission_that_is_declared(self, make: Make, load_these: Load) -> None:
        assert load_these(make(permissions=(READ,), rooms=(room(),))).plugins["visas"].rooms

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"rooms": (room(permission="visas.write"),)}, "asks for 'visas.write'"),
            ({"rooms": (room(kind="user"),)}, "a lower-case word other than user, team, stream, named"),
            ({"rooms": (room(kind="named"),)}, "a lower-case word other than user, team, stream, named"),
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
