"""A real server to travel on, and the client that a stranger would generate for it."""

from __future__ import annotations

import importlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from core.http.application import Application

PACKAGE = "tripfile_client"


@pytest.fixture(scope="module")
def address(app: Application) -> Iterator[str]:
    """Where the application listens."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class GeneratedClient:
    """The generated package: its operations by their ids, its models by name."""

    def __init__(self, package: Any) -> None:
        self.package = package

    def operation(self, operation_id: str) -> Any:
        """The module of an operation, `leads.create`, with `sync` and `sync_detailed`."""
        # It lies in a folder called as the operation's group is, which is a title.
        name = operation_id.replace(".", "_")
        [found] = Path(self.package.__file__).with_name("api").glob(f"*/{name}.py")
        return importlib.import_module(f"{PACKAGE}.api.{found.parent.name}.{name}")

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(f"{PACKAGE}.models"), name)


@pytest.fixture(scope="module")
def generated(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GeneratedClient]:
    """A typed client made from the served document alone."""
    folder = tmp_path_factory.mktemp("generated")
    # Formatting what is made is of no use here, and its tools need not be on the path.
    (folder / "config.yaml").write_text("post_hooks: []\n")
    command = [str(Path(sys.executable).with_name("openapi-python-client")), "generate", "--fail-on-warning"]
    options = ["--url", f"{address}/openapi.json", "--meta", "none", "--config", str(folder / "config.yaml")]
    done = subprocess.run(
        [*command, *options, "--output-path", str(folder / PACKAGE)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    try:
        yield GeneratedClient(importlib.import_module(PACKAGE))
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
            del sys.modules[name]
