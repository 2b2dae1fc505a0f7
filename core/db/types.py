"""Column types that turn what the database holds into Structs: JSON of a known shape, and money."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Dialect, Text, case, cast, type_coerce
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

from core.money import Money, from_minor


class StructJSON(TypeDecorator[Any]):
    """JSONB that is read as a Struct, or as a list of them: `StructJSON(list[EmailEntry])`."""

    impl = JSONB
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        # Nothing said is NULL: what asks for that would not find the JSON of it.
        super().__init__(none_as_null=True)
        self.kind = kind

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """What the JSON stands for."""
        return None if value is None else msgspec.convert(value, self.kind)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """The JSON of a Struct."""
        return None if value is None else msgspec.to_builtins(value)


class _MoneyText(TypeDecorator[Money]):
    """`240000 EUR`, read as Money."""

    impl = Text
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> Money | None:
        """The money that a text of minor units and currency stands for."""
        return None if value is None else _money(value)


@lru_cache(maxsize=4096)
def _money(text: str) -> Money:
    # A page holds a hundred amounts, and round ones come again and again.
    minor, currency = text.split(" ")
    return from_minor(int(minor), currency)


def money(minor: Any, currency: Any) -> ColumnElement[Any]:
    """Two columns, minor units and currency, as one Money; NULL when there is no amount."""
    text = cast(minor, Text).concat(" ").concat(currency)
    return type_coerce(case((minor.is_not(None), text)), _MoneyText())
