"""Sealed secrets open in their own place alone."""

from __future__ import annotations

import base64

import pytest

from core import ids, sealing
from core.actor import system
from core.crypto import Unreadable
from core.db.session import UnitOfWork
from core.db.tenancy import acting_as
from core.http.application import Application
from core.keyring.rings import ring
from core.testing.factories import AgencyUnderTest

COLUMN = "webhooks_endpoint.secret"


class TestSealed:
    def test_opens_where_it_was_sealed(self, work: UnitOfWork) -> None:
        row_id = ids.new()
        text = sealing.sealed("a word of Zo\u00eb's", column=COLUMN, row_id=row_id)
        assert "word" not in text
        assert b"word" not in base64.b64decode(text.rpartition(".")[2])
        assert sealing.opened(text, column=COLUMN, row_id=row_id) == "a word of Zo\u00eb's"

    def test_is_different_every_time(self, work: UnitOfWork) -> None:
        row_id = ids.new()
        assert len({sealing.sealed("same", column=COLUMN, row_id=row_id) for _ in range(10)}) == 10

    def test_opens_in_no_other_row_column_or_agency(self, work: UnitOfWork, other_agency: AgencyUnderTest) -> None:
        row_id = ids.new()
        text = sealing.sealed("a word", column=COLUMN, row_id=row_id)
        with pytest.raises(Unreadable):
            sealing.opened(text, column=COLUMN, row_id=ids.new())
        with pytest.raises(Unreadable):
            sealing.opened(text, column="webhooks_endpoint.url", row_id=row_id)
        with acting_as(system(other_agency.id)), pytest.raises(Unreadable):
            sealing.opened(text, column=COLUMN, row_id=row_id)

    def test_opens_with_no_other_key(self, app: Application, work: UnitOfWork) -> None:
        row_id, old = ids.new(), ring("vault").current()
        text = sealing.sealed("a word", column=COLUMN, row_id=row_id)
        other = ring("vault").rotate()
        with pytest.raises(Unreadable):
            sealing.opened(text.replace(old.id.hex, other.id.hex), column=COLUMN, row_id=row_id)

    def test_opens_until_its_key_is_dropped(self, work: UnitOfWork) -> None:
        row_id, old = ids.new(), ring("vault").current()
        text = sealing.sealed("a word", column=COLUMN, row_id=row_id)
        ring("vault").rotate()
        assert sealing.opened(text, column=COLUMN, row_id=row_id) == "a word"
        ring("vault").drop(old.id)
        with pytest.raises(Unreadable, match="no more"):
            sealing.opened(text, column=COLUMN, row_id=row_id)

    def test_opens_no_more_once_a_byte_is_changed(self, work: UnitOfWork) -> None:
        row_id = ids.new()
        head, _, body = sealing.sealed("a word", column=COLUMN, row_id=row_id).rpartition(".")
        raw = bytearray(base64.b64decode(body))
        for place in range(len(raw)):
            changed = bytes(raw[:place]) + bytes([raw[place] ^ 1]) + bytes(raw[place + 1 :])
            with pytest.raises(Unreadable):
                sealing.opened(f"{head}.{base64.b64encode(changed).decode()}", column=COLUMN, row_id=row_id)

    def test_says_that_a_later_form_is_not_known(self, work: UnitOfWork) -> None:
        later = f"3.{ids.new().hex}.{base64.b64encode(bytes(40)).decode()}"
        with pytest.raises(Unreadable, match="a form that is not known here"):
            sealing.opened(later, column=COLUMN, row_id=ids.new())

    @pytest.mark.parametrize("text", ["", "no base 64!", "AQ==", "AAAA", "2.", "2.no-key.AAAA", "2..", "."])
    def test_opens_nothing_else(self, work: UnitOfWork, text: str) -> None:
        with pytest.raises(Unreadable):
            sealing.opened(text, column=COLUMN, row_id=ids.new())
