"""Licences of what is shipped: permissive ones, MPL, LGPL and PSF, in every part of an expression."""

from __future__ import annotations

import pytest

from tests.security.test_supply_chain import loaded


class TestLicences:
    @pytest.mark.parametrize(
        "licence",
        ["MIT", "Apache-2.0 OR GPL-3.0-only", "MIT AND (GPL-2.0-only OR BSD-3-Clause)", "MIT AND PSF-2.0",
         "BSD License / Apache Software License", "LGPL-3.0-only"],
    )  # fmt: skip
    def test_that_leave_others_free_pass(self, licence: str) -> None:
        assert loaded("licences").allowed(licence)

    @pytest.mark.parametrize(
        "licence",
        ["", "SSPL-1.0 MIT-like", "Apache-2.0 AND Commons-Clause", "MIT AND GPL-3.0-only", "AGPL-3.0-or-later",
         "MIT OR", "(MIT", "MIT)", "MIT Apache-2.0", "AND", "GNU General Public License v3 (GPLv3) / MIT License",
         "GPL-3.0-only AND (MIT OR ISC)", "Apache-2.0 WITH Commons-Clause", "Not MIT"],
    )  # fmt: skip
    def test_others_do_not(self, licence: str) -> None:
        assert not loaded("licences").allowed(licence)

    def test_of_packages_that_are_not_installed_are_looked_at_by_hand(self) -> None:
        script = loaded("licences")
        assert script.problem("psycopg-c") is None
        assert script.problem("no-such-package") == "no-such-package: no licence stated"

    def test_of_everything_locked_pass(self) -> None:
        assert loaded("licences").main() == 0
