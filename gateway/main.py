"""Start the gateway: `python -m shared.web.server --factory gateway.main:create_app`."""

from gateway.bootstrap import build_app
from gateway.settings import GatewaySettings
from shared.kernel.garbage import settle
from shared.pages.starting import or_say_why
from shared.web.factory import MeshApp
from shared.web.waiting import Waiting, patiently


@or_say_why
def create_app() -> MeshApp | Waiting:
    """Return the gateway's application, with settings from the environment; it waits for its database."""
    settings = GatewaySettings()
    return patiently(lambda: build_app(settings), then=settle)
