"""What travels over the wire: the base classes of request and response bodies, and their encoding."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from core.structs import Frozen, FrozenKeywordOnly


class Draft(msgspec.Struct, metaclass=FrozenKeywordOnly, forbid_unknown_fields=True):
    """The body of a request that makes something. Unknown fields are refused, not ignored."""

    either: ClassVar[tuple[str, str] | None] = None
    """Two fields of which exactly one must be sent; the document says so, and the service sees to it."""


class Patch(msgspec.Struct, metaclass=FrozenKeywordOnly, forbid_unknown_fields=True):
    """The body of a merge patch (RFC 7396). Fields are `T | UnsetType = UNSET`: absent is UNSET, null is None."""

    def changes(self) -> dict[str, Any]:
        """The fields that were sent, by name."""
        return {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not msgspec.UNSET}


class View(msgspec.Struct, metaclass=Frozen):
    """The body of a response. Positional, so that a row selected in column order becomes one by `LeadRow(*row)`."""


_encoder = msgspec.json.Encoder()


def encode(body: Any) -> bytes:
    """JSON of a Struct, or of anything made of Structs and plain values. Decimals become strings."""
    return _encoder.encode(body)
