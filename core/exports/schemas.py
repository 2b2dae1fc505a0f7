"""What a file is asked to be."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from core.http.structs import Draft, View

Form = Annotated[
    Literal["csv", "excel", "xlsx"],
    Meta(description="`csv` for programs; `excel`: CSV with the mark by which Excel knows UTF-8; `xlsx`: a workbook."),
]


class ExportQuery(Draft):
    """In which form a list is taken away, and what of it."""

    form: Form = "csv"
    columns: Annotated[
        str,
        Meta(
            max_length=4000,
            description="Names of columns in their order, separated by commas; all the caller may see without it.",
        ),
    ] = ""


class FileColumnView(View):
    """A column that a file of a list can have."""

    name: str
    title: str
