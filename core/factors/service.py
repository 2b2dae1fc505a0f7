"""What people see of their second factors, and whom an agency asks for one."""

from __future__ import annotations

from uuid import UUID

from core.actor import current_actor, current_user_id
from core.agencies.repository import current_agency
from core.auth.sessions.requirements import require_own_factor
from core.db.session import apart
from core.errors import NotFound
from core.events.log import publish
from core.factors.events import SecondFactorRuleChanged
from core.factors.models import Passkey
from core.factors.repository import HELD, PASSKEY
from core.factors.schemas import FactorRule, FactorRulePatch, FactorsView, PasskeyPatch, PasskeyView
from core.revocations.api import revoke


def mine() -> FactorsView:
    """The factors of the signed-in person, and how they proved who they are."""
    held = HELD.first(user_id=current_user_id())
    # One row, whatever the person has.
    assert held is not None
    return FactorsView(held.totp, held.passkeys, held.recovery_codes, held.required, sorted(current_actor().methods))


def rename_passkey(passkey_id: UUID, patch: PasskeyPatch) -> PasskeyView:
    """Give a passkey of the signed-in person another name. Raises NotFound."""
    user_id = current_user_id()
    with apart() as session:
        key = session.get(Passkey, passkey_id)
        if key is None or key.user_id != user_id:
            raise NotFound
        key.name = patch.name or key.name
    shown = PASSKEY.first(user_id=user_id, passkey_id=passkey_id)
    # Removed meanwhile.
    if shown is None:
        raise NotFound
    return shown


def rule() -> FactorRule:
    """Whether everybody in the acting agency needs a second factor."""
    return FactorRule(current_agency().second_factor_required)


def change_rule(patch: FactorRulePatch) -> FactorRule:
    """Ask everybody in the agency for a second factor, or no longer. Raises OwnFactorFirst.

    Sessions that were opened without one are refused within two seconds, for as long as the rule holds.
    """
    agency = current_agency()
    if patch.required and not agency.second_factor_required:
        require_own_factor()
    agency.second_factor_required = patch.required
    publish(SecondFactorRuleChanged(agency_id=agency.id, required=patch.required))
    revoke("agency", agency.id)
    return FactorRule(patch.required)
