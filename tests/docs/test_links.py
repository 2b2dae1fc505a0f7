"""What docs/passwords.md tells those who build a front end about the links in letters."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.http.link_pages import PAGES

DOCUMENT = (Path(__file__).parents[2] / "docs/passwords.md").read_text()
ROWS = [line for line in DOCUMENT.splitlines() if line.startswith("| `/app/")]


class TestThePagesOfLinks:
    @pytest.mark.parametrize("kind", PAGES)
    def test_stand_there_with_what_they_post_to(self, kind: str) -> None:
        found = [row for row in ROWS if row.startswith(f"| `/app/{kind}` |")]
        assert len(found) == 1, f"docs/passwords.md names /app/{kind} in {len(found)} rows"
        for address in filter(None, (PAGES[kind].sends, PAGES[kind].looks)):
            assert f"`/api/v1{address}`" in found[0]
        assert ("`password`" in found[0]) == bool(PAGES[kind].password) or kind == "invitation"

    def test_are_all_pages_there_are(self) -> None:
        assert len(ROWS) == len(PAGES)

    def test_say_what_another_origin_takes(self) -> None:
        assert "`CORS_ORIGIN`" in DOCUMENT
