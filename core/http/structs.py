"""What travels over the wire: the base classes of request and response bodies, and their encoding."""

from __future__ import annotations

from typing import Any, dataclass_transform

import msgspec


@dataclass_transform(kw_only_default=True, field_specifiers=(msgspec.field,))
class _KeywordOnly(msgspec.StructMeta):
    """`kw_only` of a Struct is not inherited; here it is, so that required fields may follow optional ones."""

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **config: Any) -> _KeywordOnly:
        config.setdefault("kw_only", True)
        made: _KeywordOnly = super().__new__(mcls, name, bases, namespace, **config)
        return made


class Draft(msgspec.Struct, metaclass=_KeywordOnly, frozen=True, forbid_unknown_fields=True):
    """The body of a request that makes something. Unknown fields are refused, not ignored."""


class Patch(msgspec.Struct, metaclass=_KeywordOnly, frozen=True, forbid_unknown_fields=True):
    """The body of a merge patch (RFC 7396). Fields are `T | UnsetType = UNSET`: absent is UNSET, null is None."""

    def changes(self) -> dict[str, Any]:
        """The fields that were sent, by name."""
        return {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not msgspec.UNSET}


class View(msgspec.Struct, frozen=True):
    """The body of a response. Positional, so that a row selected in column order becomes one by `LeadRow(*row)`."""


_encoder = msgspec.json.Encoder()


def encode(body: Any) -> bytes:
    """JSON of a Struct, or of anything made of Structs and plain values. Decimals become strings."""
    return _encoder.encode(body)
