"""The nginx of this machine as the proxy in front, with the configuration that is shipped."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from core.testing.servers import ROOT, HttpProcess


class Nginx(HttpProcess):
    """nginx with a configuration that we ship: only addresses and folders are others."""

    def __init__(self, folder: Path, *, api: Sequence[HttpProcess], gateway: Sequence[HttpProcess]) -> None:
        super().__init__({"PATH": os.defpath}, folder / "nginx.log")
        self._file = folder / "nginx.conf"
        text = (ROOT / "deploy" / "nginx.conf").read_text()
        text = _upstream(_upstream(text, "api", api), "gateway", gateway)
        text = _replaced(text, "listen 80;", f"listen 127.0.0.1:{self.port};")
        folders = [
            f"{kind}_temp_path {folder / kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        ]
        text = _replaced(text, "http {", "\n".join(["http {", *folders]))
        self._file.write_text(f"pid {folder / 'nginx.pid'};\ndaemon off;\nerror_log {self._log};\n{text}")

    @staticmethod
    def installed() -> bool:
        """Whether there is one on this machine."""
        return _nginx() is not None

    def command(self) -> list[str]:
        """How it is started."""
        return [_nginx() or "nginx", "-c", str(self._file)]


def _nginx() -> str | None:
    return shutil.which("nginx", path=f"{os.defpath}:/usr/sbin:/usr/local/sbin")


def _upstream(text: str, name: str, servers: Sequence[HttpProcess]) -> str:
    """The configuration with the servers of an upstream in the place of the one it names, with the same options."""
    found = re.search(rf"server {name}:3000( [^;]*)?;", text)
    assert found, f"deploy/nginx.conf does not name {name}:3000"
    lines = (f"server 127.0.0.1:{server.port}{found[1] or ''};" for server in servers)
    return _replaced(text, found[0], "\n".join(lines))


def _replaced(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, f"deploy/nginx.conf does not hold {old!r} once"
    return text.replace(old, new)
