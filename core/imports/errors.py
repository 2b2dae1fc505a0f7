"""What can go wrong with imports."""

from __future__ import annotations

from core.errors import Conflict, Fault, Problem


class ImportUnderway(Conflict):
    """The import is being checked, run or reverted."""

    code = "import_underway"
    title = "The import is being worked on; wait until that is done"


class NotChecked(Conflict):
    """An import is checked before it is run, and again where anything was changed since."""

    code = "import_not_checked"
    title = "Check the import first"


class NothingToRevert(Conflict):
    """The import has not made anything that could be taken back, or that was too long ago."""

    code = "import_not_revertable"
    title = "There is nothing of this import to take back"


class AlreadyRun(Conflict):
    """The rows of the file are in already: a file is run once."""

    code = "import_already_run"
    title = "This import has been run already"


class FileGone(Conflict):
    """The file was deleted: after its time, or because somebody in it was erased."""

    code = "import_file_gone"
    title = "The file of this import is no longer there"


class Unreadable(Problem):
    """The file is no table we can read, or a larger one than we take."""

    status = 422
    code = "import_unreadable"
    title = "This file cannot be read as a table"

    def __init__(self, reason: str, detail: str, *, pointer: str = "") -> None:
        super().__init__(detail, errors=[Fault(pointer, reason, detail)] if pointer else ())
        self.reason = reason
        """What is wrong, for programs: `too_many_rows`, `encoding`..."""
