"""What can go wrong with an agency's own fields."""

from __future__ import annotations

from core.errors import Conflict


class KeyTaken(Conflict):
    """Another field of the same kind of thing has this key, maybe an archived one."""

    code = "custom_field_key_taken"
    title = "There is a field with this key already; an archived one can be restored"


class TooManyFields(Conflict):
    """There are as many fields as one kind of thing can have."""

    code = "too_many_custom_fields"
    title = "Archive a field first: there are as many as there can be"


class FieldHasValues(Conflict):
    """What a field holds cannot become something else while there are values."""

    code = "custom_field_has_values"
    title = "The type of a field stays while it has values; archive it and add another one"
