"""What plugins use of an agency's own fields."""

from __future__ import annotations

from core.custom_fields.entity import CustomFields
from core.custom_fields.json_schema import of as schema_of
from core.custom_fields.merging import Taken
from core.custom_fields.personal import forget, said_of
from core.custom_fields.schemas import CustomChanges, CustomValues

__all__ = ["CustomChanges", "CustomFields", "CustomValues", "Taken", "forget", "said_of", "schema_of"]
