"""Open connections of sessions that were opened without a second factor, once one is asked for."""

from __future__ import annotations

from collections.abc import Callable

from core.testing.clients import ok
from core.testing.factories import AgencyUnderTest
from core.testing.servers import wait_for
from tests.gateway.talk import Inside

Connect = Callable[..., Inside]


class TestARoleThatAsksForASecondFactor:
    def test_ends_them_within_two_seconds(self, inside: Connect, agency: AgencyUnderTest) -> None:
        client, owner = inside(), agency.member("owner")
        client.connect(token=agency.member("agent").token)
        role = ok(owner.get("/roles?code=agent"))["items"][0]
        asked = owner.patch(f"/roles/{role['id']}", {"second_factor_required": True}, version=role["version"])
        ok(asked)
        wait_for(lambda: client.farewell, 2, what="The end")
        assert client.farewell is not None
        assert client.farewell[1] == "The session was ended"
