"""What people see of their second factors, and whom an agency asks for one."""

from __future__ import annotations

from uuid import UUID

from core.actor import current_actor, current_user_id
from core.agencies.repository import current_agency
from core.auth.requirements import require_own_factor
from core.auth.revocations import revoke
from core.db.session import apart
from core.errors import NotFound
from core.events.log import publish
from core.factors.events import SecondFactorRuleChanged
from core.factors.models import Passkey
from core.factors.repository import CODES_LEFT, PASSKEYS, PLACES, TOTP
from core.factors.schemas import FactorRule, FactorRulePatch, FactorsView, PasskeyPatch, PasskeyView


def mine() -> FactorsView:
    """The factors of the signed-in person, and how they proved who they are."""
    user_id = current_user_id()
    return FactorsView(
        totp=TOTP.first(user_id=user_id),
        passkeys=PASSKEYS.rows(user_id=user_id),
        recovery_codes=CODES_LEFT.first(user_id=user_id) or 0,
        required=any(place.required for place in PLACES.rows(user_id=user_id)),
        methods=sorted(current_actor().methods),
    )


def rename_passkey(passkey_id: UUID, patch: PasskeyPatch) -> PasskeyView:
    """Give a passkey of the signed-in person another name. Raises NotFound."""
    user_id = current_user_id()
    with apart() as session:
        key = session.get(Passkey, passkey_id)
        if key is None or key.user_id != user_id:
            raise NotFound
        key.name = patch.name or key.name
    return next(each for each in PASSKEYS.rows(user_id=user_id) if each.id == passkey_id)


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
