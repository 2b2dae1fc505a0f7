"""What goes to the database: reads on the thin path, and everything SQLAlchemy sends, by role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from core.db import wire


class Statements:
    """The statements seen so far; `reads` with their values, as the thin path got them."""

    def __init__(self) -> None:
        self.reads: list[tuple[bytes, list[Any]]] = []
        self.others: list[str] = []
        self.system: list[str] = []

    def clear(self) -> None:
        """Forget them."""
        self.reads.clear()
        self.others.clear()
        self.system.clear()

    @property
    def of_the_application(self) -> int:
        """How many ran as the application's role."""
        return len(self.reads) + len(self.others)

    @contextmanager
    def watching(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Watch both paths."""
        fetch, fetch_inside = wire.fetch, wire.fetch_inside

        def seen(connection: Any, **options: Any) -> Any:
            if connection.info.user.endswith("_system"):
                self.system.append(options["sql"].decode())
            else:
                self.reads.append((options["sql"], list(options["values"])))
            return fetch(connection, **options)

        def executed(connection: Connection, cursor: Any, statement: str, *others: Any) -> None:
            role = connection.engine.url.username or ""
            (self.system if role.endswith("_system") else self.others).append(statement)

        def seen_inside(connection: Any, **options: Any) -> Any:
            self.others.append(options["sql"].decode())
            return fetch_inside(connection, **options)

        monkeypatch.setattr(wire, "fetch", seen)
        monkeypatch.setattr(wire, "fetch_inside", seen_inside)
        event.listen(Engine, "before_cursor_execute", executed)
        try:
            yield
        finally:
            event.remove(Engine, "before_cursor_execute", executed)
