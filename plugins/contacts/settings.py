"""What an administrator can set about contacts, as `[plugin.contacts]` or `CONTACTS__KEY`."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Word = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,39}$")]


class ContactSettings(BaseModel):
    """Settings of the contacts plugin."""

    model_config = ConfigDict(extra="forbid")

    consent_channels: tuple[Word, ...] = Field(
        ("email", "phone", "sms", "whatsapp", "post"), min_length=1, description="Ways to contact people."
    )
    consent_purposes: tuple[Word, ...] = Field(
        ("trip", "marketing", "newsletter", "profiling"), min_length=1, description="What people are contacted for."
    )
    contract_purposes: tuple[Word, ...] = Field(
        ("trip",),
        description="Purposes that need no consent, because they are part of the contract; people may object to them.",
    )
    member_roles: tuple[Word, ...] = Field(
        (
            "member",
            "spouse",
            "partner",
            "child",
            "parent",
            "relative",
            "traveller",
            "assistant",
            "travel_manager",
            "accounts_payable",
        ),
        min_length=1,
        description="What people are in households and companies; `member` where nobody says.",
    )
