"""Imports, what became of their rows, and how files with the same headings were mapped."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from core.sdk.migrations import drop_owned_table, owned_foreign_key, owned_table

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_COUNTS = ("line", "good", "duplicates", "faulty", "created", "reverted", "kept")
_INSTANTS = ("checked_at", "run_at", "reverted_at")


def upgrade() -> None:
    """Nobody has brought anything in yet."""
    owned_table(
        "core_import",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text()),
        sa.Column("owner_id", sa.Uuid()),
        sa.Column("file_id", sa.Uuid()),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("headings", JSONB(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("mapping", JSONB(), nullable=False),
        sa.Column("options", JSONB(), nullable=False),
        sa.Column("job_id", sa.Uuid()),
        sa.Column("total", sa.BigInteger()),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTS),
        *(sa.Column(name, sa.DateTime(timezone=True)) for name in _INSTANTS),
        owned_foreign_key("owner_id", "core_membership", "user_id", ondelete="SET NULL (owner_id)"),
        owned_foreign_key("file_id", "core_file", ondelete="SET NULL (file_id)"),
    )
    op.create_index("core_import_created_at_idx", "core_import", ["agency_id", "created_at", "id"])
    for name in ("entity", "state", "owner_id"):
        op.create_index(f"core_import_{name}_idx", "core_import", ["agency_id", name, "created_at", "id"])
    owned_table(
        "core_import_row",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Uuid()),
        sa.Column("person_id", sa.Uuid()),
        sa.Column("with_person", sa.Boolean(), nullable=False),
        sa.Column("faults", JSONB(), nullable=False),
        sa.Column("duplicate_of", sa.Uuid()),
        sa.Column("duplicate_line", sa.BigInteger()),
        sa.Column("score", sa.BigInteger()),
        sa.Column("reasons", JSONB(), nullable=False),
        sa.Column("kept_because", sa.Text()),
        sa.UniqueConstraint("agency_id", "import_id", "line"),
        owned_foreign_key("import_id", "core_import", ondelete="CASCADE"),
    )
    op.create_index("core_import_row_line_idx", "core_import_row", ["agency_id", "import_id", "line", "id"])
    op.create_index("core_import_row_state_idx", "core_import_row", ["agency_id", "import_id", "state", "line", "id"])
    op.create_index("core_import_row_entity_id_idx", "core_import_row", ["agency_id", "entity_id"])
    op.create_index("core_import_row_person_id_idx", "core_import_row", ["agency_id", "person_id"])
    owned_table(
        "core_import_mapping",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("mapping", JSONB(), nullable=False),
        sa.UniqueConstraint("agency_id", "entity", "fingerprint"),
    )


def downgrade() -> None:
    """Forget them; what they made stays."""
    drop_owned_table("core_import_mapping")
    drop_owned_table("core_import_row")
    drop_owned_table("core_import")
