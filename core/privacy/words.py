"""Finding in texts what they say about a person, however much they are known by."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, SQLColumnExpression, Text, any_, exists, false, func, literal, or_

_ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def stand_in(text: SQLColumnExpression[Any], words: Iterable[str]) -> ColumnElement[bool]:
    """Whether one of these words stands in a text: a condition whose length does not depend on how many they are.

    Ids are read out of the text once and looked up, since there may be thousands; others are looked for one by one.
    """
    given = list(words)
    ids = [each for each in given if re.fullmatch(_ID, each)]
    names = [each for each in given if not re.fullmatch(_ID, each)]
    conditions: list[ColumnElement[bool]] = [false()]
    if ids:
        found = func.regexp_matches(text, _ID, "g", type_=ARRAY(Text())).column_valued("found")
        conditions.append(exists().where(found[1] == any_(literal(ids, ARRAY(Text())))))
    if names:
        name = func.unnest(literal(names, ARRAY(Text())), type_=Text()).column_valued("name")
        # Addresses are written in any case.
        conditions.append(exists().where(func.strpos(func.lower(text), func.lower(name)) > 0))
    return or_(*conditions)
