"""A server that is gone without a word holds nobody for ever."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.errors import QueryCanceled

from core.config import Settings
from core.db import read, wire
from core.http import database_errors


class TestAReadThatIsNotAnswered:
    def test_ends_after_a_while_and_takes_its_connection_with_it(self, settings: Settings) -> None:
        assert settings.database_url is not None
        url = settings.database_url.get_secret_value()
        with (
            psycopg.connect(url, autocommit=True, **read.connect_options(settings)) as connection,
            pytest.raises(QueryCanceled) as caught,
        ):
            wire.fetch(
                connection,
                agency_id="",
                name=b"",
                sql=b"select pg_sleep(3)",
                values=(),
                make_row=tuple,
                prepare=False,
                patience=0.1,
            )
        assert connection.closed
        assert not read._worth_repeating(caught.value)
        problem = database_errors.problem_of(caught.value)
        assert problem is not None
        assert problem.status == 503
