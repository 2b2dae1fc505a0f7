from __future__ import annotations

import re
from uuid import UUID

import pytest

from core import ids
from core.api_keys import form
from core.telemetry import MASK, masked


class TestAKey:
    def test_is_found_by_the_documented_pattern(self) -> None:
        text = form.make(ids.new(), within="live")
        assert re.fullmatch(r"tripfile_(live|test)_[0-9A-Za-z]{22}_[0-9A-Za-z]{39}", text)
        assert form.PATTERN.search(f"curl -H 'Authorization: Bearer {text}' https://")

    def test_names_its_row(self) -> None:
        for key_id in (ids.new(), UUID(int=0), UUID(int=2**128 - 1)):
            assert form.id_of(form.make(key_id, within="test"), within="test") == key_id

    def test_has_a_secret_of_192_bits_that_never_comes_twice(self) -> None:
        key_id = ids.new()
        made = {form.make(key_id, within="live") for _ in range(100)}
        assert len(made) == 100
        assert 62**33 >= 2**192

    @pytest.mark.parametrize("place", range(13, 76))
    def test_with_a_wrong_character_is_none(self, place: int) -> None:
        text = form.make(ids.new(), within="live")
        wrong = text[:place] + ("0" if text[place] != "0" else "1") + text[place + 1 :]
        assert form.id_of(wrong, within="live") is None

    @pytest.mark.parametrize("text", ["", "tripfile_", "tripfile_live_", "tripfile_live_x_y", "\ud800", "ä" * 76])
    def test_of_another_form_is_none(self, text: str) -> None:
        assert form.id_of(text, within="live") is None

    def test_with_more_than_fits_an_id_is_none(self) -> None:
        text = f"tripfile_live_{'z' * 22}_{'0' * 33}"
        assert form.id_of(text + form._checksum(text), within="live") is None

    def test_of_a_trial_installation_is_none_in_the_real_one(self) -> None:
        assert form.id_of(form.make(ids.new(), within="test"), within="live") is None

    def test_is_masked_wherever_it_is_logged(self) -> None:
        assert masked(f"sent {form.make(ids.new(), within='live')} along") == f"sent {MASK} along"
