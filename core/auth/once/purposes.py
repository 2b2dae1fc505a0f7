"""What may be handed out once, by its purpose, and for how long it is good."""

from __future__ import annotations

from datetime import timedelta

SECOND_STEP, SECOND_STEP_LASTS = "auth.second_step", timedelta(minutes=5)
"""Half a sign-in."""
PASSKEY_SIGN_IN = "auth.passkey_sign_in"
"""What a device signs to sign somebody in."""
PASSKEY_PROOF = "auth.passkey_proof"
"""What a device signs to prove anew who somebody is."""
PASSKEY_LASTS = timedelta(minutes=5)
RESET, RESET_LASTS = "auth.password_reset", timedelta(hours=1)
"""A link by which somebody sets a new password."""
EMAIL, EMAIL_LASTS = "auth.email", timedelta(hours=24)
"""A link that shows that an address is theirs."""
EMAIL_UNDO, EMAIL_UNDO_LASTS = "auth.email_undo", timedelta(days=3)
"""A link that takes a change of address back."""
REGISTRATION, REGISTRATION_LASTS = "auth.registration", timedelta(hours=24)
"""A link that makes an account and its agency."""
SETUP, SETUP_LASTS = "auth.setup", timedelta(days=1)
"""The operator's token that makes the first agency."""
SOCKET_TICKET, SOCKET_TICKET_LASTS = "auth.socket_ticket", timedelta(seconds=60)
"""A ticket for one socket connection."""
