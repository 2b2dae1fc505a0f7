"""Whether a file carries something: asked of every plugin that looks, and of ClamAV where there is one."""

from __future__ import annotations

import socket
import struct
from typing import Any, BinaryIO

import structlog
from flask import current_app

from core.config import Settings
from core.errors import Problem, Unavailable
from core.uploads.errors import refused

log = structlog.get_logger()
_PIECE = 64 * 1024
_TIMEOUT = 20.0
_LONGEST_ANSWER = 4096


def scan(file: BinaryIO, *, name: str, media_type: str) -> None:
    """Raise FileRefused where anybody finds something. A scanner that cannot answer lets nothing pass: Unavailable."""
    settings: Settings = current_app.extensions["tripfile.settings"]
    if settings.clamd_host:
        _judge("ClamAV", _asked_of_clamd(file, settings.clamd_host, settings.clamd_port))
    for reason in _asked_of_plugins(file, name, media_type):
        _judge("a plugin", reason)
    file.seek(0)


def _judge(scanner: str, found: str | None) -> None:
    if found:
        log.warning("uploads.infected", scanner=scanner, found=found)
        raise refused("file_infected", "This file carries something harmful")


def _asked_of_plugins(file: BinaryIO, name: str, media_type: str) -> list[str | None]:
    hook: Any = current_app.extensions["tripfile.plugins"].hook
    file.seek(0)
    try:
        found: list[str | None] = hook.scan_upload(file=file, name=name, media_type=media_type)
    except Problem:
        raise
    except Exception as error:
        log.exception("uploads.scanner_failed")
        raise Unavailable("Files cannot be scanned at the moment", headers={"Retry-After": "30"}) from error
    return found


def _asked_of_clamd(file: BinaryIO, host: str, port: int) -> str | None:
    """What clamd calls it; None where it is clean. Speaks INSTREAM (clamd(8))."""
    file.seek(0)
    try:
        with socket.create_connection((host, port), timeout=_TIMEOUT) as connection:
            connection.sendall(b"zINSTREAM\0")
            while piece := file.read(_PIECE):
                connection.sendall(struct.pack("!L", len(piece)) + piece)
            connection.sendall(struct.pack("!L", 0))
            answer = _answer(connection)
    except OSError as error:
        log.warning("uploads.scanner_failed", cause=type(error).__name__)
        raise Unavailable("Files cannot be scanned at the moment", headers={"Retry-After": "30"}) from error
    if answer == "stream: OK":
        return None
    if answer.endswith(" FOUND"):
        return answer.removeprefix("stream: ").removesuffix(" FOUND")
    log.warning("uploads.scanner_failed", answer=answer)
    raise Unavailable("Files cannot be scanned at the moment", headers={"Retry-After": "30"})


def _answer(connection: socket.socket) -> str:
    received = b""
    while not received.endswith((b"\0", b"\n")) and len(received) < _LONGEST_ANSWER:
        piece = connection.recv(_LONGEST_ANSWER)
        if not piece:
            break
        received += piece
    return received.rstrip(b"\0\n").decode("utf-8", "replace")
