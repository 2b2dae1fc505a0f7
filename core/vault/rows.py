"""Encrypted columns of rows that are written by the thousand, past the session."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import insert, inspect, select

from core import clock, ids
from core.db.base import Model, stored
from core.db.tenancy import current_agency_id
from core.extensions import db
from core.keyring.rings import ring
from core.vault import blind, columns, keys, texts
from core.vault.columns import Secret
from core.vault.errors import SubjectErased
from core.vault.keys import Key, Person
from core.vault.models import DataKey, ErasedSubject

_DATA_KEY = DataKey.metadata.tables[DataKey.__tablename__]


def sealed_rows(model: type[Model], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the acting agency as they are stored, with their ids given and each `Secret` sealed, its index beside it.

    The people they are about were made in this unit of work: nobody else seals for them or erases them meanwhile, so
    nothing is locked. Raises TypeError for values in clear, SubjectErased.
    """
    mapper = inspect(model)
    encrypted = columns.columns_of(mapper)
    if not any(row.get(column.key) is not None for column in encrypted for row in rows):
        return rows
    made = [dict(row) for row in rows]
    for column in encrypted:
        blinds = {
            key: each.info["blind"][1] for key, each in stored(mapper) if each.info.get("blind", ("",))[0] == column.key
        }
        _seal(column, [row for row in made if row.get(column.key) is not None], blinds)
        # All rows name the same columns.
        for row in made:
            row.update({key: row.get(key) for key in blinds})
    return made


def _seal(column: Any, rows: list[dict[str, Any]], blinds: dict[str, Any]) -> None:
    about, table = columns.about_of(column), column.property.columns[0].table.name
    by_kind: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if not isinstance(row[column.key], Secret) or row[column.key].plain is None:
            raise TypeError(f"{table}.{column.key} is encrypted: give a vault.Secret")
        by_kind[row[about.subject_from] if about.subject_from else about.subject].append(row)
    for kind, mine in by_kind.items():
        known = _keys(kind, [row[about.column] for row in mine])
        for row in mine:
            plain: str = row[column.key].plain
            row[column.key] = _sealed(plain, column, row, known[row[about.column]])
            row.update(
                {key: blind.digest(spelled(plain), place=f"{table}.{column.key}") for key, spelled in blinds.items()}
            )


def _sealed(plain: str, column: Any, row: dict[str, Any], key: Key) -> str:
    row_id: UUID = row["id"]
    return texts.sealed(plain, key=key, place=columns.place_of(column, current_agency_id(), row_id))


def _keys(subject: str, subject_ids: Iterable[UUID]) -> Mapping[UUID, Key]:
    """The keys of people whom only this unit of work knows, made where they have none."""
    wanted = list(dict.fromkeys(subject_ids))
    found = dict(keys.of_all(subject, wanted))
    missing = [each for each in wanted if each not in found]
    if not missing:
        return found
    gone = select(ErasedSubject.id).where(ErasedSubject.subject == subject, ErasedSubject.subject_id.in_(missing))
    if db.session.scalar(gone.limit(1)) is not None:
        raise SubjectErased
    kek, rows = ring(keys.RING).current(), []
    for subject_id in missing:
        key = found[subject_id] = Key(ids.new(), secrets.token_bytes(keys.BYTES))
        wrapped = keys.wrap(key.secret, kek=kek, key_id=key.id, person=Person(subject, subject_id))
        row = {"id": key.id, "agency_id": current_agency_id(), "subject": subject, "subject_id": subject_id}
        rows.append({**row, "wrapped": wrapped, "kek_id": kek.id, "created_at": clock.now()})
    # The table rather than the entity: one statement for all, with the agency put in right here.
    db.session.connection().execute(insert(_DATA_KEY), rows)
    return found
