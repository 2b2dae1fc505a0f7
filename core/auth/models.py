"""The tables of sign-in, from wherever they are described."""

from __future__ import annotations

from core.auth.guessing.models import ThrottleCount
from core.auth.letters.models import Letter
from core.auth.once.models import OneTimeToken
from core.auth.passwords.models import Credential
from core.auth.sessions.models import AuthSession, Device

TABLES = (AuthSession, Credential, Device, Letter, OneTimeToken, ThrottleCount)
