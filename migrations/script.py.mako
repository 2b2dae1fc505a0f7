<%
    def body(text):
        lines = [line for line in (text or "pass").splitlines() if not line.strip().startswith("# ###")]
        return "\n".join(lines).strip()
%>\
"""${message}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${"\n" + imports + "\n" if imports else ""}
revision = "${up_revision}"
down_revision = ${'"%s"' % down_revision if down_revision else None}


def upgrade() -> None:
    ${body(upgrades)}


def downgrade() -> None:
    ${body(downgrades)}
