"""Metaclasses for Structs whose settings every subclass keeps, in a way type checkers understand."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, dataclass_transform

import msgspec


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class Frozen(msgspec.StructMeta):
    """Structs that cannot be changed, and neither can those derived from them."""

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **config: Any) -> Any:
        config.setdefault("frozen", True)
        return super().__new__(mcls, name, bases, namespace, **config)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class FrozenKeywordOnly(msgspec.StructMeta):
    """The same, made by keyword: required fields may follow optional ones."""

    # msgspec itself does not inherit `kw_only`.

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **config: Any) -> Any:
        config.setdefault("frozen", True)
        config.setdefault("kw_only", True)
        return super().__new__(mcls, name, bases, namespace, **config)


def settle() -> None:
    """Have msgspec learn every Struct there is, before there are threads.

    It learns one at its first use, and a second thread that comes by meanwhile takes the half-made description for a
    whole one: the process ends with a segmentation fault.
    """
    waiting: list[type[msgspec.Struct]] = [msgspec.Struct]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        # What is only ever sent may be annotated with what nobody can receive, and is never read.
        with suppress(TypeError, NameError, AttributeError):
            msgspec.json.Decoder(kind)
