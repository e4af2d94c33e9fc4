"""The demo waits for a mesh that others start, also where they have not made it yet."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from mesh.demo.run import running_elsewhere
from mesh.home import Home
from mesh.refusal import CommandRefused


class Ready(BaseHTTPRequestHandler):
    """A service that is ready."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Ready) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_demo_waits_for_credentials_that_are_not_written_yet(service: str, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.root.mkdir()
    written = threading.Timer(0.2, home.keep_credentials, [{"gateway": service, "agencies": {}}])
    written.start()
    with running_elsewhere(home, within=30):
        assert home.credentials() is not None
    written.join()


def test_demo_says_that_there_is_no_mesh_when_none_comes(tmp_path: Path) -> None:
    with pytest.raises(CommandRefused, match="holds no mesh yet"), running_elsewhere(Home(tmp_path), within=0.1):
        pass
