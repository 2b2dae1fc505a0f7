"""Why a list is not given as a file."""

from __future__ import annotations

from core.errors import Problem


class TooLarge(Problem):
    """More rows than one file is made of."""

    status = 422
    code = "export_too_large"
    title = "These are more rows than one file holds: narrow them down"
