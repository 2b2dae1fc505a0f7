"""Settings that are missing, or unsafe in the mode they are for: one sentence each that says what to do."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from core import secrecy
from core.spelling import peppers

if TYPE_CHECKING:
    from core.config import Settings

# Apps on phones have schemes of their own, as capacitor://localhost.
_EXACT_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[A-Za-z0-9.\[\]:_-]+")


def problems(settings: Settings) -> list[str]:
    """Everything wrong with the settings; empty when all is well."""
    return _general(settings) + (_in_production(settings) if settings.production else [])


def _general(settings: Settings) -> list[str]:
    found = []
    secret = settings.jwt_secret.get_secret_value() if settings.jwt_secret else None
    if secret is not None and len(secret) < 32:
        found.append("JWT_SECRET is too short: use at least 32 random characters")
    for key in ("database_url", "database_owner_url", "database_system_url", "database_direct_url"):
        url = getattr(settings, key)
        if url and not url.get_secret_value().startswith(("postgresql://", "postgres://")):
            found.append(f"{key.upper()} must start with postgresql://; PostgreSQL 15 or newer is the only database")
    if settings.database_url is not None and settings.database_system_url is None:
        found.append("DATABASE_SYSTEM_URL is missing: nobody could sign in; `tripfile db roles` makes the three roles")
    if settings.outbound_proxy and not settings.outbound_proxy.get_secret_value().startswith("http://"):
        found.append("OUTBOUND_PROXY must start with http://, as in http://proxy.example.com:3128")
    if settings.outbound_ca_file and not Path(settings.outbound_ca_file).is_file():
        found.append("OUTBOUND_CA_FILE is not a file: name one with certificates in PEM form")
    if settings.smtp_host and "@" not in settings.mail_from:
        found.append("MAIL_FROM is missing: set it to the sender of mails, as Sunrise Travel <office@sunrise.example>")
    if settings.smtp_ca_file and not Path(settings.smtp_ca_file).is_file():
        found.append("SMTP_CA_FILE is not a file: name one with certificates in PEM form")
    if settings.files_origin and not _is_origin(settings.files_origin):
        found.append("FILES_ORIGIN must be an origin, as https://files.example.com: with no path")
    return found + _lifetimes(settings) + _passkeys(settings) + _passwords(settings)


def _lifetimes(settings: Settings) -> list[str]:
    found = []
    if settings.jwt_expiration > timedelta(days=1):
        found.append("JWT_EXPIRATION is longer than 24h: keep access tokens short, clients refresh them")
    if not timedelta(seconds=30) <= settings.jwt_expiration <= settings.jwt_refresh_expiration:
        found.append("JWT_EXPIRATION must be at least 30s and no longer than JWT_REFRESH_EXPIRATION")
    if settings.jwt_refresh_expiration > settings.session_lifetime:
        found.append("SESSION_LIFETIME must not be shorter than JWT_REFRESH_EXPIRATION")
    return found


def _passwords(settings: Settings) -> list[str]:
    found = []
    try:
        peppers(settings.password_pepper.get_secret_value() if settings.password_pepper else "")
    except ValueError as error:
        found.append(f"PASSWORD_PEPPER: {error}")
    if settings.password_breach_url and not settings.password_breach_url.startswith(("https://", "http://127.0.0.1:")):
        found.append("PASSWORD_BREACH_URL must start with https://, as in https://api.pwnedpasswords.com/range")
    return found


def _passkeys(settings: Settings) -> list[str]:
    found = []
    domain = settings.passkey_rp_id or urlsplit(settings.base_url).hostname or "localhost"
    for origin in settings.passkey_origins:
        if not _is_origin(origin):
            found.append(f"PASSKEY_ORIGINS: {origin} is not an origin as https://app.example.com")
        elif not f".{urlsplit(origin).hostname}".endswith(f".{domain}"):
            found.append(
                f"PASSKEY_ORIGINS: {origin} does not belong to {domain}; set PASSKEY_RP_ID to the domain of both"
            )
    if settings.passkey_rp_id and not settings.passkey_origins and not settings.base_url:
        found.append(
            "PASSKEY_ORIGINS is missing: with PASSKEY_RP_ID, list the origins of the pages that ask for passkeys"
        )
    return found


def _is_origin(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in {"https", "http"} and bool(parts.hostname) and f"{parts.scheme}://{parts.netloc}" == text


def _doors(settings: Settings) -> list[str]:
    """What would let every page, or everybody, look inside."""
    # Late: it describes what is judged here.
    from core.config import plugin_environment

    found = [
        f"CORS_ORIGIN: {origin} is no exact origin, as https://app.example.com is"
        for origin in settings.cors_origin
        if origin != "*" and not _EXACT_ORIGIN.fullmatch(origin)
    ]
    if "*" in settings.cors_origin:
        found.append("CORS_ORIGIN=* is refused in production: list the exact origins")
    if plugin_environment().get("FLASK_DEBUG", "0").lower() not in {"", "0", "false", "no"}:
        found.append("FLASK_DEBUG is refused in production: it shows the inside of every failure to whoever caused it")
    return found


def _in_production(settings: Settings) -> list[str]:
    found = _doors(settings)
    if settings.demo:
        found.append("DEMO is for a machine of your own: take it out; `tripfile demo seed` makes the demo world here")
    if settings.jwt_secret is None:
        found.append("JWT_SECRET is missing: set it to at least 32 random characters")
    if settings.database_url is None:
        found.append("DATABASE_URL is missing: set it to the PostgreSQL address of the application's role")
        if settings.database_system_url is None:
            found.append("DATABASE_SYSTEM_URL is missing: set it to the PostgreSQL address of the system's role")
    if not settings.trusted_hosts:
        found.append("TRUSTED_HOSTS is missing: list the host names this installation answers to")
    if settings.files_origin and not settings.files_origin.startswith("https://"):
        found.append("FILES_ORIGIN is not https: signed links would travel in the open")
    if not settings.base_url.startswith("https://"):
        found.append("BASE_URL is missing or not https: links in mails and documents are built from it")
    if settings.front_end_url and not settings.front_end_url.startswith("https://"):
        found.append("FRONT_END_URL is not https: links in mails carry secrets there")
    return found + secrecy.problems(settings)
