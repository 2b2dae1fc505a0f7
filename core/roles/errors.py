"""What can go wrong with roles."""

from __future__ import annotations

from core.errors import Conflict


class BuiltInRole(Conflict):
    """Built-in roles follow the plugins' declarations and cannot be changed; copy one instead."""

    code = "built_in_role"
    title = "A built-in role cannot be changed"


class RoleInUse(Conflict):
    """Members still hold the role."""

    code = "role_in_use"
    title = "Members still hold this role"


class CodeTaken(Conflict):
    """Another role of the agency has this code."""

    code = "code_taken"
    title = "There is a role with this code already"
