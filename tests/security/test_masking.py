"""Secrets are masked by their name and by their shape, in the log and in what shows the settings."""

from __future__ import annotations

import io
import json
import logging
import secrets
import sys
import time
from typing import Any

import pytest
import structlog
from click.testing import CliRunner

from core import inspection, telemetry
from core.config import Settings

PASSWORD = "seven herons over still water"
OF_THE_INSTALLATION = {
    "jwt_secret": secrets.token_hex(32),
    "smtp_password": secrets.token_urlsafe(18),
    "password_pepper": "1:" + secrets.token_hex(32),
    "redis_password": secrets.token_urlsafe(18),
}
DATABASE_PASSWORD = "only-for-tests"


class TestConfigShow:
    @pytest.fixture
    def shown(self, monkeypatch: pytest.MonkeyPatch) -> str:
        for name, secret in OF_THE_INSTALLATION.items():
            monkeypatch.setenv(name.upper(), secret)
        monkeypatch.setenv("DATABASE_URL", f"postgresql://app:{DATABASE_PASSWORD}@db.internal/trips")
        monkeypatch.setenv("OUTBOUND_PROXY", f"http://ana:{DATABASE_PASSWORD}@proxy.internal:3128")
        monkeypatch.setenv("BASE_URL", f"https://ana:{DATABASE_PASSWORD}@trips.example.com")
        result = CliRunner().invoke(inspection.config, ["show"])
        assert result.exit_code == 0, result.output
        return result.output

    def test_it_names_every_setting(self, shown: str) -> None:
        lines = shown.splitlines()
        assert "PORT=3000" in lines
        assert "JWT_EXPIRATION=600s" in lines
        assert "JWT_SECRET=[masked]" in lines
        assert "LEADS__REFERENCE_SERIES=L" in lines

    def test_it_shows_no_secret(self, shown: str) -> None:
        assert [secret for secret in (*OF_THE_INSTALLATION.values(), DATABASE_PASSWORD) if secret in shown] == []
        assert "BASE_URL=https://ana:[masked]@trips.example.com" in shown


class TestTheLog:
    @pytest.mark.parametrize(
        ("event", "fields"),
        [
            ("x", {"password": "CANARY-0123456789"}),
            ("x", {"deep": {"list": [{"client_secret": "CANARY-0123456789"}]}}),
            ("x", {"totp_seed": "CANARY-0123456789", "code_verifier": "CANARY-0123456789"}),
            ("x", {"text": "whsec_CANARY-0123456789abcdef"}),
            ("x", {"text": "tfr_CANARY-0123456789abcdef"}),
            ("x", {"text": "client_secret=CANARY-0123456789&x=1"}),
            ("x", {"text": "https://a.example/reset#reset_token=CANARY-0123456789"}),
            ("x", {"text": "otpauth://totp/x?secret=CANARY-0123456789&issuer=x"}),
            ("x", {"text": "Authorization: Bearer CANARY-0123456789"}),
            ("x", {"text": "postgresql://app:CANARY-0123456789@db/x"}),
            ("x", {"text": '{"refresh_token": "CANARY-0123456789"}'}),
            ("password=CANARY-0123456789", {}),
        ],
        ids=str,
    )
    def test_masks_by_name_and_by_shape(self, event: str, fields: dict[str, Any]) -> None:
        assert "CANARY" not in str(telemetry.mask(None, "info", {"event": event, **fields}))

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("550 5.1.1 <ana.sousa+trips@mail.example.com>: no", "550 5.1.1 <[masked]@mail.example.com>: no"),
            ("ána@exämple.com and BEN@EXAMPLE.ORG", "[masked]@exämple.com and [masked]@EXAMPLE.ORG"),
            ("call +351912345678, or +44 (20) 7946-0958.", "call [masked], or [masked]."),
            ("DETAIL:  Key (agency_id, name)=(1, Ana\nSousa) already exists.\nHINT:  x", "DETAIL: [masked]\nHINT:  x"),
            ("e\nDETAIL:  Failing row contains (Ana).\n[SQL: x]", "e\nDETAIL: [masked]\n[SQL: x]"),
        ],
    )
    def test_masks_people_by_shape(self, text: str, told: str) -> None:
        shown = telemetry.mask(None, "info", {"event": "x", "exception": text, "nested": [{"text": text}]})
        assert shown["exception"] == told
        assert shown["nested"][0]["text"] == told.replace("\n", "\\n")

    @pytest.mark.parametrize(
        "text",
        [
            "2026-11-23T08:00:00+00:00", "postgresql://app:[masked]@db.internal:5432/x", "1 + 12345678", "a@b",
            "sha256@0123", "01a20783-cb18-72bd-beb7-18470e75a4f7", "3.11.2+20240101git", "GET /x?at=1+2",
            "@ example.com",
        ],
    )  # fmt: skip
    def test_leaves_what_is_nobody(self, text: str) -> None:
        assert telemetry.mask(None, "info", {"event": "x", "text": text})["text"] == text

    def test_masks_codes_that_are_numbers_and_no_counts(self) -> None:
        shown = telemetry.mask(None, "info", {"event": "x", "otp": 123456, "tokens": 3})
        assert (shown["otp"], shown["tokens"]) == (telemetry.MASK, 3)

    def test_cuts_what_nobody_could_read(self) -> None:
        shown = telemetry.mask(None, "info", {"event": "x", "exception": "x" * 1_000_000})["exception"]
        assert len(shown) < 20_000
        assert "984000 more characters" in shown

    def test_takes_no_time_however_a_text_is_made(self) -> None:
        begun = time.perf_counter()
        for evil in (
            "a" * 100_000 + "@",
            "a@" * 50_000,
            "+1" * 50_000,
            "+1 2" * 30_000,
            "DETAIL: \n" * 15_000,
            "a.b-@" * 20_000,
        ):
            telemetry.mask(None, "info", {"event": "x", "text": evil})
        assert time.perf_counter() - begun < 5

    def test_is_one_line_of_json_in_utc_whatever_somebody_sends(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        buffer = io.StringIO()
        monkeypatch.setattr(sys, "stderr", buffer)
        telemetry.configure(settings.model_copy(update={"log_format": "json", "log_level": "INFO"}))
        evil = 'a\r\n{"event": "forged"}\x1b[31m\u2028\x85\x00'
        structlog.get_logger().info("told", text=evil, nested={"text": [evil]})
        logging.getLogger("somebody.else").warning("said %s", evil)
        lines = buffer.getvalue().splitlines()
        assert len(lines) == 2
        for line in lines:
            assert json.loads(line)["timestamp"].endswith("Z")
            assert "\x1b" not in line
        telemetry.configure(settings)
