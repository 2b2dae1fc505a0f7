"""Imports on the wire."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from core.fields import Country, Instant
from core.http.structs import Draft, Patch, View
from core.money import Currency

MAX_COLUMNS = 200
MAX_CELL = 32_767
"""Characters in a cell, as workbooks have it."""
State = Annotated[
    Literal["new", "checking", "checked", "running", "stopped", "done", "reverting", "reverted"],
    Meta(
        description="How far it is. `stopped`: it ended before its time, and can go on or be taken back.",
        examples=["checked"],
    ),
]
RowState = Annotated[
    Literal["good", "duplicate", "faulty", "created", "reverted", "kept"],
    Meta(description="`good`: it would be created. `kept`: it was created, and not taken back."),
]
Encoding = Annotated[
    Literal["auto", "utf-8", "utf-16", "cp1252", "cp1250", "cp1251", "iso-8859-15", "mac-roman"],
    Meta(description="How the text of a CSV file is encoded; `auto` tells UTF-8, UTF-16 and Windows-1252 apart."),
]
DateOrder = Annotated[
    Literal["dmy", "mdy", "ymd"],
    Meta(description="How dates as 03/04/2027 are read; 2027-04-03 is always read."),
]
ColumnName = Annotated[str, Meta(max_length=80, examples=["email"])]
Mapping = Annotated[
    list[ColumnName | None],
    Meta(max_length=MAX_COLUMNS, description="For each heading, in their order, the column it stands for, or null."),
]
Score = Annotated[int, Meta(ge=50, le=100, description="From which score on a row counts as a duplicate.")]
Defaults = Annotated[
    dict[str, Annotated[str, Meta(max_length=1000)] | None],
    Meta(
        max_length=50,
        description="What rows that say nothing in a column get, as text of a cell of it; null for nobody.",
        examples=[{"source": "trade_fair"}],
    ),
]
DecimalMark = Annotated[
    Literal["auto", ".", ","],
    Meta(description="What stands before the cents; `auto` reads each amount by what it shows itself."),
]
Delimiter = Annotated[
    Literal["auto", "comma", "semicolon", "tab", "pipe"], Meta(description="What stands between the cells of CSV.")
]


class ImportOptions(View):
    """How a file is read, and what is done with its rows."""

    encoding: Encoding = "auto"
    delimiter: Delimiter = "auto"
    sheet: Annotated[str, Meta(max_length=100, description="The sheet of a workbook.")] | None = None
    date_order: DateOrder = "dmy"
    decimal: DecimalMark = "auto"
    phone_country: Country | None = None
    currency: Currency | None = None
    duplicates: Annotated[
        Literal["skip", "create"], Meta(description="Whether rows that are there already are left out.")
    ] = "skip"
    duplicate_score: Score = 85
    defaults: Defaults = {}


class ImportOptionsPatch(Patch):
    """Changes to how a file is read, and to what is done with its rows."""

    encoding: Encoding | UnsetType = UNSET
    delimiter: Delimiter | UnsetType = UNSET
    sheet: Annotated[str, Meta(max_length=100)] | None | UnsetType = UNSET
    date_order: DateOrder | UnsetType = UNSET
    decimal: DecimalMark | UnsetType = UNSET
    phone_country: Country | None | UnsetType = UNSET
    currency: Currency | None | UnsetType = UNSET
    duplicates: Literal["skip", "create"] | UnsetType = UNSET
    duplicate_score: Score | UnsetType = UNSET
    defaults: Defaults | UnsetType = UNSET


class ImportPatch(Patch):
    """Changes to an import; it has to be checked again then."""

    mapping: Mapping | UnsetType = UNSET
    options: ImportOptionsPatch | UnsetType = UNSET


class RowFault(View):
    """One thing wrong with a row."""

    column: Annotated[str | None, Meta(description="The column it is about; null where it is about the row.")]
    code: str
    message: str


class ImportHeading(View):
    """A heading of a file."""

    heading: str
    column: Annotated[str | None, Meta(description="The column it stands for.")]


class ImportView(View):
    """An import."""

    id: UUID
    entity: str
    state: State
    problem: Annotated[str | None, Meta(description="Why it stopped, or cannot be read.")]
    owner_id: UUID | None
    name: str
    form: Literal["csv", "xlsx"]
    columns: list[ImportHeading]
    options: ImportOptions
    has_file: Annotated[bool, Meta(description="Whether the file is still there.")]
    job_id: Annotated[UUID | None, Meta(description="The job that works on it, see `/jobs/mine/{job_id}`.")]
    total: Annotated[int | None, Meta(description="Rows in the file, once it was checked.")]
    good: Annotated[int, Meta(description="Rows that the last check would have created.")]
    duplicates: int
    faulty: int
    created: int
    reverted: int
    kept: int
    checked_at: Instant | None
    run_at: Instant | None
    reverted_at: Instant | None
    version: int
    created_at: Instant
    updated_at: Instant


class ImportRowView(View):
    """What became of a row, or would."""

    id: UUID
    line: Annotated[int, Meta(description="The row as spreadsheets count, headings included.")]
    state: RowState
    entity_id: UUID | None
    faults: list[RowFault]
    duplicate_of: Annotated[UUID | None, Meta(description="What it is a duplicate of, where you may see that.")]
    duplicate_line: Annotated[int | None, Meta(description="The row of the same file it is a duplicate of.")]
    score: int | None
    reasons: list[str]
    kept_because: str | None


class ImportColumnView(View):
    """A column that rows can have."""

    name: str
    title: str
    kind: str
    required: bool
    choices: list[str]


class ImportEntityView(View):
    """A kind of things that come in by files."""

    entity: str
    title: str
    columns: list[ImportColumnView]


class Doer(Draft):
    """On whose behalf a job works on an import, and how far that reached when it was asked for."""

    user_id: UUID
    grants: dict[str, str]
    session_id: UUID | None = None
    impersonator_id: UUID | None = None
    key_id: UUID | None = None
