"""What the core holds about people."""

from __future__ import annotations

from collections.abc import Callable

from core.plugins.hookspecs import hookimpl
from core.privacy import failures, own_rows, told
from core.privacy.subjects import Holding, Outcome, Subject


@hookimpl
def personal_data(subject: Subject) -> list[Holding]:
    """Rows of the core's own tables, and words in its log."""
    return [*own_rows.holdings(subject), *told.holdings(subject)]


@hookimpl
def erase_personal_data(subject: Subject) -> list[Outcome]:
    """Overwrite them, and what the core keeps of others' answers."""
    return list(own_rows.erase(subject))


@hookimpl
def health_checks() -> dict[str, Callable[[], None]]:
    """Whether what people asked for is done within a day."""
    return {"privacy": failures.check}
