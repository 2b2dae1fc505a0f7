"""What can go wrong with webhooks."""

from __future__ import annotations

from core.sdk import Conflict


class TooManyEndpoints(Conflict):
    """The agency has as many endpoints as it may have."""

    code = "webhook_endpoints_exhausted"
    title = "The agency has as many endpoints as it may have"


class EndpointIsDisabled(Conflict):
    """Nothing is sent to a disabled endpoint."""

    code = "webhook_endpoint_disabled"
    title = "Enable the endpoint first"


class StillOnItsWay(Conflict):
    """The message has attempts to come."""

    code = "webhook_delivery_on_its_way"
    title = "The message is still on its way: its next attempt is in the log"
