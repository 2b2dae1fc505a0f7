"""Why a file is not taken."""

from __future__ import annotations

from core.errors import Fault, Invalid


class FileRefused(Invalid):
    """The file is not of a kind this route takes, is damaged, or could do harm; `errors` says which."""

    code = "file_refused"
    title = "This file cannot be taken"


def refused(code: str, message: str, *, pointer: str = "") -> FileRefused:
    """A refusal with one reason."""
    return FileRefused(message, errors=[Fault(pointer, code, message)])
